package alert

import (
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/common/model"
)

// t0 is the time at which the tests begin.
var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	compat.InitFromFlags(slog.New(slog.DiscardHandler), featurecontrol.NoopFlags{})
	m.Run()
}

// at returns a time the given minutes after t0.
func at(minutes float64) time.Time { return t0.Add(time.Duration(minutes * float64(time.Minute))) }

func named(name string, starts, ends time.Time) *Alert {
	return &Alert{Alert: model.Alert{Labels: model.LabelSet{"alertname": model.LabelValue(name)}, StartsAt: starts, EndsAt: ends}}
}
