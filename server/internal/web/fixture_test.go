package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/matcher/parse"
	amlabels "github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/prometheus/prometheus/util/stats"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/dispatch"
	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
	"github.com/cresset-metrics/cresset/server/internal/rule"
	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// t0 is when all pages of the tests are looked at: in the night.
var t0 = time.Date(2026, 3, 1, 3, 12, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return t0.Add(-d) }

// world is a server to look at.
type world struct {
	Options
	groups  []dispatch.Group
	rules   []rule.GroupStatus
	active  map[string][]*scrape.Target
	dropped map[string]int
	sources map[model.Fingerprint]model.Fingerprint // of inhibition, by what is inhibited

	alone      bool // no engine, rules and targets
	unsilenced bool // no silences
	journal    silence.Journal
	silenced   []*silence.Silence // that there are from the start
	silences   *silence.Store     // made from them by register
}

func (w *world) Groups(_ time.Time, keep func(string) bool) []*dispatch.Group {
	var out []*dispatch.Group
	for _, g := range w.groups {
		if keep(g.Receiver) {
			g.Alerts = append([]*alert.Alert(nil), g.Alerts...)
			out = append(out, &g)
		}
	}
	return out
}

func (w *world) InhibitedBy(ls model.LabelSet, _ time.Time) (model.Fingerprint, bool) {
	by, ok := w.sources[ls.Fingerprint()]
	return by, ok
}

func (w *world) TargetsActive() map[string][]*scrape.Target { return w.active }
func (w *world) TargetsDroppedCounts() map[string]int       { return w.dropped }

// serve makes the pages of the world, below a prefix.
func (w *world) serve(prefix string) http.Handler {
	mux := http.NewServeMux()
	w.register(mux, prefix)
	return mux
}

func (w *world) register(mux *http.ServeMux, prefix string) {
	o := w.Options
	w.silences = silence.New(silence.Options{Retention: 120 * time.Hour, Journal: w.journal})
	w.silences.Restore(t0, w.silenced)
	o.Pipeline, o.Targets, o.Silences = w, w, w.silences
	o.Rules = func() []rule.GroupStatus { return w.rules }
	o.Now = func() time.Time { return t0 }
	o.Version = "1.2.3"
	if o.Engine == nil {
		o.Engine = engineFunc(func(context.Context, string, time.Time) *promql.Result { return &promql.Result{Value: promql.Vector{}} })
	}
	if o.ExternalURL == nil {
		o.ExternalURL = &url.URL{Scheme: "https", Host: "watch.example.com", Path: "/cresset/"}
	}
	if w.unsilenced {
		o.Silences = nil
	}
	if w.alone {
		o.Engine, o.Rules, o.Targets = nil, nil, nil
	}
	New(o).Register(mux, prefix)
}

// get asks for a page.
func get(t testing.TB, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	res := httptest.NewRecorder()
	h.ServeHTTP(res, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return res
}

// post sends a form as a browser does from a page of the same site.
func post(t testing.TB, h http.Handler, path string, nameValues ...string) *httptest.ResponseRecorder {
	t.Helper()
	values := url.Values{}
	for i := 0; i < len(nameValues); i += 2 {
		values.Set(nameValues[i], nameValues[i+1])
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(values.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res := httptest.NewRecorder()
	h.ServeHTTP(res, req)
	return res
}

// engineFunc is an engine whose results are made by a function.
type engineFunc func(ctx context.Context, expr string, at time.Time) *promql.Result

func (f engineFunc) Instant(_ context.Context, expr string, at time.Time, _ promql.QueryOpts) (promql.Query, error) {
	if _, err := parser.NewParser(parser.Options{}).ParseExpr(expr); err != nil {
		return nil, err
	}
	return &fakeQuery{exec: func(ctx context.Context) *promql.Result { return f(ctx, expr, at) }}, nil
}

type fakeQuery struct {
	promql.Query // has no other methods than these
	exec         func(ctx context.Context) *promql.Result
}

func (q *fakeQuery) Exec(ctx context.Context) *promql.Result { return q.exec(ctx) }
func (q *fakeQuery) Close()                                  {}
func (q *fakeQuery) Stats() *stats.Statistics                { return nil }

// firingAlert is an alert of the pipeline: name and value of labels in turn.
func firingAlert(since time.Time, generator string, annotations model.LabelSet, nameValues ...string) *alert.Alert {
	ls := model.LabelSet{}
	for i := 0; i < len(nameValues); i += 2 {
		ls[model.LabelName(nameValues[i])] = model.LabelValue(nameValues[i+1])
	}
	return &alert.Alert{Alert: model.Alert{
		Labels: ls, Annotations: annotations, StartsAt: since, EndsAt: t0.Add(4 * time.Minute), GeneratorURL: generator,
	}}
}

// newSilence is a silence whose ID is that of the n-th.
func newSilence(n int, from, until time.Time, by, comment string, matchers ...string) *silence.Silence {
	s := &silence.Silence{
		ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", n), StartsAt: from, EndsAt: until, UpdatedAt: from, ExpiresAt: until.Add(120 * time.Hour),
		CreatedBy: by, Comment: comment,
	}
	set := make(amlabels.Matchers, len(matchers))
	for i, text := range matchers {
		var err error
		if set[i], err = parse.Matcher(text); err != nil {
			panic(err)
		}
	}
	s.Matchers = []amlabels.Matchers{set}
	return s
}

func target(address, job string, lastScrape time.Time, err error) *scrape.Target {
	t := scrape.NewTarget(
		labels.FromStrings("__address__", address, "__scheme__", "http", "__metrics_path__", "/metrics", "instance", address, "job", job),
		&promconfig.ScrapeConfig{}, nil, nil)
	if !lastScrape.IsZero() {
		t.Report(lastScrape, 3210*time.Microsecond, err)
	}
	return t
}

// aNight is a world in which a good part of what can happen does.
func aNight() *world {
	const own = "https://watch.example.com/cresset/graph?g0.expr=latency_seconds+%3E+0.5&g0.tab=1"
	down := firingAlert(ago(6*time.Minute), "http://prometheus-eu:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1", model.LabelSet{
		"summary": "db-1 is down.", "runbook_url": "https://runbooks.example.com/db?down#first",
	}, "alertname", "DatabaseDown", "cluster", "eu", "instance", "db-1:9104", "severity", "critical")
	slow := firingAlert(ago(4*time.Minute+30*time.Second), own, model.LabelSet{
		"summary": "Checkout answers in 0.83 s.", "description": "Half of the requests take longer than 0.5 s.\nLook at the database first.",
	}, "alertname", "CheckoutSlow", "cluster", "eu", "severity", "warning")
	disk := firingAlert(ago(50*time.Hour), "", nil, "alertname", "DiskFills", "cluster", "eu", "device", "/dev/sda1", "severity", "info")
	late := firingAlert(ago(26*time.Hour), "", model.LabelSet{"summary": "The backup of db-2 is late."}, "alertname", "BackupLate", "cluster", "us", "instance", "db-2:9104", "severity", "warning")
	over := firingAlert(ago(time.Hour), "", nil, "alertname", "LongOver", "cluster", "eu")
	over.EndsAt = ago(time.Minute)

	w := &world{
		groups: []dispatch.Group{
			{Receiver: "team db & co", Labels: model.LabelSet{"cluster": "eu"}, Alerts: []*alert.Alert{slow, down, over}},
			{Receiver: "archive", Labels: model.LabelSet{}, Alerts: []*alert.Alert{down}},
			{Receiver: "team-disk", Labels: model.LabelSet{"alertname": "DiskFills"}, MutedBy: []string{"nights", "weekends"}, Alerts: []*alert.Alert{disk}},
			{Receiver: "team-disk", Labels: model.LabelSet{"alertname": "BackupLate"}, Alerts: []*alert.Alert{late}},
			{Receiver: "team-old", Labels: model.LabelSet{"alertname": "LongOver"}, Alerts: []*alert.Alert{over}},
		},
		silenced: []*silence.Silence{
			newSilence(1, ago(2*time.Hour), t0.Add(4*time.Hour), "night shift", "The tape robot is being repaired.\nLook again in the morning.", `instance=~"db-.+"`, `alertname="BackupLate"`),
			newSilence(2, ago(time.Hour), t0.Add(30*time.Minute), "deploy job", "https://tickets.example.com/17", `job="batch"`),
			newSilence(3, t0.Add(time.Hour), t0.Add(25*time.Hour), "night shift", "Maintenance in eu", `cluster="eu"`, `severity!="critical"`),
			newSilence(4, ago(30*time.Hour), ago(20*time.Hour), "", "", `path="C:\\ \"x\""`),
		},
		sources: map[model.Fingerprint]model.Fingerprint{slow.Fingerprint(): down.Fingerprint()},
		active: map[string][]*scrape.Target{
			"node": {
				target("10.0.0.2:9100", "node", ago(5*time.Second), nil),
				target("10.0.0.3:9100", "node", ago(9*time.Second), errors.New("Get \"http://10.0.0.3:9100/metrics\": context deadline exceeded")),
				target("10.0.0.1:9100", "node", ago(2*time.Second), nil),
				target("10.0.0.4:9100", "node", time.Time{}, nil),
			},
			"shop": {target("10.0.1.1:8080", "shop", ago(time.Second), nil)},
		},
		dropped: map[string]int{"node": 7, "nothing": 2},
	}
	latency := rule.Status{
		Kind: definition.KindAlerting, Name: "CheckoutSlow", Query: "latency_seconds > 0.5", For: 5 * time.Minute, KeepFiringFor: time.Minute,
		Labels:      labels.FromStrings("severity", "warning"),
		Annotations: labels.FromStrings("summary", "Checkout answers in {{ $value }} s.", "runbook_url", "https://runbooks.example.com/slow"),
		State:       rule.StateFiring, Health: rule.HealthGood, EvaluationTime: 412 * time.Microsecond, LastEvaluation: ago(3 * time.Second),
		Alerts: []rule.ActiveAlert{
			{
				Labels: labels.FromStrings("alertname", "CheckoutSlow", "cluster", "us", "severity", "warning"), State: rule.StatePending,
				Annotations: labels.FromStrings("summary", "Checkout answers in 0.61 s."), ActiveAt: ago(40 * time.Second), Value: 0.61,
			},
			{
				Labels: labels.FromStrings("alertname", "CheckoutSlow", "cluster", "eu", "severity", "warning"), State: rule.StateFiring,
				Annotations: labels.FromStrings("summary", "Checkout answers in 0.83 s."), ActiveAt: ago(9 * time.Minute), Value: 0.83, KeepFiringSince: ago(20 * time.Second),
			},
		},
	}
	w.rules = []rule.GroupStatus{
		{
			Name: "shop", File: "/etc/cresset/shop.yml", Interval: 15 * time.Second, Limit: 10, QueryOffset: 30 * time.Second,
			EvaluationTime: 1234567 * time.Nanosecond, LastEvaluation: ago(3 * time.Second),
			Rules: []rule.Status{
				{
					Kind: definition.KindRecording, Name: "job:latency_seconds:avg", Query: "avg by (job) (latency_seconds)", Labels: labels.FromStrings("kind", "mean"),
					Health: rule.HealthGood, EvaluationTime: 300 * time.Microsecond, LastEvaluation: ago(3 * time.Second),
				},
				{
					Kind: definition.KindAlerting, Name: "NothingSold", Query: "rate(sold_total[5m]) == 0", State: rule.StateInactive,
					Health: rule.HealthGood, EvaluationTime: 250 * time.Microsecond, LastEvaluation: ago(3 * time.Second),
				},
				latency,
			},
		},
		{
			Name: "storage", File: "/etc/cresset/storage.yml", Interval: time.Minute,
			Rules: []rule.Status{
				{
					Kind: definition.KindAlerting, Name: "Replication", Query: "lag_a - lag_b > 1", State: rule.StateInactive, Health: rule.HealthBad,
					LastError:      "found duplicate series for the match group {} on the right hand-side of the operation",
					EvaluationTime: 2 * time.Second, LastEvaluation: ago(30 * time.Second),
				},
				{Kind: definition.KindAlerting, Name: "New", Query: "up == 0", For: time.Hour, State: rule.StateUnknown, Health: rule.HealthUnknown},
			},
		},
	}
	w.Engine = engineFunc(func(_ context.Context, expr string, at time.Time) *promql.Result {
		switch expr {
		case "latency_seconds > 0.5":
			ms := at.UnixMilli()
			return &promql.Result{Value: promql.Vector{
				{T: ms, F: 0.83, Metric: labels.FromStrings("__name__", "latency_seconds", "cluster", "eu")},
				{T: ms, F: 0.61, Metric: labels.FromStrings("__name__", "latency_seconds", "cluster", "us", "path", `C:\ "x"`)},
				{T: ms, F: 1e-7, Metric: labels.FromStrings("__name__", "latency.p99", "cluster", "us")},
				{T: ms, F: 4, Metric: labels.EmptyLabels()},
			}, Warnings: annotations.New().Add(fmt.Errorf("%w: one store did not answer", annotations.PromQLWarning))}
		case "lag_a - lag_b":
			return &promql.Result{Err: errors.New("found duplicate series for the match group")}
		}
		return &promql.Result{Value: promql.Vector{}}
	})
	return w
}
