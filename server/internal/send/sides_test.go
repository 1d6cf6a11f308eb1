package send

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/server/internal/rule"
	clientprometheus "github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/notifier"
)

// sender is what Prometheus' notifier and ours have in common.
type sender interface {
	send(alerts []rule.Alert)
	metrics() []*dto.MetricFamily
	stop()
}

// theirs is Prometheus' notifier with a configuration of which all Alertmanagers
// are static.
type theirs struct {
	t        testing.TB
	manager  *notifier.Manager
	registry *clientprometheus.Registry
	groups   chan map[string][]*targetgroup.Group
	ended    chan struct{}
}

func startTheirs(t testing.TB, cfg *promconfig.Config, batch, capacity int) *theirs {
	s := &theirs{
		t: t, registry: clientprometheus.NewRegistry(),
		groups: make(chan map[string][]*targetgroup.Group), ended: make(chan struct{}),
	}
	s.manager = notifier.NewManager(&notifier.Options{
		QueueCapacity: capacity, MaxBatchSize: batch, DrainOnShutdown: true, Registerer: s.registry,
	}, model.UTF8Validation, nil)
	go func() {
		defer close(s.ended)
		s.manager.Run(s.groups)
	}()
	s.apply(cfg)
	return s
}

func (s *theirs) apply(cfg *promconfig.Config) {
	if err := s.manager.ApplyConfig(cfg); err != nil {
		s.t.Fatal(err)
	}
	found := make(map[string][]*targetgroup.Group)
	for i, c := range cfg.AlertingConfig.AlertmanagerConfigs {
		name := fmt.Sprintf("config-%d", i)
		found[name] = nil
		for _, d := range c.ServiceDiscoveryConfigs {
			found[name] = append(found[name], d.(discovery.StaticConfig)...)
		}
	}
	s.groups <- found
	s.groups <- found // is taken when the first has been dealt with
}

func (s *theirs) send(alerts []rule.Alert) {
	all := make([]*notifier.Alert, len(alerts))
	for i, a := range alerts {
		all[i] = &notifier.Alert{
			Labels: a.Labels, Annotations: a.Annotations, StartsAt: a.StartsAt, EndsAt: a.EndsAt, GeneratorURL: a.GeneratorURL,
		}
	}
	s.manager.Send(all...)
}

func (s *theirs) metrics() []*dto.MetricFamily { return gather(s.t, s.registry) }

func (s *theirs) stop() {
	s.manager.Stop()
	<-s.ended
}

// ours is a Sender.
type ours struct {
	*Sender
	t        testing.TB
	registry *prometheus.Registry
	end      func()
}

func startOurs(t testing.TB, cfg *promconfig.Config, batch, capacity int) *ours {
	s := &ours{t: t, registry: prometheus.NewRegistry()}
	s.Sender = New(Options{QueueCapacity: capacity, BatchSize: batch, Registerer: s.registry})
	s.apply(cfg)
	s.end = run(t, s.Sender)
	return s
}

func (s *ours) apply(cfg *promconfig.Config) {
	if err := s.Apply(cfg); err != nil {
		s.t.Fatal(err)
	}
}

func (s *ours) send(alerts []rule.Alert)     { s.Send(alerts) }
func (s *ours) metrics() []*dto.MetricFamily { return gather(s.t, s.registry) }
func (s *ours) stop()                        { s.end() }

func gather(t testing.TB, g interface {
	Gather() ([]*dto.MetricFamily, error)
}) []*dto.MetricFamily {
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// recorder keeps the requests to several Alertmanagers, which are told apart by
// their paths.
type recorder struct {
	*httptest.Server

	mu       sync.Mutex // guards requests
	requests map[string][]recorded
}

type recorded struct {
	header string
	alerts []json.RawMessage
	body   string
}

func newRecorder(t testing.TB) *recorder {
	r := &recorder{requests: make(map[string][]recorded)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		req.Header.Del("User-Agent") // each says who it is
		got := recorded{header: fmt.Sprint(req.Method, " ", req.Proto, " ", req.Header), body: string(body)}
		if err := json.Unmarshal(body, &got.alerts); err != nil {
			t.Errorf("%v: %s", err, body)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		path := req.URL.RequestURI()
		r.requests[path] = append(r.requests[path], got)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) address() string { return r.Listener.Addr().String() }

// await returns the requests once each path has got as many alerts as wanted, and
// forgets them. It does not wait for ever.
func (r *recorder) await(t testing.TB, want map[string]int) map[string][]recorded {
	t.Helper()
	for deadline := time.Now().Add(patience); ; <-time.After(time.Millisecond) {
		r.mu.Lock()
		enough := true
		for path, n := range want {
			for _, req := range r.requests[path] {
				n -= len(req.alerts)
			}
			enough = enough && n <= 0
		}
		if enough || time.Now().After(deadline) {
			got := r.requests
			r.requests = make(map[string][]recorded)
			r.mu.Unlock()
			return got
		}
		r.mu.Unlock()
	}
}

// latestOnly is what Cresset makes of requests to one Alertmanager that were
// queued together: of the same alert it sends the latest news only, where
// Prometheus sends all (docs/differences.md, "an alert that is queued again").
// Everything else is the same.
func latestOnly(t testing.TB, requests []recorded, batch int) []recorded {
	var alerts []json.RawMessage
	place := make(map[string]int)
	for _, req := range requests {
		for _, raw := range req.alerts {
			var a struct{ Labels labels.Labels }
			if err := json.Unmarshal(raw, &a); err != nil {
				t.Fatal(err)
			}
			key := a.Labels.String()
			if i, ok := place[key]; ok {
				alerts[i] = raw
				continue
			}
			place[key] = len(alerts)
			alerts = append(alerts, raw)
		}
	}
	var batches []recorded
	for part := range slices.Chunk(alerts, batch) {
		texts := make([]string, len(part))
		for i, raw := range part {
			texts[i] = string(raw)
		}
		body := "[" + strings.Join(texts, ",") + "]"
		header := requests[0].header
		if i := strings.Index(header, "Content-Length:["); i >= 0 {
			end := i + strings.Index(header[i:], "]")
			header = header[:i] + "Content-Length:[" + strconv.Itoa(len(body)) + header[end:]
		}
		batches = append(batches, recorded{header: header, body: body, alerts: part})
	}
	return batches
}
