package alert

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/limit"
	"github.com/prometheus/common/model"
	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/prometheus"
)

// Section 2.2: the limit per alert name. The expired ones go first; what is known
// stays, with its new end.
func TestLimitPerName(t *testing.T) {
	registry := prometheus.NewRegistry()
	s := NewStore(Options{PerNameLimit: 2, AlertNamesInMetrics: true, Registerer: registry})
	send := func(now float64, name, instance string, ends float64) {
		t.Helper()
		a := &Alert{Alert: model.Alert{Labels: model.LabelSet{"alertname": model.LabelValue(name), "instance": model.LabelValue(instance)}, StartsAt: at(0), EndsAt: at(ends)}}
		if err := s.Receive(t.Context(), at(now), []*Alert{a}); err != nil {
			t.Fatal(err)
		}
	}
	known := func(name, instance string) bool {
		return s.Get(model.LabelSet{"alertname": model.LabelValue(name), "instance": model.LabelValue(instance)}.Fingerprint()) != nil
	}
	send(1, "a", "1", 10)
	send(1, "a", "2", 20)
	send(1, "a", "3", 30)
	send(1, "b", "1", 30)
	if known("a", "3") || !known("b", "1") {
		t.Error("want the third of a name dropped, and another name not")
	}
	send(2, "a", "1", 40)
	if !known("a", "1") {
		t.Error("want a known alert taken, though the limit is reached")
	}
	send(21, "a", "3", 50)
	if !known("a", "3") {
		t.Error("want the place of the resolved alert given to another")
	}
	send(22, "a", "4", 50)
	if known("a", "4") {
		t.Error("want the limit to hold again")
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		switch f.GetName() {
		case "alertmanager_alerts_limited_total":
			if m := f.GetMetric()[0]; m.GetCounter().GetValue() != 2 || m.GetLabel()[0].GetValue() != "a" {
				t.Errorf("got %v, want 2 dropped of the name a", m)
			}
		case "alertmanager_alerts_per_alert_limit":
			if got := f.GetMetric()[0].GetGauge().GetValue(); got != 2 {
				t.Errorf("got limit %v, want 2", got)
			}
		}
	}
	s.Expire(at(60), nil)
	if n := len(s.limits.byName); n != 0 {
		t.Errorf("%d names still have places, want none", n)
	}
}

// Who gets a place is decided as Alertmanager decides it. Its bucket asks the clock,
// so ends are far in the past or the future.
func TestLimitAgainstReference(t *testing.T) {
	now := time.Now()
	rapid.Check(t, func(t *rapid.T) {
		perName := rapid.IntRange(1, 4).Draw(t, "limit")
		ours, theirs := newLimits(perName), limit.NewBucket[model.Fingerprint](perName)
		for i := range rapid.IntRange(1, 40).Draw(t, "alerts") {
			fp := model.Fingerprint(rapid.IntRange(1, 8).Draw(t, "alert"))
			// No two ends are the same: of two that end together, either may go.
			end := now.Add(time.Duration(rapid.SampledFrom([]int{-1, 1}).Draw(t, "side"))*time.Hour + time.Duration(i)*time.Second)
			a := &Alert{Alert: model.Alert{Labels: model.LabelSet{"alertname": "x", "n": model.LabelValue(fmt.Sprint(fp))}, EndsAt: end}}
			if got, want := ours.admit(fp, a, now), theirs.Upsert(fp, end); got != want {
				t.Fatalf("alert %d with end %v: admitted %v, want %v", fp, end.Sub(now), got, want)
			}
		}
	})
}
