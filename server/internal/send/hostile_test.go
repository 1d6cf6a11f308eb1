package send

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/server/internal/rule"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/model/labels"
)

// oneAlertmanager is a configuration with an entry of settings.
func oneAlertmanager(address, settings string) string {
	return fmt.Sprintf("alerting: {alertmanagers: [{static_configs: [{targets: [%q]}], %s}]}", address, settings)
}

// An Alertmanager, or what is in its place, may do what it likes: alerts are
// counted, and another Alertmanager gets them at once.
func TestHostileAnswers(t *testing.T) {
	endless := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			line := []byte(strings.Repeat("x", 1<<16))
			for range 1 << 30 >> 16 {
				if _, err := w.Write(line); err != nil {
					return
				}
			}
			t.Errorf("%s: a gigabyte was read", r.URL)
		}
	}
	drip := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a server sees that a client leaves only after that
		w.WriteHeader(http.StatusOK)
		for {
			_, _ = w.Write([]byte("x"))
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		done    string // the counter that says what became of the alert
	}{
		{"500 and a gigabyte", endless(500), "errors_total"},
		{"429 and a gigabyte", endless(429), "errors_total"},
		{"413 and a gigabyte", endless(413), "dropped_total"},
		{"400 and a gigabyte", endless(400), "dropped_total"},
		{"200 and a gigabyte", endless(200), "sent_total"},
		{"200 and a byte now and then", drip, "sent_total"},
		{"no answer", func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}, "errors_total"},
		{"connection reset", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		}, "errors_total"},
		{"not HTTP", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, "220 mail.example ESMTP\r\n")
			_ = conn.Close()
		}, "errors_total"},
		{"redirected for ever", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"x", http.StatusTemporaryRedirect)
		}, "errors_total"},
		{"redirected to a page", func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				http.Redirect(w, r, "/login", http.StatusFound)
			}
		}, "dropped_total"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			hostile := httptest.NewServer(test.handler)
			defer hostile.Close()
			kind := newPeer(t)
			registry := prometheus.NewRegistry()
			s := New(Options{Registerer: registry, DrainTimeout: 10 * time.Millisecond})
			apply(t, s, fmt.Sprintf(`
alerting:
  alertmanagers:
  - {static_configs: [{targets: [%q]}], timeout: 300ms}
  - {static_configs: [{targets: [%q]}]}
`, hostile.Listener.Addr(), kind.address()))
			stop := run(t, s)
			s.Send([]rule.Alert{{Labels: labels.FromStrings("alertname", "A")}})
			kind.next(t)
			eventually(t, "the alert is in "+test.done, func() bool {
				least := 1.0
				if test.done == "sent_total" {
					least = 2 // the other's is there too
				}
				return valuesOf(t, registry)[test.done] >= least
			})
			stop()
		})
	}
}

// A redirect that repeats the POST is followed, one that does not is not: it would
// be answered, but the alerts would be nowhere.
func TestRedirects(t *testing.T) {
	for _, test := range []struct {
		status   int
		settings string
		taken    bool
	}{
		{http.StatusMovedPermanently, "", false},
		{http.StatusFound, "", false},
		{http.StatusSeeOther, "", false},
		{http.StatusTemporaryRedirect, "", true},
		{http.StatusPermanentRedirect, "", true},
		{http.StatusTemporaryRedirect, "follow_redirects: false", false},
	} {
		t.Run(fmt.Sprint(test.status, " ", test.settings), func(t *testing.T) {
			p := newPeer(t)
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, p.URL+"/elsewhere", test.status)
			}))
			defer front.Close()
			registry := prometheus.NewRegistry()
			s := New(Options{Registerer: registry})
			apply(t, s, oneAlertmanager(front.Listener.Addr().String(), test.settings))
			run(t, s)
			s.Send([]rule.Alert{{Labels: labels.FromStrings("alertname", "A")}})
			if test.taken {
				r := p.next(t)
				if got, want := r.path+" "+r.labelsOf(t), `POST /elsewhere {alertname="A"}`; got != want {
					t.Errorf("got %s, want %s", got, want)
				}
				return
			}
			eventually(t, "the alert is dropped", func() bool { return valuesOf(t, registry)["dropped_total"] == 1 })
			if n := len(p.requests); n != 0 {
				t.Errorf("%d requests were redirected", n)
			}
		})
	}
}

func TestAHundredThousandAlertsAtOnce(t *testing.T) {
	const all = 100_000
	var mu sync.Mutex
	seen := make(map[string]int)
	am := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var alerts []struct{ Labels map[string]string }
		if err := json.NewDecoder(r.Body).Decode(&alerts); err != nil || len(alerts) > DefaultBatchSize {
			t.Errorf("%d alerts: %v", len(alerts), err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, a := range alerts {
			seen[a.Labels["n"]]++
		}
	}))
	defer am.Close()
	registry := prometheus.NewRegistry()
	s := New(Options{Registerer: registry})
	apply(t, s, oneAlertmanager(am.Listener.Addr().String(), ""))
	alerts := make([]rule.Alert, all)
	for i := range alerts {
		alerts[i] = rule.Alert{Labels: labels.FromStrings("alertname", "A", "n", fmt.Sprint(i)), EndsAt: time.Now().Add(time.Hour)}
	}
	s.Send(alerts)
	wantMetrics(t, registry, map[string]float64{"queue_length": DefaultQueueCapacity, "dropped_total": all - DefaultQueueCapacity})
	stop := run(t, s)
	eventually(t, "all are sent", func() bool { return valuesOf(t, registry)["sent_total"] == DefaultQueueCapacity })
	stop()
	for i := all - DefaultQueueCapacity; i < all; i++ {
		if n := seen[fmt.Sprint(i)]; n != 1 {
			t.Fatalf("alert %d of %d was sent %d times, want once", i, all, n)
		}
	}
}

// An Alertmanager that discovery finds and loses all the time still hears of each
// alert in order, and never through two queues at once.
func TestDiscoveryThatFlaps(t *testing.T) {
	var busy atomic.Int32
	var mu sync.Mutex // guards last
	last := make(map[string]int)
	am := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		defer busy.Add(-1)
		if n := busy.Add(1); n != 1 {
			t.Errorf("%d requests at once", n)
		}
		<-time.After(3 * time.Millisecond) // longer than it takes to be lost and found
		var alerts []struct{ Labels, Annotations map[string]string }
		if err := json.NewDecoder(r.Body).Decode(&alerts); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, a := range alerts {
			name := a.Labels["alertname"]
			number, err := strconv.Atoi(a.Annotations["number"])
			if err != nil || number <= last[name] {
				t.Errorf("number %d of %s came after %d: %v", number, name, last[name], err)
			}
			last[name] = number
		}
	}))
	defer am.Close()
	registry := prometheus.NewRegistry()
	s := New(Options{Registerer: registry, BatchSize: 2})
	apply(t, s, `alerting: {alertmanagers: [{file_sd_configs: [{files: ["nowhere.json"]}]}]}`)
	stop := run(t, s)
	eventually(t, "it runs", func() bool {
		s.mu.RLock()
		defer s.mu.RUnlock()
		return s.discovery != nil
	})
	target := model.LabelSet{model.AddressLabel: model.LabelValue(am.Listener.Addr().String())}
	find := func(targets ...model.LabelSet) {
		s.discovered(map[string][]*targetgroup.Group{"config-0": {{Targets: targets}}})
	}
	number := 0
	tell := func() {
		number++
		var alerts []rule.Alert
		for _, name := range []string{"a", "b", "c"} {
			alerts = append(alerts, rule.Alert{
				Labels: labels.FromStrings("alertname", name), Annotations: labels.FromStrings("number", fmt.Sprint(number)),
			})
		}
		s.Send(alerts)
	}
	for range 500 {
		find(target)
		tell()
		find()
		s.mu.RLock()
		n := len(s.leaving)
		s.mu.RUnlock()
		if n > 1 {
			t.Fatalf("%d queues are being stopped", n)
		}
	}
	find(target)
	tell()
	eventually(t, "the latest news are there", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return last["a"] == number && last["b"] == number && last["c"] == number
	})
	stop()
	if got := valuesOf(t, registry)["dropped_total"]; got != 0 {
		t.Errorf("dropped_total: got %v, want 0", got)
	}
}

// A reload during the drain neither waits for ever nor starts anything anew.
func TestReloadWhileDraining(t *testing.T) {
	asked := make(chan struct{}, 10)
	am := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	defer am.Close()
	s := New(Options{DrainTimeout: 200 * time.Millisecond})
	cfg := oneAlertmanager(am.Listener.Addr().String(), "")
	apply(t, s, cfg)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	s.Send([]rule.Alert{{Labels: labels.FromStrings("alertname", "A")}})
	<-asked
	s.Send([]rule.Alert{{Labels: labels.FromStrings("alertname", "B")}})
	cancel()
	for range 20 {
		apply(t, s, cfg)
		apply(t, s, "alerting: {}")
	}
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("Run did not return")
	}
}
