// Package alertmanager serves Alertmanager's HTTP API, version 2: the paths,
// parameters, bodies and error texts that amtool, Karma, Grafana and every
// Prometheus server know.
//
// What a client can see is Alertmanager's to the byte: paths, order, escaping, and
// the answers that its framework gives to what it does not like. A request goes
// through, in this order: measuring, limits (middleware.go), origins, the path and
// the method (router.go), types of content and the body (content.go), and the
// operation.
//
// Nothing that a client sends may cost much more than its length: bodies are
// bounded, and so is the number of alerts in one (alerts.go) and what regular
// expressions compile to (package regexpbudget).
package alertmanager

import (
	"context"
	"log/slog"
	"net/http"
	"regexp"
	"runtime"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/dispatch"
	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

// Store is where posted alerts go and listed alerts come from.
type Store interface {
	Receive(ctx context.Context, now time.Time, alerts []*alert.Alert) error
	All() []*alert.Alert
}

// Silences is where silences are kept. What Set and Expire return is the client's
// fault, or [silence.ErrNotFound], or [silence.ErrNotSaved].
type Silences interface {
	Set(ctx context.Context, now time.Time, s *silence.Silence) (id string, err error)
	Expire(ctx context.Context, now time.Time, id string) error
	Get(id string) *silence.Silence // nil if there is none
	All() []*silence.Silence
	SilencedBy(ls model.LabelSet, now time.Time) []string
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

// ClusterStatus is what /status tells about the cluster.
type ClusterStatus struct {
	Name   string // of this member
	Status string // "ready" or "settling"
	Peers  []Peer // with this member
}

// Peer is a member of the cluster.
type Peer struct{ Name, Address string }

// Options are the settings of an [API]. Store and Pipeline are required.
type Options struct {
	Store    Store
	Pipeline Pipeline
	// Silences is what the paths of silences serve; nil means that there are no such
	// paths.
	Silences Silences
	// Cluster tells about the cluster; nil means that there is none.
	Cluster func() ClusterStatus
	// Version is what /status tells about the program; Started is when it began.
	Version Version
	Started time.Time
	// MaxBodyBytes bounds a request's body; zero means DefaultMaxBodyBytes.
	MaxBodyBytes int64
	// Concurrency bounds how many GET requests are answered at the same time;
	// further ones get 503. Zero means the number of processors, but at least 8.
	Concurrency int
	// Timeout bounds how long a request may take; one that takes
	// longer gets 503. Zero means for ever.
	Timeout time.Duration
	// CORSOrigin matches the origins whose pages may use the API in a browser. Nil
	// means that none may, and that nothing is said about origins. See [CORSOrigin].
	CORSOrigin *regexp.Regexp
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
	paths   map[string]*endpoint // by name
	slots   chan struct{}        // one per GET request that may be answered at a time
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
	api := &API{opts: o, metrics: newMetrics(o.Registerer), slots: make(chan struct{}, o.Concurrency)}
	api.paths = api.endpoints()
	return api
}

// CORSOrigin compiles the expression of --web.cors.origin, which must match the
// whole of an origin. The empty expression gives nil.
func CORSOrigin(expr string) (*regexp.Regexp, error) {
	if expr == "" {
		return nil, nil
	}
	return regexp.Compile("^(?:" + expr + ")$")
}

// Register serves the API under prefix + "/api/v2/". The prefix is empty or
// begins with a slash and does not end with one.
func (api *API) Register(mux *http.ServeMux, prefix string) {
	handler := crossOrigin(api.opts.CORSOrigin, noStore(http.HandlerFunc(api.serve)))
	mux.Handle(prefix+"/api/v2/", http.StripPrefix(prefix, api.timed(api.Limit(handler))))
}
