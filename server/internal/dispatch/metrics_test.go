package dispatch

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"

	"github.com/cresset-metrics/cresset/server/internal/alert"
)

func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		store := alert.NewStore(alert.Options{})
		p := New(Options{Store: store, Registerer: reg})
		gen, err := newGeneration(loadConfig(t, `
route: {receiver: team, group_by: [alertname], group_wait: 30s}
inhibit_rules: [{source_matchers: [alertname=down], target_matchers: [alertname=slow]}]`), p.o, p.shared)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		p.apply(gen, begin)
		r := &rig{Pipeline: p, store: store, begin: begin}
		r.send(t, forever, "down", "slow")
		p.step(begin)
		due, _, _ := p.step(begin.Add(30 * time.Second))
		for _, f := range due {
			if _, err := p.tell(t.Context(), gen, f); err != nil {
				t.Error(err)
			}
			p.done(f, Outcome{Told: true})
		}
		r.send(t, forever, "new")
		p.step(begin.Add(30 * time.Second))

		got := make(map[string]float64)
		families, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				name := f.GetName()
				for _, l := range m.GetLabel() {
					name += " " + l.GetValue()
				}
				got[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetSummary().GetSampleCount())
			}
		}
		for name, want := range map[string]float64{
			"alertmanager_alerts active":                                1,
			"alertmanager_alerts suppressed":                            1,
			"alertmanager_alerts unprocessed":                           1,
			"alertmanager_dispatcher_aggregation_groups":                3,
			"alertmanager_dispatcher_alert_processing_duration_seconds": 3,
			"alertmanager_notifications_suppressed_total inhibition":    1,
			"alertmanager_receivers":                                    1,
			"alertmanager_integrations":                                 0,
			"alertmanager_inhibition_rules":                             1,
			"alertmanager_notifications_total webhook":                  0,
			"alertmanager_notifications_failed_total webhook other":     0,
			"cresset_dispatcher_flushes_in_flight":                      0,
		} {
			if v, ok := got[name]; !ok || v != want {
				t.Errorf("%s is %v (present: %v), want %v", name, v, ok, want)
			}
		}
	})
}
