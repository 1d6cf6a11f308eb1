package alert

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/prometheus"
)

func receive(t *testing.T, s *Store, now time.Time, alerts ...*Alert) {
	t.Helper()
	if err := s.Receive(t.Context(), now, alerts); err != nil {
		t.Fatal(err)
	}
}

func names(alerts []*Alert) string {
	s := ""
	for _, a := range alerts {
		s += fmt.Sprintf("%s:%d ", a.Labels["alertname"], int(a.EndsAt.Sub(t0)/time.Minute))
	}
	return s
}

func TestSubscription(t *testing.T) {
	s := NewStore(Options{})
	receive(t, s, at(0), named("a", at(0), at(10)))
	sub := s.Subscribe("test")
	select {
	case <-sub.Wake():
	default:
		t.Error("no token although there is an alert to begin with")
	}
	receive(t, s, at(1), named("b", at(1), at(11)), named("a", at(0), at(11)), named("c", at(1), at(12)))
	receive(t, s, at(2), named("b", at(1), at(12)))

	if got, want := names(sub.Take()), "a:11 b:12 c:12 "; got != want {
		t.Errorf("got %q, want the latest version of each in order of first change: %q", got, want)
	}
	if got := sub.Take(); len(got) != 0 {
		t.Errorf("got %q again", names(got))
	}
	receive(t, s, at(3), named("c", at(1), at(13)))
	if got, want := names(sub.Take()), "c:13 "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}

	sub.Close()
	receive(t, s, at(4), named("d", at(4), at(14)))
	if got := sub.Take(); len(got) != 0 {
		t.Errorf("got %q after Close", names(got))
	}
}

// A late update that changes nothing is not handed on, and never wins.
func TestStaleUpdate(t *testing.T) {
	s := NewStore(Options{})
	receive(t, s, at(5), named("a", at(0), at(10)))
	sub := s.Subscribe("test")
	sub.Take()
	receive(t, s, at(4), named("a", at(0), at(9)))
	if got := names(s.All()); got != "a:10 " {
		t.Errorf("got %q, want the younger update", got)
	}
	if got := sub.Take(); len(got) != 0 {
		t.Errorf("got %q, want nothing", names(got))
	}
}

// Many senders and a slow subscriber: nobody waits, what is pending is never
// more than there are alerts, and the last word arrives.
func TestConcurrentIntake(t *testing.T) {
	const senders, rounds, alerts = 4, 50, 20
	s := NewStore(Options{})
	sub := s.Subscribe("slow")
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for r := range rounds {
				for i := range alerts {
					if err := s.Receive(t.Context(), at(float64(r)), []*Alert{named(fmt.Sprint(i), at(0), at(float64(100+r)))}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if n := s.pending()["slow"]; n != alerts {
		t.Errorf("%d changes are pending, want one per alert: %d", n, alerts)
	}
	for _, a := range sub.Take() {
		if want := at(100 + rounds - 1); !a.EndsAt.Equal(want) {
			t.Errorf("alert %s: got end %v, want that of the youngest update, %v", a.Labels, a.EndsAt, want)
		}
	}
}

func TestExpire(t *testing.T) {
	s := NewStore(Options{})
	receive(t, s, at(0), named("past", at(0), at(4)), named("now", at(0), at(5)), named("later", at(0), at(6)))
	if n := s.Expire(at(5), nil); n != 2 {
		t.Errorf("Expire dropped %d alerts, want 2", n)
	}
	if got, want := names(s.All()), "later:6 "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	s := NewStore(Options{Registerer: reg})
	s.Subscribe("test")
	_ = s.Receive(t.Context(), at(5), []*Alert{named("a", at(0), at(10)), named("b", at(0), at(4)), named("c", at(0), time.Time{}), named("d", at(5), at(4))})

	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]float64)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			key := f.GetName()
			for _, l := range m.GetLabel() {
				key += " " + l.GetValue()
			}
			got[key] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	want := map[string]float64{
		"alertmanager_alerts_received_total firing v2":             2,
		"alertmanager_alerts_received_total resolved v2":           2,
		"alertmanager_alerts_invalid_total v2":                     1,
		"alertmanager_alerts_subscriber_channel_writes_total test": 3,
		"cresset_alert_subscription_pending test":                  3,
	}
	for key, w := range want {
		if got[key] != w {
			t.Errorf("%s = %v, want %v (all: %v)", key, got[key], w, got)
		}
	}
}

// What an earlier run knew comes back unchanged, whether it fires or not, and
// reaches the subscribers; what has been received since is the younger.
func TestRestore(t *testing.T) {
	old := NewStore(Options{})
	receive(t, old, at(0), &Alert{Alert: model.Alert{Labels: model.LabelSet{"alertname": "timeout"}}}, named("ended", at(0), at(10)), named("twice", at(0), at(10)))

	s := NewStore(Options{})
	sub := s.Subscribe("test")
	receive(t, s, at(20), named("twice", at(0), at(40)))
	s.Restore(at(20), at(20), old.All())
	for _, want := range old.All() {
		if got := s.Get(want.Fingerprint()); want.Name() == "twice" {
			if !got.EndsAt.Equal(at(40)) {
				t.Errorf("twice: got end %v, want that of the younger: %v", got.EndsAt, at(40))
			}
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if got := len(sub.Take()); got != 3 {
		t.Errorf("the subscriber got %d alerts, want 3", got)
	}
}
