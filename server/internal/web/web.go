// Package web is what people see of the server: the pages that notifications
// lead to and that a browser shows. What fires now, every rule, every target,
// and the present result of an expression.
//
// Pages are rendered here, whole, with one stylesheet of our own: no script, no
// resource of another origin, nothing to wait for on a phone at night. They only
// read. Links between them are relative, so that they hold behind any proxy and
// below any prefix.
//
// Narrower than the pages of Prometheus and Alertmanager: /graph shows the first
// expression of a link (g0) as a table at one moment and draws no curve, and
// silences are not made here.
package web

import (
	"context"
	"embed"
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
// requests at the same time, and every field is required unless it says
// otherwise.
type Options struct {
	Engine   Engine
	Pipeline Pipeline
	Rules    func() []rule.GroupStatus // sorted by file and name
	Targets  Targets

	// ExternalURL is how links to this server in alerts begin. Such links are
	// shown as relative ones. Nil if there are none.
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
	return &Web{o: o}
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
	pages := map[string]func(*request) content{
		"{$}":     web.overview,
		"alerts":  web.alerts,
		"rules":   web.rules,
		"targets": web.targets,
		"graph":   web.graph,
	}
	for path, build := range pages {
		mux.Handle("GET "+prefix+"/"+path, web.page(build))
		mux.Handle(prefix+"/"+path, web.page(methodNotAllowed))
	}
	mux.Handle("GET "+prefix+"/static/", web.files())
	mux.Handle(prefix+"/", web.page(notFound))
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
		secure(w.Header())
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		files.ServeHTTP(w, r)
	})
}

// secure says what a browser may do with what it gets: show it with our own
// stylesheet, send forms to us, and nothing else.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
}
