// Package alertmanager serves Alertmanager's HTTP API, version 2: the paths,
// parameters, bodies and error texts that amtool, Karma, Grafana and every
// Prometheus server know.
//
// The paths under /silences and /silence are not served yet and answer 404, as
// any unknown path does. Everything else that the API has is here.
package alertmanager

import (
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	openapi "github.com/go-openapi/errors"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/dispatch"
)

// Store is where posted alerts go and listed alerts come from.
type Store interface {
	Receive(ctx context.Context, now time.Time, alerts []*alert.Alert) error
	All() []*alert.Alert
}

// Pipeline is what knows the configuration in force and what becomes of alerts.
type Pipeline interface {
	Config() *config.Config
	ReceiversOf(ls model.LabelSet) []string
	InhibitedBy(ls model.LabelSet, at time.Time) (model.Fingerprint, bool)
	Groups(at time.Time, keep func(receiver string) bool) []*dispatch.Group
}

// DefaultMaxBodyBytes bounds the body of a request. Prometheus sends some
// hundred kilobytes at most.
const DefaultMaxBodyBytes = 32 << 20

// Options are the settings of an [API]. Store and Pipeline are required.
type Options struct {
	Store    Store
	Pipeline Pipeline
	// Version is what /status tells about the program; Started is when it began.
	Version Version
	Started time.Time
	// MaxBodyBytes bounds a request's body; zero means DefaultMaxBodyBytes.
	MaxBodyBytes int64
	// Concurrency bounds how many GET requests are answered at the same time;
	// further ones get 503. Zero means the number of processors, but at least 8.
	Concurrency int
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger takes refused requests; nil discards them.
	Logger *slog.Logger
	// Registerer takes the metrics; nil leaves them unregistered.
	Registerer prometheus.Registerer
}

// Version is what /status tells about the program.
type Version struct {
	Version, Revision, Branch, BuildUser, BuildDate, GoVersion string
}

// API answers requests. Any number of goroutines may use it.
type API struct {
	opts    Options
	metrics *metrics
	slots   chan struct{} // one per GET request that may be answered at a time
}

// New returns an API. It answers 503 until the pipeline has a configuration.
func New(o Options) *API {
	if o.MaxBodyBytes <= 0 {
		o.MaxBodyBytes = DefaultMaxBodyBytes
	}
	if o.Concurrency <= 0 {
		o.Concurrency = max(runtime.GOMAXPROCS(0), 8)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &API{opts: o, metrics: newMetrics(o.Registerer), slots: make(chan struct{}, o.Concurrency)}
}

// Register serves the API under prefix + "/api/v2/". The prefix is empty or
// begins with a slash and does not end with one.
func (api *API) Register(mux *http.ServeMux, prefix string) {
	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(denyCrossOrigin))
	mux.Handle(prefix+"/api/v2/", http.StripPrefix(prefix, noStore(crossOrigin.Handler(api.limit(api.route())))))
}

// route finds the handler for a path and method. A slash at the end of the path
// makes no difference.
func (api *API) route() http.Handler {
	type methods map[string]http.HandlerFunc
	paths := map[string]methods{
		"/api/v2/status":        {http.MethodGet: api.getStatus},
		"/api/v2/receivers":     {http.MethodGet: api.getReceivers},
		"/api/v2/alerts":        {http.MethodGet: api.getAlerts, http.MethodPost: api.postAlerts},
		"/api/v2/alerts/groups": {http.MethodGet: api.getGroups},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		byMethod, ok := paths[strings.TrimSuffix(r.URL.Path, "/")]
		if !ok {
			openapi.ServeError(w, r, openapi.NotFound("path %s was not found", r.URL.Path))
			return
		}
		handle, ok := byMethod[r.Method]
		if !ok {
			var allowed []string
			for _, m := range []string{http.MethodGet, http.MethodPost} {
				if byMethod[m] != nil {
					allowed = append(allowed, m)
				}
			}
			openapi.ServeError(w, r, openapi.MethodNotAllowed(r.Method, allowed))
			return
		}
		if api.opts.Pipeline.Config() == nil {
			openapi.ServeError(w, r, openapi.New(http.StatusServiceUnavailable, "no configuration has been loaded yet"))
			return
		}
		handle(w, r)
	})
}
