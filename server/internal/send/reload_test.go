package send

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/server/internal/rule"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/model/labels"
)

func alertNamed(name string) []rule.Alert {
	return []rule.Alert{{Labels: labels.FromStrings("alertname", name)}}
}

// queuesByURL returns the queues of a Sender, in the order of the configuration.
func queuesByURL(s *Sender) map[string][]*queue {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make(queues)
	for _, set := range s.sets {
		for _, q := range set.queues {
			all.put(q)
		}
	}
	return all
}

// What discovery has found is known on at once when the configuration changes
// elsewhere, and each Alertmanager keeps its queue, whatever the order of the
// entries.
func TestReloadKeepsWhatWasDiscovered(t *testing.T) {
	const a, b = "{file_sd_configs: [{files: [a.json]}]}", "{file_sd_configs: [{files: [b.json]}]}"
	config := func(entries ...string) string {
		return "alerting: {alertmanagers: [" + strings.Join(entries, ", ") + "]}"
	}
	group := func(address string) []*targetgroup.Group {
		return []*targetgroup.Group{{Targets: []model.LabelSet{{model.AddressLabel: model.LabelValue(address)}}}}
	}
	const urlA, urlB = "http://a:1/api/v2/alerts", "http://b:1/api/v2/alerts"
	s := New(Options{})
	apply(t, s, config(a, b))
	s.discovered(map[string][]*targetgroup.Group{"config-0": group("a:1"), "config-1": group("b:1"), "config-7": group("c:1")})
	before := queuesByURL(s)
	if got, want := urls(s), urlA+" "+urlB; got != want {
		t.Fatalf("discovered: got %s, want %s", got, want)
	}
	for _, test := range []struct {
		name    string
		entries []string
		want    string
	}{
		{"the same", []string{a, b}, urlA + " " + urlB},
		{"another order", []string{b, a}, urlA + " " + urlB},
		{"another entry before", []string{`{static_configs: [{targets: ["s:1"]}]}`, b, a}, urlA + " " + urlB + " http://s:1/api/v2/alerts"},
		{"another option", []string{a, strings.TrimSuffix(b, "}") + ", timeout: 3s}"}, urlA + " " + urlB},
		{"an entry twice", []string{a, a, b}, urlA + " " + urlA + " " + urlB},
	} {
		apply(t, s, config(test.entries...))
		if got := urls(s); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
		after := queuesByURL(s)
		for _, u := range []string{urlA, urlB} {
			if !slices.Contains(after[u], before[u][0]) {
				t.Errorf("%s: the queue for %s is another one", test.name, u)
			}
		}
		if same := after[urlA]; len(same) == 2 && same[0] == same[1] {
			t.Errorf("%s: two entries share a queue", test.name)
		}
	}
	apply(t, s, "alerting: {}")
}

// Targets that relabelling drops are shown as they would have been.
func TestDroppedAlertmanagers(t *testing.T) {
	s := New(Options{})
	apply(t, s, `
alerting:
  alertmanagers:
  - path_prefix: x
    static_configs: [{targets: ["a:1", "b:1"], labels: {zone: z}}]
    relabel_configs:
    - {source_labels: [zone], target_label: __address__, replacement: "elsewhere:1"}
    - {action: drop, source_labels: [zone]}
  - static_configs: [{targets: ["c:1"]}]
`)
	var dropped []string
	for _, u := range s.DroppedAlertmanagers() {
		dropped = append(dropped, u.String())
	}
	if got, want := strings.Join(dropped, " "), "http://a:1/x/api/v2/alerts http://b:1/x/api/v2/alerts"; got != want {
		t.Errorf("dropped: got %s, want %s", got, want)
	}
	if got, want := urls(s), "http://c:1/api/v2/alerts"; got != want {
		t.Errorf("kept: got %s, want %s", got, want)
	}
	apply(t, s, "alerting: {}")
}

// What discovery gave is not changed: it is given again.
func TestTargetsStayAsTheyAre(t *testing.T) {
	g := &targetgroup.Group{
		Targets: []model.LabelSet{{model.AddressLabel: "a:1", "own": "1"}},
		Labels:  model.LabelSet{"common": "2"},
	}
	before := fmt.Sprint(g.Targets, g.Labels)
	s := New(Options{})
	apply(t, s, `alerting: {alertmanagers: [{file_sd_configs: [{files: [a.json]}], relabel_configs: [{target_label: own, replacement: changed}]}]}`)
	for range 2 {
		s.discovered(map[string][]*targetgroup.Group{"config-0": {g}})
		if got := urls(s); got != "http://a:1/api/v2/alerts" || fmt.Sprint(g.Targets, g.Labels) != before {
			t.Errorf("got %s, and the group is now %v, %v", got, g.Targets, g.Labels)
		}
	}
	apply(t, s, "alerting: {}")
}

// An Alertmanager that is no longer known still gets what waits for it, unless
// that is not wanted. Nobody waits for it.
func TestAnAlertmanagerThatGoes(t *testing.T) {
	for _, drop := range []bool{false, true} {
		t.Run(fmt.Sprintf("drop=%t", drop), func(t *testing.T) {
			release := make(chan struct{})
			asked := make(chan struct{}, 10)
			var taken atomic.Int32
			leaving := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				asked <- struct{}{}
				<-release
				taken.Add(1)
			}))
			defer leaving.Close()
			staying := newPeer(t)
			registry := prometheus.NewRegistry()
			s := New(Options{DropOnStop: drop, Registerer: registry, DrainTimeout: patience})
			apply(t, s, fmt.Sprintf("alerting: {alertmanagers: [{static_configs: [{targets: [%q, %q]}]}]}", leaving.Listener.Addr(), staying.address()))
			stop := run(t, s)
			s.Send(alertNamed("A"))
			<-asked
			s.Send(alertNamed("B"))
			apply(t, s, oneAlertmanager(staying.address(), "")) // although a request is under way
			s.Send(alertNamed("C"))
			var got []string
			for strings.Join(got, " ") != `{alertname="A"} {alertname="B"} {alertname="C"}` {
				got = append(got, staying.next(t).labelsOf(t))
			}
			close(release)
			want := int32(2)
			if drop {
				want = 1 // was under way
			}
			eventually(t, "what waited was dealt with", func() bool { return taken.Load() == want })
			eventually(t, "the metrics of what went are gone", func() bool {
				families, err := registry.Gather()
				return err == nil && !strings.Contains(shownMetrics(families), leaving.Listener.Addr().String())
			})
			stop()
			if n := taken.Load(); n != want {
				t.Errorf("%d requests were taken, want %d", n, want)
			}
		})
	}
}

// What is on its way is not what a full queue drops.
func TestOverflowLeavesWhatIsOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := make(chan struct{})
		a := &alertmanager{}
		var once atomic.Bool
		a.admit = func([]string) bool {
			if once.CompareAndSwap(false, true) {
				<-busy
			}
			return true
		}
		q, registry := testQueue(t, a, Options{QueueCapacity: 3, BatchSize: 2})
		stop := runQueue(q)
		addTo(q, firing(time.Hour, "a", "b"))
		synctest.Wait()
		addTo(q, firing(time.Hour, "c", "d"))
		addTo(q, firing(time.Hour, "e", "f"))
		close(busy)
		synctest.Wait()
		if got, want := a.taken(), "a b, d e, f"; got != want {
			t.Errorf("taken: got %q, want %q", got, want)
		}
		wantMetrics(t, registry, map[string]float64{"dropped_total": 1, "sent_total": 5})
		stop()
	})
}
