package send

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/rule"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/prometheus/model/labels"
)

// shownMetrics writes down what a dashboard or an alert can see of metrics, but
// for how long things took.
func shownMetrics(families []*dto.MetricFamily) string {
	var b strings.Builder
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "cresset_") { // not Prometheus'
			continue
		}
		fmt.Fprintf(&b, "%s %s %q\n", f.GetName(), f.GetType(), f.GetHelp())
		for _, m := range f.GetMetric() {
			fmt.Fprintf(&b, "  %v", m.GetLabel())
			switch {
			case m.Histogram != nil:
				h := m.GetHistogram()
				fmt.Fprintf(&b, " count %d schema %d threshold %v bounds", h.GetSampleCount(), h.GetSchema(), h.GetZeroThreshold())
				for _, bucket := range h.GetBucket() {
					fmt.Fprintf(&b, " %v", bucket.GetUpperBound())
				}
			case m.Summary != nil:
				fmt.Fprintf(&b, " count %d quantiles", m.GetSummary().GetSampleCount())
				for _, q := range m.GetSummary().GetQuantile() {
					fmt.Fprintf(&b, " %v", q.GetQuantile())
				}
			default:
				fmt.Fprintf(&b, " %v", m.GetCounter().GetValue()+m.GetGauge().GetValue())
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// Names, labels, help, types and numbers are the same, from the first scrape to
// the one after an Alertmanager has gone.
func TestMetricsAreThoseOfPrometheus(t *testing.T) {
	am := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/bad") {
			w.WriteHeader(http.StatusBadRequest) // neither tries again
		}
	}))
	t.Cleanup(am.Close)
	both := fmt.Sprintf(`
alerting:
  alertmanagers:
  - {path_prefix: good, static_configs: [{targets: [%[1]q]}]}
  - {path_prefix: bad, static_configs: [{targets: [%[1]q]}]}
`, am.Listener.Addr())
	one := both[:strings.Index(both, "  - {path_prefix: bad")]
	var alerts []rule.Alert
	for i := range 25 {
		alerts = append(alerts, rule.Alert{
			Labels: labels.FromStrings("alertname", fmt.Sprint(i)), EndsAt: time.Now().Add(time.Hour),
		})
	}
	const batch, capacity = 4, 10
	them, us := startTheirs(t, load(t, both), batch, capacity), startOurs(t, load(t, both), batch, capacity)
	sides := []sender{them, us}
	for _, step := range []struct {
		name string
		done float64 // alerts sent or dropped by then, as far as shown
		do   func(sender)
	}{
		{"before anything was sent", 0, func(sender) {}},
		{"after a few alerts", 2 * 7, func(s sender) { s.send(alerts[:7]) }},
		{"after more than can be queued", 2 * (7 + 25), func(s sender) { s.send(alerts) }},
		{"after a reload without one of the two", 7 + 25, func(s sender) {
			switch s := s.(type) {
			case *theirs:
				s.apply(load(t, one))
			case *ours:
				s.apply(load(t, one))
			}
		}},
		{"after more", 7 + 25 + 1, func(s sender) { s.send(alerts[:1]) }},
	} {
		for _, side := range sides {
			step.do(side)
		}
		var want, got string
		settled := func() bool {
			families := us.metrics()
			want, got = shownMetrics(them.metrics()), shownMetrics(families)
			return want == got && sentOrDropped(families) == step.done
		}
		if !holdsSoon(settled) {
			t.Fatalf("%s:\ngot\n%s\nwant\n%s", step.name, got, want)
		}
	}
	slices.Reverse(sides)
	for _, side := range sides {
		side.stop()
	}
	if want, got := shownMetrics(them.metrics()), shownMetrics(us.metrics()); want != got {
		t.Errorf("at the end:\ngot\n%s\nwant\n%s", got, want)
	}
}

func sentOrDropped(families []*dto.MetricFamily) (n float64) {
	for _, f := range families {
		switch f.GetName() {
		case "prometheus_notifications_sent_total", "prometheus_notifications_dropped_total":
			for _, m := range f.GetMetric() {
				n += m.GetCounter().GetValue()
			}
		}
	}
	return n
}

// holdsSoon waits for a condition, for a while.
func holdsSoon(holds func() bool) bool {
	for deadline := time.Now().Add(patience); ; <-time.After(5 * time.Millisecond) {
		if holds() || time.Now().After(deadline) {
			return holds()
		}
	}
}
