// Package prometheus answers Prometheus' HTTP API v1, so that Grafana and
// whatever else speaks to a Prometheus speaks to Cresset without a change.
//
// Paths, parameters, shapes, status codes, error types and error texts are those
// of Prometheus. Everything here reads; nothing changes state, which is why the
// answers may be read from pages of another origin if the options allow it.
//
// These paths of Prometheus are not served: read and write (remote storage),
// otlp/v1/metrics, admin/tsdb, search, features, notifications, parse_query,
// openapi.yaml, scrape_pools/config, targets/relabel_steps, and the statistics
// below status/ other than config, flags, buildinfo and runtimeinfo. They answer
// 404, in JSON as everything here.
package prometheus

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"

	"github.com/cresset-metrics/cresset/server/internal/rule"
)

// Engine evaluates queries.
type Engine interface {
	Instant(ctx context.Context, expr string, at time.Time, opts promql.QueryOpts) (promql.Query, error)
	Range(ctx context.Context, expr string, start, end time.Time, step time.Duration, opts promql.QueryOpts) (promql.Query, error)
	Parser() parser.Parser
}

// Storage is read for series, labels and exemplars.
type Storage interface {
	storage.Queryable
	storage.ExemplarQueryable
}

// Targets tells what is scraped.
type Targets interface {
	TargetsActive() map[string][]*scrape.Target
	TargetsDropped() map[string][]*scrape.Target
	TargetsDroppedCounts() map[string]int
	ScrapePools() []string
}

// Options are what the API reads from. All functions may be called at the same
// time, and every field is required unless it says otherwise.
type Options struct {
	Engine  Engine
	Storage Storage
	Targets Targets

	Rules func() []rule.GroupStatus // sorted by file and name

	// The Alertmanagers that alerts are sent to, and those that relabelling
	// dropped. Nil for none.
	Alertmanagers        func() []*url.URL
	DroppedAlertmanagers func() []*url.URL

	Config  func() string     // the configuration in effect, as YAML without its secrets
	Flags   map[string]string // of the command line, by name without dashes
	Build   BuildInfo
	Runtime func() RuntimeInfo // what only the caller knows; the API fills in the rest

	// ListenAddress and ExternalURL tell which targets are this process, and
	// under which name other machines reach it.
	ListenAddress string
	ExternalURL   *url.URL

	// CORSOrigin says which other origins may read answers in a browser. Nil
	// is none. Prometheus' default is all.
	CORSOrigin *regexp.Regexp

	Logger *slog.Logger     // nil discards
	Now    func() time.Time // nil is the clock
}

// API is the set of handlers.
type API struct {
	o Options
}

// New makes the handlers.
func New(o Options) *API {
	if o.Alertmanagers == nil {
		o.Alertmanagers = func() []*url.URL { return nil }
	}
	if o.DroppedAlertmanagers == nil {
		o.DroppedAlertmanagers = func() []*url.URL { return nil }
	}
	if o.ExternalURL == nil {
		o.ExternalURL = &url.URL{Scheme: "http", Host: o.ListenAddress}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &API{o: o}
}

// Register serves the API on mux below prefix + "/api/v1". The prefix is empty,
// or begins with a slash and does not end with one.
func (a *API) Register(mux *http.ServeMux, prefix string) {
	base := prefix + "/api/v1"
	handle := func(path string, h handler, methods ...string) {
		for _, method := range methods {
			mux.Handle(method+" "+base+path, a.serve(h))
		}
		mux.Handle("OPTIONS "+base+path, a.serve(preflight))
		mux.Handle(base+path, notAllowed(methods))
	}
	get := func(path string, h handler) { handle(path, h, http.MethodGet) }
	getOrPost := func(path string, h handler) { handle(path, h, http.MethodGet, http.MethodPost) }
	mux.Handle(base+"/", a.serve(unknownPath))

	getOrPost("/query", a.query)
	getOrPost("/query_range", a.queryRange)
	getOrPost("/query_exemplars", a.queryExemplars)
	getOrPost("/format_query", a.formatQuery)

	getOrPost("/series", a.series)
	getOrPost("/labels", a.labelNames)
	get("/label/{name}/values", a.labelValues)

	get("/targets", a.targets)
	get("/targets/metadata", a.targetMetadata)
	get("/metadata", a.metadata)
	get("/scrape_pools", a.scrapePools)
	get("/alertmanagers", a.alertmanagers)

	get("/rules", a.rules)
	get("/alerts", a.alerts)

	get("/status/config", a.config)
	get("/status/flags", a.flags)
	get("/status/buildinfo", a.buildInfo)
	get("/status/runtimeinfo", a.runtimeInfo)
}

// notAllowed answers a request by another method than these.
func notAllowed(methods []string) http.Handler {
	allow := strings.Join(append([]string{http.MethodHead, http.MethodOptions}, methods...), ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allow)
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
	})
}

func unknownPath(r *http.Request) (*answer, error) {
	return nil, &apiError{notFound, fmt.Errorf("there is no %s in this API", r.URL.Path)}
}

// preflight answers a browser that asks whether it may send the real request.
func preflight(*http.Request) (*answer, error) { return nil, nil }
