package notify

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	amnotify "github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/server/internal/alert"
)

// Section 2.6, rule by rule.
func TestReasonToNotify(t *testing.T) {
	const repeat = 4 * time.Hour
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	entry := func(age time.Duration, firing, resolved Hashes) *Entry {
		return &Entry{At: at.Add(-age), Firing: firing, Resolved: resolved}
	}
	for _, tc := range []struct {
		name             string
		entry            *Entry
		firing, resolved Hashes
		sendResolved     bool
		want             amnotify.NotifyReason
	}{
		{"1: never told, something fires", nil, Hashes{1}, Hashes{2}, true, amnotify.ReasonFirstNotification},
		{"1: never told, all resolved", nil, nil, Hashes{2}, true, amnotify.ReasonDoNotNotify},
		{"2: new alert", entry(0, Hashes{1}, nil), Hashes{1, 2}, nil, true, amnotify.ReasonNewAlertsInGroup},
		{"2: another alert instead", entry(0, Hashes{1}, nil), Hashes{2}, nil, true, amnotify.ReasonNewAlertsInGroup},
		{"2: fires again after all was well", entry(0, nil, Hashes{1}), Hashes{1}, nil, true, amnotify.ReasonFirstNotification},
		{"3: all resolved", entry(0, Hashes{1}, nil), nil, Hashes{1}, true, amnotify.ReasonAllAlertsResolved},
		{"3: all resolved, not to be sent but to be remembered", entry(0, Hashes{1}, nil), nil, Hashes{1}, false, amnotify.ReasonAllAlertsResolved},
		{"3: fired and resolved between two flushes", entry(0, nil, Hashes{1}), nil, Hashes{2}, true, amnotify.ReasonDoNotNotify},
		{"3: long quiet is no reason to repeat", entry(99*time.Hour, nil, Hashes{1}), nil, Hashes{1}, true, amnotify.ReasonDoNotNotify},
		{"4: one resolved", entry(0, Hashes{1, 2}, nil), Hashes{1}, Hashes{2}, true, amnotify.ReasonNewResolvedAlerts},
		{"4: one resolved, of no interest", entry(0, Hashes{1, 2}, nil), Hashes{1}, Hashes{2}, false, amnotify.ReasonDoNotNotify},
		{"4: resolved, told already", entry(0, Hashes{1, 2}, Hashes{3}), Hashes{1}, Hashes{3}, true, amnotify.ReasonDoNotNotify},
		{"4: one disappeared, muted perhaps", entry(0, Hashes{1, 2}, nil), Hashes{1}, nil, true, amnotify.ReasonDoNotNotify},
		{"5: nothing new", entry(time.Hour, Hashes{1}, nil), Hashes{1}, nil, true, amnotify.ReasonDoNotNotify},
		{"5: the repeat interval to the second", entry(repeat, Hashes{1}, nil), Hashes{1}, nil, true, amnotify.ReasonDoNotNotify},
		{"5: more than the repeat interval", entry(repeat+time.Nanosecond, Hashes{1}, nil), Hashes{1}, nil, true, amnotify.ReasonRepeatIntervalElapsed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var e Entry
			if tc.entry != nil {
				e = *tc.entry
			}
			if got := reasonToNotify(e, tc.entry != nil, composition{firing: tc.firing, resolved: tc.resolved}, tc.sendResolved, repeat, at, false); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// oneEntry is a notification log that knows one entry or none.
type oneEntry struct{ entry *nflogpb.Entry }

func (l oneEntry) Query(...nflog.QueryParam) ([]*nflogpb.Entry, error) {
	if l.entry == nil {
		return nil, nflog.ErrNotFound
	}
	return []*nflogpb.Entry{l.entry}, nil
}

func (oneEntry) Log(*nflogpb.Receiver, string, []uint64, []uint64, *nflog.Store, time.Duration) error {
	return nil
}

type sendResolved bool

func (s sendResolved) SendResolved() bool { return bool(s) }

// Alerts have the hashes that Alertmanager gives them, and the decision is the
// one that it takes.
func TestReasonAgainstReference(t *testing.T) {
	someAlerts := rapid.SliceOfDistinct(rapid.IntRange(1, 5), rapid.ID[int])
	rapid.Check(t, func(t *rapid.T) {
		at := time.Now()
		states := rapid.SliceOfN(rapid.IntRange(0, 2), 5, 5).Draw(t, "states")
		var alerts []*alert.Alert
		for i, state := range states {
			a := &alert.Alert{Alert: model.Alert{Labels: model.LabelSet{"alertname": "x", "n": model.LabelValue(fmt.Sprint(i + 1))}, StartsAt: at.Add(-time.Hour)}}
			switch state {
			case 0:
				continue
			case 1:
				a.EndsAt = at.Add(-time.Minute)
			}
			alerts = append(alerts, a)
		}
		entryHashes := func(label string) Hashes {
			h := Hashes{}
			for _, n := range someAlerts.Draw(t, label) {
				h = append(h, hash(model.LabelSet{"alertname": "x", "n": model.LabelValue(fmt.Sprint(n))}))
			}
			slices.Sort(h)
			return h
		}
		entry := Entry{Firing: entryHashes("entry firing"), Resolved: entryHashes("entry resolved"), At: at.Add(-time.Duration(rapid.IntRange(0, 120).Draw(t, "age")) * time.Minute)}
		known := rapid.Bool().Draw(t, "known")
		send := sendResolved(rapid.Bool().Draw(t, "send resolved"))

		var log oneEntry
		if known {
			log.entry = &nflogpb.Entry{FiringAlerts: entry.Firing, ResolvedAlerts: entry.Resolved, Timestamp: timestamppb.New(entry.At)}
		}
		ctx := amnotify.WithNow(amnotify.WithRepeatInterval(amnotify.WithGroupKey(context.Background(), "key"), time.Hour), at)
		ctx, _, err := amnotify.NewDedupStage(send, log, &nflogpb.Receiver{}).Exec(ctx, slog.New(slog.DiscardHandler), alerts...)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := amnotify.NotificationReason(ctx)
		wantFiring, _ := amnotify.FiringAlerts(ctx)
		wantResolved, _ := amnotify.ResolvedAlerts(ctx)
		slices.Sort(wantFiring)
		slices.Sort(wantResolved)

		c := compose(entry, Batch{Begun: at, Alerts: alerts}, at)
		if !slices.Equal(c.firing, wantFiring) || !slices.Equal(c.resolved, wantResolved) {
			t.Fatalf("got hashes %v, %v; want %v, %v", c.firing, c.resolved, wantFiring, wantResolved)
		}
		if got := reasonToNotify(entry, known, c, bool(send), time.Hour, at, false); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}
