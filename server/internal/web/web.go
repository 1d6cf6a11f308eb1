// Package web is what people see of the server: the pages that notifications
// lead to and that a browser shows. What fires now and what keeps people from being
// told of it, silences and the forms that make, change and end them, every rule,
// every target, and the present result of an expression.
//
// Pages are rendered here, whole, with one stylesheet of our own: no resource of
// another origin, nothing to wait for on a phone at night. Links between them are
// relative, so that they hold behind any proxy and below any prefix. All of it works
// without script. The one script there is belongs to the first page: what links to
// Alertmanager's page have behind the # does not reach a server, and the script goes
// on to the page that they mean.
//
// Only silences are changed here, by forms that are posted from pages of our own.
//
// Narrower than the pages of Prometheus and Alertmanager: /graph shows the first
// expression of a link (g0) as a table at one moment and draws no curve, and there
// is no page of the configuration.
package web

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/scrape"

	"github.com/cresset-metrics/cresset/server/internal/dispatch"
	"github.com/cresset-metrics/cresset/server/internal/rule"
)

// DefaultQueryTimeout is how long the query of /graph may take.
const DefaultQueryTimeout = 30 * time.Second

// maxRows is how many rows of one kind a page shows; it says how many it left
// out.
const maxRows = 1000

// Engine evaluates queries.
type Engine interface {
	Instant(ctx context.Context, expr string, at time.Time, opts promql.QueryOpts) (promql.Query, error)
}

// Pipeline knows what becomes of alerts.
type Pipeline interface {
	Groups(at time.Time, keep func(receiver string) bool) []*dispatch.Group
	InhibitedBy(ls model.LabelSet, at time.Time) (model.Fingerprint, bool)
}

// Targets tells what is scraped.
type Targets interface {
	TargetsActive() map[string][]*scrape.Target
	TargetsDroppedCounts() map[string]int
}

// Options are what the pages read from. Everything may be read by several
// requests at the same time. What is nil of Engine, Rules, Targets and Silences has
// no pages, and no page links to them; Pipeline is required.
type Options struct {
	Engine   Engine
	Pipeline Pipeline
	Silences Silences
	Rules    func() []rule.GroupStatus // sorted by file and name
	Targets  Targets

	// ExternalURL is how links to this server in alerts begin. Such links are
	// shown as relative ones. It is also where browsers say they post forms from if a
	// proxy changes the host of requests. Nil if there are none.
	ExternalURL *url.URL
	Version     string // of the program; may be empty

	QueryTimeout time.Duration    // of /graph; 0 is DefaultQueryTimeout
	Now          func() time.Time // nil is the clock
	Logger       *slog.Logger     // takes pages that could not be made; nil discards
}

// Web is the set of pages.
type Web struct {
	o      Options
	prefix string
	pages  []navItem
}

// New makes the pages.
func New(o Options) *Web {
	if o.QueryTimeout <= 0 {
		o.QueryTimeout = DefaultQueryTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Web{o: o, pages: o.navigation()}
}

//go:embed static
var static embed.FS

// Register serves the pages on mux below prefix, which is empty, or begins with
// a slash and does not end with one. Whatever else is below the prefix and has
// no pattern of its own is answered with 404 and a page of links.
//
// It is called once.
func (web *Web) Register(mux *http.ServeMux, prefix string) {
	web.prefix = prefix
	protection := web.protection()
	for path, page := range web.routes() {
		mux.Handle(prefix+"/"+path, web.byMethod(page, protection))
	}
	mux.Handle("GET "+prefix+"/static/", web.files())
	mux.Handle(prefix+"/", web.page(notFound))
}

// methods is what a path answers: to GET and HEAD, and to POST if that is not nil.
type methods struct{ get, post func(*request) content }

// routes are the paths that there are.
func (web *Web) routes() map[string]methods {
	routes := map[string]methods{"{$}": {get: web.overview}}
	if web.o.Silences != nil {
		routes["silences"] = methods{get: web.silences}
		routes["silences/new"] = methods{get: web.newSilence, post: web.createSilence}
		routes["silences/{id}"] = methods{get: web.silence}
		routes["silences/{id}/edit"] = methods{get: web.editSilence, post: web.changeSilence}
		routes["silences/{id}/extend"] = methods{post: web.extend}
		routes["silences/{id}/expire"] = methods{post: web.expire}
	}
	if web.o.Rules != nil {
		routes["alerts"] = methods{get: web.alerts}
		routes["rules"] = methods{get: web.rules}
	}
	if web.o.Targets != nil {
		routes["targets"] = methods{get: web.targets}
	}
	if web.o.Engine != nil {
		routes["graph"] = methods{get: web.graph}
	}
	return routes
}

// protection turns away what pages of other sites send.
func (web *Web) protection() *http.CrossOriginProtection {
	p := http.NewCrossOriginProtection()
	if u := web.o.ExternalURL; u != nil {
		// An address without a host is none that a browser posts from.
		_ = p.AddTrustedOrigin(u.Scheme + "://" + u.Host)
	}
	p.SetDenyHandler(web.page(crossOrigin))
	return p
}

// byMethod answers each method that the page has, and says which these are to those
// who use another.
func (web *Web) byMethod(m methods, protection *http.CrossOriginProtection) http.Handler {
	var allowed []string
	handlers := make(map[string]http.Handler)
	if m.get != nil {
		allowed = append(allowed, http.MethodGet, http.MethodHead)
		handlers[http.MethodGet] = web.page(m.get)
		handlers[http.MethodHead] = handlers[http.MethodGet]
	}
	if m.post != nil {
		allowed = append(allowed, http.MethodPost)
		handlers[http.MethodPost] = protection.Handler(web.page(form(m.post)))
	}
	other := web.page(methodNotAllowed)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := handlers[r.Method]; h != nil {
			h.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		other.ServeHTTP(w, r)
	})
}

// maxForm bounds what is posted.
const maxForm = 1 << 20

// form reads what was posted before the page is made.
func form(build func(*request) content) func(*request) content {
	return func(r *request) content {
		r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
				return problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("A form may have %d bytes.", tooLarge.Limit))
			}
			return problem(http.StatusBadRequest, "The form cannot be read: "+clip(err.Error()))
		}
		return build(r)
	}
}

// files serves the stylesheet and the icon. Pages ask for them by a name that
// changes with their content, so browsers never need to ask twice.
func (web *Web) files() http.Handler {
	files := http.StripPrefix(web.prefix, http.FileServerFS(static))
	missing := web.page(notFound)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info, err := fs.Stat(static, strings.TrimPrefix(r.URL.Path, web.prefix+"/"))
		if err != nil || info.IsDir() {
			missing.ServeHTTP(w, r)
			return
		}
		secure(w.Header(), false)
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		files.ServeHTTP(w, r)
	})
}

// secure says what a browser may do with what it gets: show it with our own
// stylesheet, send forms to us, run the script of our own where a page has one, and
// nothing else. Other sites are not told where a link was followed from; we are,
// because a form that does not say where it comes from is refused.
func secure(h http.Header, script bool) {
	policy := "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	if script {
		policy += "; script-src 'self'"
	}
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
}
