package notify

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	amnotify "github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/common/model"
	"go.uber.org/goleak"

	"github.com/cresset-metrics/cresset/server/internal/alert"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// integration is one whose answers the test gives.
type integration struct {
	name         string
	sendResolved bool
	// answer says what happens at each attempt, counted from 1; nil always works.
	answer func(ctx context.Context, attempt int) (again bool, err error)

	mu    sync.Mutex // guards calls
	calls []call
}

// call is what an integration was given.
type call struct {
	at     time.Time
	alerts string
	reason string
	ctx    context.Context
}

func (in *integration) SendResolved() bool { return in.sendResolved }

func (in *integration) Notify(ctx context.Context, alerts ...*alert.Alert) (bool, error) {
	reason, _ := amnotify.NotificationReason(ctx)
	in.mu.Lock()
	in.calls = append(in.calls, call{at: time.Now(), alerts: names(alerts), reason: reason.String(), ctx: ctx})
	n := len(in.calls)
	in.mu.Unlock()
	if in.answer == nil {
		return false, nil
	}
	return in.answer(ctx, n)
}

// names writes alerts by name, the resolved ones with a minus sign.
func names(alerts []*alert.Alert) string {
	s := ""
	for _, a := range alerts {
		if !a.EndsAt.IsZero() {
			s += "-"
		}
		s += string(a.Labels["alertname"]) + " "
	}
	return s
}

// batchOf returns a batch of alerts written as names writes them.
func batchOf(at time.Time, alerts ...string) Batch {
	b := Batch{
		GroupKey:       `{}:{cluster="c"}`,
		GroupLabels:    model.LabelSet{"cluster": "c"},
		RouteLabels:    model.LabelSet{"team": "x"},
		RouteID:        "{}",
		FlushID:        7,
		GroupInterval:  5 * time.Minute,
		RepeatInterval: 4 * time.Hour,
		At:             at,
		Begun:          at,
	}
	for _, name := range alerts {
		a := &alert.Alert{Alert: model.Alert{StartsAt: at.Add(-time.Hour)}}
		if name[0] == '-' {
			name = name[1:]
			a.EndsAt = at.Add(-time.Minute)
		}
		a.Labels = model.LabelSet{"alertname": model.LabelValue(name)}
		b.Alerts = append(b.Alerts, a)
	}
	return b
}

func newReceiver(integrations ...*integration) (*Receiver, *Log) {
	log := NewLog(LogOptions{})
	var ins []Integration
	for i, in := range integrations {
		one := amnotify.NewIntegration(in, in, in.name, i, "team")
		ins = append(ins, &one)
	}
	return NewReceiver("team", ins, &Shared{
		Log:     log,
		Logger:  slog.New(slog.DiscardHandler),
		Metrics: NewMetrics(nil, false),
		Now:     time.Now,
	}), log
}
