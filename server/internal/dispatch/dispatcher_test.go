package dispatch

import (
	"testing"
	"time"
)

const plain = "route: {receiver: team, group_wait: 30s, group_interval: 5m}"

// Section 2.4: a new group waits for group_wait, and then flushes every
// group_interval as long as it has alerts.
func TestGroupWaitAndInterval(t *testing.T) {
	s := newSim(t, plain)
	s.insert(0, newAlert("a", 0, 0))
	s.insert(20*time.Second, newAlert("b", 20*time.Second, 0))
	s.insert(40*time.Second, newAlert("c", 40*time.Second, 0))
	s.run(11 * time.Minute)
	expect(t, s.take(), "30s team a b; 5m30s team a b c; 10m30s team a b c")
}

// Section 2.4: where the alert that creates the group has waited that long
// elsewhere, the first flush is immediate.
func TestFirstFlushOfAnOldAlert(t *testing.T) {
	for _, tc := range []struct {
		name   string
		starts time.Duration
		want   string
	}{
		{"older than group_wait", -31 * time.Second, "0s team a"},
		{"as old as group_wait", -30 * time.Second, "30s team a"},
		{"new", 0, "30s team a"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newSim(t, plain)
			s.insert(0, newAlert("a", tc.starts, 0))
			s.run(time.Minute)
			expect(t, s.take(), tc.want)
		})
	}
	t.Run("an old one that joins changes nothing", func(t *testing.T) {
		s := newSim(t, plain)
		s.insert(0, newAlert("a", 0, 0), newAlert("b", -time.Hour, 0))
		s.run(time.Minute)
		expect(t, s.take(), "30s team a b")
	})
}

// Section 2.4: a resolved alert is told once and leaves; the group goes with its
// last alert, and the next alert makes a new one that waits again.
func TestResolved(t *testing.T) {
	s := newSim(t, plain)
	s.insert(0, newAlert("a", 0, 0), newAlert("b", 0, 0))
	s.insert(time.Minute, newAlert("a", 0, 50*time.Second))
	s.insert(6*time.Minute, newAlert("b", 0, 6*time.Minute))
	s.run(30 * time.Minute)
	expect(t, s.take(), "30s team a b; 5m30s team -a b; 10m30s team -b")
	if n := len(s.d.groups); n != 0 {
		t.Errorf("%d groups are left, want none", n)
	}
	s.insert(30*time.Minute, newAlert("a", 30*time.Minute, 0))
	s.run(31 * time.Minute)
	expect(t, s.take(), "30m30s team a")
}

// An alert that is not sent any more resolves when its end has passed.
func TestResolvedByTimeout(t *testing.T) {
	s := newSim(t, plain)
	s.insert(0, newAlert("a", 0, 7*time.Minute))
	s.run(30 * time.Minute)
	expect(t, s.take(), "30s team a; 5m30s team a; 10m30s team -a")
}

// Section 2.4: after a failure the resolved alerts are told again.
func TestFailure(t *testing.T) {
	s := newSim(t, plain)
	s.insert(0, newAlert("a", 0, 0))
	s.run(time.Minute)
	s.fails = true
	s.insert(2*time.Minute, newAlert("a", 0, 2*time.Minute))
	s.run(6 * time.Minute)
	s.fails = false
	s.run(30 * time.Minute)
	expect(t, s.take(), "30s team a; 5m30s team -a; 10m30s team -a")
}

// Section 2.4: an alert that fires again while it is told to be resolved stays.
func TestFiresAgainDuringFlush(t *testing.T) {
	s := newSim(t, plain)
	s.takes = time.Minute
	s.insert(0, newAlert("a", 0, 0))
	s.insert(2*time.Minute, newAlert("a", 0, 2*time.Minute))
	s.insert(6*time.Minute, newAlert("a", 6*time.Minute, 0)) // the flush of 5m30s is out
	s.run(11 * time.Minute)
	expect(t, s.take(), "30s team a; 5m30s team -a; 10m30s team a")
}

// Section 2.4: flushes of one group never overlap; one that takes longer than the
// interval is followed at once by the next, and the interval counts from there.
func TestLongFlush(t *testing.T) {
	s := newSim(t, "route: {receiver: team, group_by: [alertname], group_wait: 0s, group_interval: 10s}")
	s.takes = 25 * time.Second
	s.insert(0, newAlert("a", 0, 0))
	s.insert(5*time.Second, newAlert("b", 5*time.Second, 0))
	s.run(55 * time.Second)
	expect(t, s.take(), `0s team{alertname="a"} a; 5s team{alertname="b"} b; 25s team{alertname="a"} a; 30s team{alertname="b"} b; 50s team{alertname="a"} a; 55s team{alertname="b"} b`)
}

// Section 2.4: a flush has until the next one, but ten seconds at least.
func TestDeadline(t *testing.T) {
	for _, tc := range []struct {
		yaml string
		want time.Duration
	}{
		{"route: {receiver: team, group_wait: 0s, group_interval: 5m}", 5 * time.Minute},
		{"route: {receiver: team, group_wait: 0s, group_interval: 1s}", 10 * time.Second},
	} {
		d := NewDispatcher(loadTree(t, tc.yaml), time.Time{})
		d.Insert(newAlert("a", 0, 0), t0)
		due, _ := d.Advance(t0)
		if len(due) != 1 || due[0].Deadline.Sub(t0) != tc.want {
			t.Errorf("%s: got %+v, want one flush with the deadline %v", tc.yaml, due, tc.want)
		}
	}
}

// Section 2.4: what a flush holds is fixed when it is handed out.
func TestSnapshot(t *testing.T) {
	d := NewDispatcher(loadTree(t, "route: {receiver: team, group_wait: 0s, group_interval: 5m}"), time.Time{})
	for _, spec := range []string{"x job=b instance=1", "y job=a instance=2", "z job=a instance=1", "w"} {
		d.Insert(newAlert(spec, 0, time.Hour), t0)
	}
	d.Insert(newAlert("gone job=c", -time.Hour, -time.Minute), t0)
	due, next := d.Advance(t0)
	expect(t, alertNames(due[0].Alerts), " z y x -gone w")
	if !next.IsZero() {
		t.Errorf("got next %v while the only group is flushing, want none", next)
	}
	for _, a := range due[0].Alerts {
		if a.Labels["alertname"] == "gone" && !a.EndsAt.Equal(at(-time.Minute)) {
			t.Errorf("the resolved alert ends at %v, want its own end", a.EndsAt)
		}
	}
	for _, a := range d.groups[groupID{d.root, due[0].GroupKey}].alerts {
		if a.EndsAt.IsZero() {
			t.Errorf("the group's own alert %v has lost its end", a.Labels)
		}
	}
	if due[0].ID != 1 || due[0].GroupKey != "{}:{}" {
		t.Errorf("got flush %d of %s, want 1 of {}:{}", due[0].ID, due[0].GroupKey)
	}
}

// Days of one flapping and one steady alert: the times of all flushes.
func TestDays(t *testing.T) {
	s := newSim(t, "route: {receiver: team, group_wait: 1m, group_interval: 6h}")
	s.insert(0, newAlert("steady", 0, 0))
	for day := range 3 {
		d := time.Duration(day) * 24 * time.Hour
		s.insert(d+2*time.Hour, newAlert("flapping", d+2*time.Hour, 0))
		s.insert(d+3*time.Hour, newAlert("flapping", d+2*time.Hour, d+3*time.Hour))
	}
	s.run(72 * time.Hour)
	expect(t, s.take(), "1m0s team steady; 6h1m0s team -flapping steady; 12h1m0s team steady; 18h1m0s team steady; "+
		"24h1m0s team steady; 30h1m0s team -flapping steady; 36h1m0s team steady; 42h1m0s team steady; "+
		"48h1m0s team steady; 54h1m0s team -flapping steady; 60h1m0s team steady; 66h1m0s team steady")
}

// An earlier repetition is written down like every other timer.
func TestRepetitionIsWrittenDown(t *testing.T) {
	d := NewDispatcher(loadTree(t, "route: {receiver: team, group_wait: 0s, group_interval: 5m}"), time.Time{})
	d.Insert(newAlert("a", 0, 0), at(0))
	due, _ := d.Advance(at(0))
	for _, f := range due {
		d.Done(f, Outcome{Told: true, RepeatAt: at(2 * time.Minute)})
	}
	changes := d.Changes()
	if last := changes[len(changes)-1]; !last.Next.Equal(at(2 * time.Minute)) {
		t.Errorf("written down as due at %v, want in two minutes", last.Next)
	}
}
