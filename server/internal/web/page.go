package web

import (
	"bytes"
	"embed"
	"fmt"
	"hash/fnv"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"
)

// content is what one page has to show.
type content struct {
	template string // in templates/, without .html
	title    string
	status   int // of the answer; 0 is 200
	data     any
	script   bool   // the page has the script that follows links of Alertmanager's page
	location string // another page to go to instead
}

// frame is what a template is given: its own data, and what is around it.
type frame struct {
	Base    string // how relative links begin
	Here    string // name of the template, which is that of its link
	Title   string
	Files   string // changes when the stylesheet or the icon do
	Version string
	Script  bool
	Pages   []navItem
	Now     moment
	Data    any
}

// navItem is a page that every page links to.
type navItem struct {
	Path  string // below the prefix
	Text  string
	About string // what it shows, in a sentence
	Here  string // templates that are this page or below it
}

// navigation is what is there of the pages.
func (o *Options) navigation() []navItem {
	items := []navItem{{"", "Now", "what fires now", "overview"}}
	if o.Silences != nil {
		items = append(items, navItem{"silences", "Silences", "silences", "silences silence silence_form"})
	}
	if o.Rules != nil {
		items = append(items, navItem{"alerts", "Alerts", "alerts", "alerts"}, navItem{"rules", "Rules", "rules", "rules"})
	}
	if o.Targets != nil {
		items = append(items, navItem{"targets", "Targets", "targets", "targets"})
	}
	if o.Engine != nil {
		items = append(items, navItem{"graph", "Query", "query", "graph"})
	}
	return items
}

// Holds reports whether a page made by the template is this one or below it.
func (n navItem) Holds(template string) bool {
	return slices.Contains(strings.Fields(n.Here), template)
}

// request is what a page is made from.
type request struct {
	*http.Request
	base string
	now  time.Time
}

func notFound(r *request) content {
	return problem(http.StatusNotFound, fmt.Sprintf("There is no page %s.", clip(r.URL.Path)))
}

func crossOrigin(*request) content {
	return problem(http.StatusForbidden, "This request came from a page of another site, or through a proxy that hides where it came from; "+
		"such requests change nothing here. If the proxy is yours, start the server with the address that browsers know as its external URL.")
}

func methodNotAllowed(r *request) content {
	return problem(http.StatusMethodNotAllowed, fmt.Sprintf("%s does nothing here.", r.Method))
}

// seeOther sends the browser to another page, by a relative address.
func seeOther(path string) content {
	c := problem(http.StatusSeeOther, "It is done.")
	c.location = path
	return c
}

// problem is the page that says what went wrong.
func problem(status int, text string) content {
	title := http.StatusText(status)
	return content{
		template: "problem",
		title:    title,
		status:   status,
		data:     struct{ Title, Text string }{title, text},
	}
}

//go:embed templates
var templateFiles embed.FS

// templates are the pages by name, each with the frame and the common parts.
var templates = func() map[string]*template.Template {
	common := template.Must(template.New("").Funcs(template.FuncMap{"count": count, "clip": clip, "field": newField}).
		ParseFS(templateFiles, "templates/frame.html", "templates/parts.html"))
	pages := make(map[string]*template.Template)
	for _, name := range []string{"overview", "silences", "silence", "silence_form", "alerts", "rules", "targets", "graph", "problem"} {
		t := template.Must(common.Clone())
		pages[name] = template.Must(t.ParseFS(templateFiles, "templates/"+name+".html"))
	}
	return pages
}()

// field is an input of a form, and what is wrong with it.
type field struct{ ID, Text string }

func newField(id, wrong string) field { return field{ID: id, Text: wrong} }

// filesVersion changes when what is in static does.
var filesVersion = func() string {
	sum := fnv.New64a()
	for _, name := range []string{"static/style.css", "static/icon.svg", "static/fragment.js"} {
		b, err := static.ReadFile(name)
		if err != nil {
			panic(err) // it is embedded
		}
		sum.Write(b)
	}
	return fmt.Sprintf("%x", sum.Sum64())
}()

// page makes a handler. The page is complete before its first byte is sent, so
// that nobody sees the half of one.
func (web *Web) page(build func(*request) content) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req := &request{Request: r, base: web.base(r), now: web.o.Now()}
		c := build(req)
		var body bytes.Buffer
		if err := web.render(&body, req, c); err != nil {
			web.o.Logger.Error("Making a page failed", "path", r.URL.Path, "err", err)
			body.Reset()
			c = problem(http.StatusInternalServerError, "This page could not be made. The log tells the reason.")
			if err := web.render(&body, req, c); err != nil {
				http.Error(w, "This page could not be made.", http.StatusInternalServerError)
				return
			}
		}
		secure(w.Header(), c.script)
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if c.location != "" {
			w.Header().Set("Location", c.location)
		}
		if c.status != 0 {
			w.WriteHeader(c.status)
		}
		// What others sent need not be UTF-8. An error is that of a reader who went away.
		_, _ = w.Write(bytes.ToValidUTF8(body.Bytes(), []byte("\uFFFD")))
	})
}

func (web *Web) render(body *bytes.Buffer, r *request, c content) error {
	return templates[c.template].ExecuteTemplate(body, "frame", frame{
		Base:    r.base,
		Here:    c.template,
		Title:   c.title,
		Files:   filesVersion,
		Version: web.o.Version,
		Script:  c.script,
		Pages:   web.pages,
		Now:     at(r.now, r.now),
		Data:    c.data,
	})
}

// base leads from the page that was asked for back to the prefix: relative, so
// that it also holds where a proxy took a part of the path away.
func (web *Web) base(r *http.Request) string {
	path := strings.TrimPrefix(r.URL.EscapedPath(), web.prefix)
	return "./" + strings.Repeat("../", max(0, strings.Count(path, "/")-1))
}
