package dispatch

import (
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/alert"
)

// Section 2.13: sorting by another tree. Each case begins with the tree plain
// and one group that was flushed at 30s; the reload is at 1m.
func TestReload(t *testing.T) {
	a := newAlert("a", 0, 0)
	for _, tc := range []struct {
		name, yaml string
		alerts     []*alert.Alert
		want       string
	}{
		{"nothing changed: the timer goes on", plain, []*alert.Alert{a},
			"5m30s team a"},
		{"another repeat_interval: the timer goes on", "route: {receiver: team, group_wait: 30s, group_interval: 5m, repeat_interval: 1h}", []*alert.Alert{a},
			"5m30s team a"},
		{"a route that does not matter is added: the timer goes on", "route: {receiver: team, group_wait: 30s, group_interval: 5m, routes: [{matchers: [x=y], receiver: other}]}", []*alert.Alert{a},
			"5m30s team a"},
		{"another group_interval: as new, and it is old enough", "route: {receiver: team, group_wait: 30s, group_interval: 7m}", []*alert.Alert{a},
			"1m0s team a; 8m0s team a"},
		{"another group_wait: as new, and it is not old enough", "route: {receiver: team, group_wait: 2m, group_interval: 5m}", []*alert.Alert{a},
			"3m0s team a; 8m0s team a"},
		{"another receiver: a new group", "route: {receiver: other, group_wait: 30s, group_interval: 5m}", []*alert.Alert{a},
			"1m0s other a; 6m0s other a"},
		{"other group labels: a new group", "route: {receiver: team, group_by: [alertname], group_wait: 30s, group_interval: 5m}", []*alert.Alert{a},
			`1m0s team{alertname="a"} a; 6m0s team{alertname="a"} a`},
		{"one more alert in the set joins", plain, []*alert.Alert{a, newAlert("b", 50*time.Second, 0)},
			"5m30s team a b"},
		{"resolved long ago and told: not taken in again", plain, []*alert.Alert{a, newAlert("b", -time.Hour, -time.Minute)},
			"5m30s team a"},
		{"resolved just now: still to be told", plain, []*alert.Alert{newAlert("a", 0, 50*time.Second)},
			"5m30s team -a"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newSim(t, plain)
			s.insert(0, a)
			s.run(time.Minute)
			expect(t, s.take(), "30s team a")
			s.d.Reload(loadTree(t, tc.yaml), tc.alerts, s.now)
			s.run(9 * time.Minute)
			expect(t, s.take(), tc.want)
		})
	}
}

// A resolved alert that nobody was told about outlives its place in the set.
func TestReloadKeepsWhatIsToBeTold(t *testing.T) {
	s := newSim(t, plain)
	s.insert(0, newAlert("a", 0, 2*time.Minute))
	s.run(3 * time.Minute)
	s.d.Reload(loadTree(t, plain), nil, s.now)
	s.run(9 * time.Minute)
	expect(t, s.take(), "30s team a; 5m30s team -a")
}

// A group that is made from a list of alerts is made by the oldest of them.
func TestReloadCreatesByTheOldest(t *testing.T) {
	s := newSim(t, plain)
	s.d.Reload(loadTree(t, plain), []*alert.Alert{newAlert("new", 0, 0), newAlert("old", -time.Hour, 0)}, s.now)
	s.run(time.Minute)
	expect(t, s.take(), "0s team new old")
}

// A flush that is out during a reload is still the group's: no second one begins
// before it is done, and what it told to be resolved leaves.
func TestReloadDuringFlush(t *testing.T) {
	for _, tc := range []struct{ name, yaml, want string }{
		{"same timing", "route: {receiver: team, group_wait: 0s, group_interval: 10s}", "0s team -a b; 30s team b"},
		{"other timing", "route: {receiver: team, group_wait: 1s, group_interval: 10s}", "0s team -a b; 30s team b"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newSim(t, "route: {receiver: team, group_wait: 0s, group_interval: 10s}")
			s.takes = 30 * time.Second
			a, b := newAlert("a", -time.Hour, -time.Minute), newAlert("b", 0, 0)
			s.insert(0, a, b)
			s.run(5 * time.Second)
			s.d.Reload(loadTree(t, tc.yaml), []*alert.Alert{a, b}, s.now)
			s.run(59 * time.Second)
			expect(t, s.take(), tc.want)
		})
	}
}

// A group whose route is gone keeps its flush until that is done. Should its key
// come into use again before, it waits.
func TestRouteGoesAndComesBackDuringFlush(t *testing.T) {
	const with = "route: {receiver: team, group_wait: 0s, group_interval: 10s, routes: [{matchers: [x=y], receiver: other}]}"
	const without = "route: {receiver: team, group_wait: 0s, group_interval: 10s}"
	s := newSim(t, with)
	s.takes = 30 * time.Second
	a := newAlert("a x=y", 0, 0)
	s.insert(0, a)
	s.run(5 * time.Second)
	s.d.Reload(loadTree(t, without), []*alert.Alert{a}, s.now)
	s.run(10 * time.Second)
	s.d.Reload(loadTree(t, with), []*alert.Alert{a}, s.now)
	s.run(35 * time.Second)
	expect(t, s.take(), "0s other a; 5s team a; 30s other a")

	s.run(10 * time.Minute)
	s.take()
	s.d.Reload(loadTree(t, without), []*alert.Alert{a}, s.now)
	s.run(20 * time.Minute)
	if n := len(s.d.estate); n != 0 {
		t.Errorf("%d groups of earlier trees are still kept, want none", n)
	}
}

// Two siblings with equal matchers and receiver share their key. Each goes on
// with the timer of the one at its place.
func TestReloadOfTwins(t *testing.T) {
	const twins = "route: {receiver: team, routes: [{matchers: [a=b], continue: true, group_wait: 1m, group_interval: 5m}, {matchers: [a=b], group_wait: 2m, group_interval: 7m}]}"
	s := newSim(t, twins)
	a := newAlert("x a=b", 0, 0)
	s.insert(0, a)
	s.run(150 * time.Second)
	expect(t, s.take(), "1m0s team x; 2m0s team x")
	s.d.Reload(loadTree(t, twins), []*alert.Alert{a}, s.now)
	s.run(10 * time.Minute)
	expect(t, s.take(), "6m0s team x; 9m0s team x")
}
