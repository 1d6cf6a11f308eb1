package send

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/server/internal/rule"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// alertmanager answers requests inside the process, so that time can be virtual.
type alertmanager struct {
	answer func(ctx context.Context) (status int, err error)
	admit  func(names []string) bool // whether a request of these alerts is small enough; nil is yes

	mu       sync.Mutex // guards what follows
	attempts []time.Time
	batches  []string // names of the alerts of each batch taken, "a b c"
}

func (a *alertmanager) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.attempts = append(a.attempts, time.Now())
	a.mu.Unlock()
	status, err := 200, error(nil)
	if a.answer != nil {
		status, err = a.answer(r.Context())
	}
	if err != nil {
		return nil, err
	}
	if status/100 == 2 {
		var alerts []struct{ Labels map[string]string }
		if err := json.NewDecoder(r.Body).Decode(&alerts); err != nil {
			return nil, err
		}
		var names []string
		for _, alert := range alerts {
			names = append(names, alert.Labels["alertname"])
		}
		if a.admit != nil && !a.admit(names) {
			status = http.StatusRequestEntityTooLarge
		} else {
			a.mu.Lock()
			a.batches = append(a.batches, strings.Join(names, " "))
			a.mu.Unlock()
		}
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Body: io.NopCloser(strings.NewReader("said so")), Request: r,
	}, nil
}

func (a *alertmanager) tried() []time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.attempts)
}

func (a *alertmanager) taken() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.batches, ", ")
}

// firing returns alerts of some names that are valid for a while.
func firing(valid time.Duration, names ...string) []rule.Alert {
	var alerts []rule.Alert
	for _, n := range names {
		alerts = append(alerts, rule.Alert{
			Labels: labels.FromStrings("alertname", n), StartsAt: time.Now(), EndsAt: time.Now().Add(valid),
		})
	}
	return alerts
}

// addTo queues alerts as a Sender does.
func addTo(q *queue, alerts []rule.Alert) {
	q.add((&set{queues: []*queue{q}, cfg: &promconfig.AlertmanagerConfig{}}).messages(alerts))
}

// testQueue returns a queue in front of an Alertmanager, which runs until the
// test ends, and the registry of its metrics.
func testQueue(t *testing.T, a *alertmanager, o Options) (*queue, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewRegistry()
	o.Registerer = registry
	s := New(o)
	u := &url.URL{Scheme: "http", Host: "am:9093", Path: "/api/v2/alerts"}
	q := newQueue(u, s.opts, s.metrics)
	q.use(transport{client: &http.Client{Transport: a}, timeout: 10 * time.Second})
	return q, registry
}

// runQueue runs a queue until the returned function is called, which says how
// long the end took.
func runQueue(q *queue) (stop func() time.Duration) {
	done := make(chan struct{})
	go func() { q.run(); close(done) }()
	synctest.Wait()
	return func() time.Duration {
		start := time.Now()
		q.stop()
		<-done
		return time.Since(start)
	}
}

// valuesOf returns the values of the metrics, without their common prefix.
func valuesOf(t *testing.T, g prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := make(map[string]float64)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			values[strings.TrimPrefix(f.GetName(), "prometheus_notifications_")] +=
				m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return values
}

func wantMetrics(t *testing.T, g prometheus.Gatherer, want map[string]float64) {
	t.Helper()
	got := valuesOf(t, g)
	for name, w := range want {
		if v, ok := got[name]; !ok || v != w {
			t.Errorf("%s: got %v (there: %t), want %v", name, v, ok, w)
		}
	}
}

func TestBatchesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &alertmanager{}
		q, registry := testQueue(t, a, Options{BatchSize: 2})
		addTo(q, firing(time.Hour, "a", "b", "c"))
		addTo(q, nil)
		addTo(q, firing(time.Hour, "d", "e"))
		wantMetrics(t, registry, map[string]float64{"queue_length": 5, "queue_capacity": DefaultQueueCapacity})
		stop := runQueue(q)
		if got, want := a.taken(), "a b, c d, e"; got != want {
			t.Errorf("batches: got %q, want %q", got, want)
		}
		wantMetrics(t, registry, map[string]float64{
			"queue_length": 0, "sent_total": 5, "dropped_total": 0, "errors_total": 0, "latency_histogram_seconds": 3,
		})
		addTo(q, firing(time.Hour, "f"))
		synctest.Wait()
		if got, want := a.taken(), "a b, c d, e, f"; got != want {
			t.Errorf("batches: got %q, want %q", got, want)
		}
		stop()
		if got := valuesOf(t, registry); len(got) != 2 {
			t.Errorf("metrics after the end: got %v, want those without a label only", got)
		}
	})
}

func TestOverflowDropsTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &alertmanager{}
		q, registry := testQueue(t, a, Options{QueueCapacity: 3})
		addTo(q, firing(time.Hour, "a", "b"))
		addTo(q, firing(time.Hour, "c", "d"))
		addTo(q, firing(time.Hour, "e", "f", "g", "h"))
		wantMetrics(t, registry, map[string]float64{"queue_length": 3, "dropped_total": 5})
		runQueue(q)()
		if got, want := a.taken(), "f g h"; got != want {
			t.Errorf("taken: got %q, want %q", got, want)
		}
	})
}

func TestRetries(t *testing.T) {
	for _, test := range []struct {
		name     string
		status   int
		err      error
		attempts string // seconds since the start
		dropped  float64
	}{
		{name: "server error", status: 503, attempts: "0 1 3 7 12 17", dropped: 2},
		{name: "too many requests", status: 429, attempts: "0 1 3 7 12 17", dropped: 2},
		{name: "no connection", err: errors.New("refused"), attempts: "0 1 3 7 12 17", dropped: 2},
		{name: "refused as wrong", status: 400, attempts: "0", dropped: 2},
		{name: "redirected to nowhere", status: 304, attempts: "0", dropped: 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &alertmanager{answer: func(context.Context) (int, error) { return test.status, test.err }}
				q, registry := testQueue(t, a, Options{})
				addTo(q, firing(20*time.Second, "a", "b"))
				start := time.Now()
				stop := runQueue(q)
				time.Sleep(5 * time.Minute)
				var attempts []string
				for _, at := range a.tried() {
					attempts = append(attempts, fmt.Sprint(int(at.Sub(start).Seconds())))
				}
				if got := strings.Join(attempts, " "); got != test.attempts {
					t.Errorf("attempts: got %s, want %s", got, test.attempts)
				}
				wantMetrics(t, registry, map[string]float64{
					"dropped_total": test.dropped, "sent_total": 0, "errors_total": float64(2 * len(attempts)), "queue_length": 0,
				})
				stop()
			})
		})
	}
}

func TestRetrySucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var away atomic.Bool
		away.Store(true)
		a := &alertmanager{answer: func(context.Context) (int, error) {
			if away.Load() {
				return 500, nil
			}
			return 200, nil
		}}
		q, registry := testQueue(t, a, Options{})
		addTo(q, firing(time.Hour, "a"))
		stop := runQueue(q)
		time.Sleep(500 * time.Millisecond)
		q.use(*q.transport.Load()) // nothing new, no reason for haste
		addTo(q, firing(time.Hour, "b"))
		away.Store(false)
		time.Sleep(time.Second)
		if got, want := a.taken(), "a b"; got != want {
			t.Errorf("taken: got %q, want %q", got, want)
		}
		wantMetrics(t, registry, map[string]float64{"dropped_total": 0, "sent_total": 2, "errors_total": 1})
		stop()
	})
}

// A firing alert that is delivered after its end would be taken for resolved; a
// resolved one may come late.
func TestFiringAlertsAreNotDeliveredAfterTheirEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var away atomic.Bool
		away.Store(true)
		a := &alertmanager{answer: func(context.Context) (int, error) {
			if away.Load() {
				return 500, nil
			}
			return 200, nil
		}}
		q, registry := testQueue(t, a, Options{})
		addTo(q, firing(4*time.Second, "short"))
		addTo(q, firing(time.Hour, "long"))
		addTo(q, firing(-time.Second, "resolved"))
		stop := runQueue(q)
		time.Sleep(6 * time.Second)
		away.Store(false)
		time.Sleep(2 * time.Second)
		if got, want := a.taken(), "long resolved"; got != want {
			t.Errorf("taken: got %q, want %q", got, want)
		}
		wantMetrics(t, registry, map[string]float64{"dropped_total": 1, "sent_total": 2})
		stop()
	})
}

func TestTheEndOfAQueue(t *testing.T) {
	hang := func(ctx context.Context) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	for _, test := range []struct {
		name  string
		a     *alertmanager
		takes time.Duration
		taken string
	}{
		{"what is queued goes out", &alertmanager{}, 0, "a, b, c"},
		{"an error is not tried again", &alertmanager{answer: func(context.Context) (int, error) { return 500, nil }}, 0, ""},
		{"a hanging request is given up", &alertmanager{answer: hang}, DefaultDrainTimeout, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q, _ := testQueue(t, test.a, Options{BatchSize: 1})
				addTo(q, firing(time.Hour, "a", "b", "c"))
				done := make(chan struct{})
				start := time.Now()
				q.stop()
				go func() { q.run(); close(done) }()
				<-done
				if took := time.Since(start); took != test.takes {
					t.Errorf("it took %v, want %v", took, test.takes)
				}
				if got := test.a.taken(); got != test.taken {
					t.Errorf("taken: got %q, want %q", got, test.taken)
				}
			})
		})
	}
}

// A queue that waits before its next attempt does not wait when it is stopped.
func TestStopEndsThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &alertmanager{answer: func(context.Context) (int, error) { return 500, nil }}
		q, _ := testQueue(t, a, Options{})
		addTo(q, firing(time.Hour, "a"))
		stop := runQueue(q)
		time.Sleep(4 * time.Second) // the next attempt would be at 7s
		if took := stop(); took != 0 || len(a.tried()) != 4 {
			t.Errorf("the end took %v and there were %d attempts, want 0s and 4", took, len(a.tried()))
		}
	})
}

// What is new takes the place of what waits, so that an Alertmanager that was away
// is told the latest of each alert, once, and never anything older after it.
func TestTheLatestNewsOfAnAlertWin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var away atomic.Bool
		away.Store(true)
		a := &alertmanager{answer: func(context.Context) (int, error) {
			if away.Load() {
				time.Sleep(100 * time.Millisecond) // long enough for news during an attempt
				return 500, nil
			}
			return 200, nil
		}}
		q, registry := testQueue(t, a, Options{QueueCapacity: 3, BatchSize: 2})
		stop := runQueue(q)
		addTo(q, firing(time.Hour, "a", "b", "c"))
		time.Sleep(50 * time.Millisecond) // a and b are on their way
		resolved := firing(-time.Second, "a")
		addTo(q, resolved)
		for range 100 {
			addTo(q, firing(time.Hour, "b", "c"))
			time.Sleep(time.Minute)
		}
		away.Store(false)
		time.Sleep(time.Minute)
		if got, want := a.taken(), "c b"; got != want { // a was resolved for longer than anybody asks
			t.Errorf("taken: got %q, want %q", got, want)
		}
		wantMetrics(t, registry, map[string]float64{
			"queue_length": 0, "sent_total": 2, "dropped_total": 1, "cresset_notifications_replaced_total": 201, // 1 + 2 * 99 that waited, 2 on their way
		})
		stop()
	})
}

// Trying again never takes longer than the rule engine takes to send again.
func TestPausesFollowTheResendDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &alertmanager{answer: func(context.Context) (int, error) { return 500, nil }}
		q, registry := testQueue(t, a, Options{ResendDelay: 2 * time.Second})
		addTo(q, firing(-time.Second, "resolved"))
		start := time.Now()
		stop := runQueue(q)
		time.Sleep(time.Minute)
		var attempts []string
		for _, at := range a.tried() {
			attempts = append(attempts, fmt.Sprint(int(at.Sub(start).Seconds())))
		}
		if got, want := strings.Join(attempts, " "), "0 1 3 5 7"; got != want {
			t.Errorf("attempts: got %s, want %s", got, want)
		}
		wantMetrics(t, registry, map[string]float64{"dropped_total": 1})
		stop()
	})
}

// Alerts that are too many for whoever is in front of an Alertmanager go in
// several requests; one that is too large by itself does not hold up the others.
func TestRequestsThatAreTooLargeAreDivided(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &alertmanager{}
		a.admit = func(names []string) bool { return len(names) <= 3 && !slices.Contains(names, "huge") }
		q, registry := testQueue(t, a, Options{BatchSize: 8})
		addTo(q, firing(time.Hour, "a", "b", "c", "d", "huge", "e", "f", "g", "h", "i"))
		start := time.Now()
		stop := runQueue(q)
		if got, want := a.taken(), "a b, c d, e, f g, h i"; got != want {
			t.Errorf("taken: got %q, want %q", got, want)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("it took %v, want no pause", took)
		}
		wantMetrics(t, registry, map[string]float64{"sent_total": 9, "dropped_total": 1, "queue_length": 0})
		stop()
	})
}

func TestDropOnStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &alertmanager{answer: func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		}}
		q, _ := testQueue(t, a, Options{BatchSize: 1, DropOnStop: true})
		stop := runQueue(q)
		addTo(q, firing(time.Hour, "under way", "waiting"))
		synctest.Wait()
		if took := stop(); took != 0 || len(a.tried()) != 1 {
			t.Errorf("the end took %v and there were %d attempts, want 0s and 1", took, len(a.tried()))
		}
		if q.resume() {
			t.Error("a queue whose alerts were dropped could be resumed")
		}
	})
}

// A queue that is stopped can be resumed until it has ended, and goes on with what
// it had.
func TestResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := make(chan struct{})
		a := &alertmanager{answer: func(context.Context) (int, error) { <-busy; return 200, nil }}
		q, registry := testQueue(t, a, Options{BatchSize: 1})
		stop := runQueue(q)
		addTo(q, firing(time.Hour, "a", "b"))
		synctest.Wait()
		q.stop()
		time.Sleep(DefaultDrainTimeout - time.Second)
		if !q.resume() {
			t.Error("it could not be resumed although it is busy")
		}
		if q.resume() {
			t.Error("it was resumed, but not stopped")
		}
		time.Sleep(time.Minute) // what was to end it ends it no more
		close(busy)
		addTo(q, firing(time.Hour, "c"))
		synctest.Wait()
		if got, want := a.taken(), "a, b, c"; got != want {
			t.Errorf("taken: got %q, want %q", got, want)
		}
		wantMetrics(t, registry, map[string]float64{"dropped_total": 0, "sent_total": 3})
		stop()
		if q.resume() {
			t.Error("it was resumed after its end")
		}
	})
}

// Each alert that is queued is sent, or replaced by its own news, or counted as
// dropped.
func TestNothingIsLostWithoutACount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		a := &alertmanager{answer: func(context.Context) (int, error) {
			n++
			return []int{200, 500, 400, 503, 413}[n%5], nil
		}}
		q, registry := testQueue(t, a, Options{QueueCapacity: 50, BatchSize: 7})
		stop := runQueue(q)
		queued := 0
		for i := range 200 {
			var names []string
			for j := range i % 90 {
				names = append(names, fmt.Sprint(j*(i%3+1)))
			}
			queued += len(names)
			addTo(q, firing(time.Hour, names...))
			time.Sleep(time.Duration(i%5) * time.Second)
		}
		time.Sleep(10 * time.Minute)
		got := valuesOf(t, registry)
		sent, dropped, replaced := got["sent_total"], got["dropped_total"], got["cresset_notifications_replaced_total"]
		if sent+dropped+replaced != float64(queued) || sent == 0 || dropped == 0 || replaced == 0 || got["queue_length"] != 0 {
			t.Errorf("of %d alerts %v were sent, %v dropped and %v replaced, and %v wait", queued, sent, dropped, replaced, got["queue_length"])
		}
		stop()
	})
}
