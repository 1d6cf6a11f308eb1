package dispatch

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/common/model"
	"go.uber.org/goleak"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/route"
)

// t0 is the time at which the tests begin.
var t0 = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return t0.Add(d) }

func TestMain(m *testing.M) {
	compat.InitFromFlags(slog.New(slog.DiscardHandler), featurecontrol.NoopFlags{})
	goleak.VerifyTestMain(m)
}

// loadConfig loads a configuration of which only the interesting part is given;
// receivers team and other are always there.
func loadConfig(t testing.TB, yaml string) *config.Config {
	t.Helper()
	c, err := config.Load(yaml + "\nreceivers: [{name: team}, {name: other}]\n")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func loadTree(t testing.TB, yaml string) *route.Route {
	t.Helper()
	root, err := route.New(loadConfig(t, yaml).Route)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// newAlert returns an alert whose name and further labels are given as
// "name k=v", which starts and ends at these times; the zero duration as end
// means far in the future.
func newAlert(spec string, starts, ends time.Duration) *alert.Alert {
	ls := model.LabelSet{}
	for i, field := range strings.Fields(spec) {
		name, value, ok := strings.Cut(field, "=")
		if i == 0 && !ok {
			name, value = "alertname", field
		}
		ls[model.LabelName(name)] = model.LabelValue(value)
	}
	if ends == 0 {
		ends = 1000 * time.Hour
	}
	return &alert.Alert{Alert: model.Alert{Labels: ls, StartsAt: at(starts), EndsAt: at(ends)}, UpdatedAt: at(starts)}
}

// sim replays a dispatcher's time. Every flush takes a while and then succeeds
// or fails, as the test says.
type sim struct {
	d     *Dispatcher
	now   time.Time
	takes time.Duration
	fails bool
	out   []*running
	// flushes is what was handed out, as text.
	flushes []string
}

type running struct {
	f    *Flush
	ends time.Time
	ok   bool
}

func newSim(t testing.TB, yaml string) *sim {
	return &sim{d: NewDispatcher(loadTree(t, yaml), time.Time{}), now: t0}
}

// insert lets the time pass and then inserts alerts.
func (s *sim) insert(when time.Duration, alerts ...*alert.Alert) {
	s.run(when)
	for _, a := range alerts {
		s.d.Insert(a, s.now)
	}
}

// run lets the time pass, from one event to the next.
func (s *sim) run(until time.Duration) {
	for {
		due, next := s.d.Advance(s.now)
		for _, f := range due {
			s.flushes = append(s.flushes, fmt.Sprintf("%v %s%s", s.now.Sub(t0), groupName(f), alertNames(f.Alerts)))
			s.out = append(s.out, &running{f, s.now.Add(s.takes), !s.fails})
		}
		if s.finish() {
			continue // a group may be due at once
		}
		for _, r := range s.out {
			if next.IsZero() || r.ends.Before(next) {
				next = r.ends
			}
		}
		if next.IsZero() || next.After(at(until)) {
			s.now = at(until)
			return
		}
		s.now = next
	}
}

// finish ends the flushes whose time is over and says whether there were any.
func (s *sim) finish() bool {
	var out []*running
	for _, r := range s.out {
		if r.ends.After(s.now) {
			out = append(out, r)
		} else {
			s.d.Done(r.f, Outcome{Told: r.ok})
		}
	}
	ended := len(out) < len(s.out)
	s.out = out
	return ended
}

// take returns what was flushed since the last call, and forgets it.
func (s *sim) take() string {
	got := strings.Join(s.flushes, "; ")
	s.flushes = nil
	return got
}

// groupName tells groups apart where they have labels.
func groupName(f *Flush) string {
	if len(f.GroupLabels) == 0 {
		return f.Route.Receiver
	}
	return f.Route.Receiver + f.GroupLabels.String()
}

// alertNames writes alerts by name, the resolved ones with a minus sign.
func alertNames(alerts []*alert.Alert) string {
	s := ""
	for _, a := range alerts {
		s += " "
		if !a.EndsAt.IsZero() {
			s += "-"
		}
		s += string(a.Labels["alertname"])
	}
	return s
}

func expect(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}
