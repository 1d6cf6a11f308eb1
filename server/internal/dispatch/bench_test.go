package dispatch

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
)

// BenchmarkIntake is the way of one alert from the store into its group, in
// batches of 64, with ten inhibition rules and a tree of ten routes.
//
// On two shared cores (AMD EPYC, Go 1.26.8): 3.5 us refreshed.
func BenchmarkIntake(b *testing.B) {
	yaml := "route: {receiver: team, group_by: [alertname, cluster], routes: ["
	rules := "inhibit_rules: ["
	for i := range 10 {
		yaml += fmt.Sprintf("{receiver: team, matchers: [team=t%d]},", i)
		rules += fmt.Sprintf("{source_matchers: [alertname=source%d], target_matchers: [severity=low], equal: [cluster]},", i)
	}
	c := loadConfig(b, yaml+"]}\n"+rules+"]")
	store := alert.NewStore(alert.Options{})
	p := New(Options{Store: store})
	if err := p.Apply(c); err != nil {
		b.Fatal(err)
	}
	const alerts, batch = 1 << 14, 64
	now := t0
	send := func(first int) {
		as := make([]*alert.Alert, batch)
		for i := range as {
			n := (first + i) % alerts
			as[i] = &alert.Alert{Alert: model.Alert{
				Labels: model.LabelSet{
					"alertname": model.LabelValue(fmt.Sprint("a", n%100)), "cluster": model.LabelValue(fmt.Sprint("c", n%20)),
					"instance": model.LabelValue(fmt.Sprint(n)), "team": model.LabelValue(fmt.Sprint("t", n%15)), "severity": "low",
				},
				StartsAt: t0, EndsAt: now.Add(time.Hour),
			}}
		}
		if err := store.Receive(context.Background(), now, as); err != nil {
			b.Fatal(err)
		}
		p.step(now)
	}
	for i := 0; i < alerts; i += batch {
		send(i)
	}
	b.ResetTimer()
	for i := 0; i < b.N; i += batch {
		now = now.Add(time.Millisecond)
		send(i)
	}
}
