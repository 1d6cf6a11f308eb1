package web

import (
	"bytes"
	"embed"
	"fmt"
	"hash/fnv"
	"html/template"
	"net/http"
	"strings"
	"time"
)

// content is what one page has to show.
type content struct {
	template string // in templates/, without .html
	title    string
	status   int // of the answer; 0 is 200
	data     any
}

// frame is what a template is given: its own data, and what is around it.
type frame struct {
	Base    string // how relative links begin
	Here    string // name of the template, which is that of its link
	Title   string
	Files   string // changes when the stylesheet or the icon do
	Version string
	Now     moment
	Data    any
}

// request is what a page is made from.
type request struct {
	*http.Request
	base string
	now  time.Time
}

func notFound(r *request) content {
	return problem(http.StatusNotFound, fmt.Sprintf("There is no page %s.", r.URL.Path))
}

func methodNotAllowed(r *request) content {
	return problem(http.StatusMethodNotAllowed, fmt.Sprintf("Pages can only be read: %s does nothing here.", r.Method))
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
	common := template.Must(template.New("").Funcs(template.FuncMap{"count": count}).
		ParseFS(templateFiles, "templates/frame.html", "templates/parts.html"))
	pages := make(map[string]*template.Template)
	for _, name := range []string{"overview", "alerts", "rules", "targets", "graph", "problem"} {
		t := template.Must(common.Clone())
		pages[name] = template.Must(t.ParseFS(templateFiles, "templates/"+name+".html"))
	}
	return pages
}()

// filesVersion changes when what is in static does.
var filesVersion = func() string {
	sum := fnv.New64a()
	for _, name := range []string{"static/style.css", "static/icon.svg"} {
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
		secure(w.Header())
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if c.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", "GET, HEAD")
		}
		if c.status != 0 {
			w.WriteHeader(c.status)
		}
		_, _ = w.Write(body.Bytes()) // an error is that of a reader who went away
	})
}

func (web *Web) render(body *bytes.Buffer, r *request, c content) error {
	return templates[c.template].ExecuteTemplate(body, "frame", frame{
		Base:    r.base,
		Here:    c.template,
		Title:   c.title,
		Files:   filesVersion,
		Version: web.o.Version,
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
