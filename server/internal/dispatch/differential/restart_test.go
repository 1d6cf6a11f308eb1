package differential_test

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// After a restart everything goes on: timers, repetitions, what was muted, and what is
// still to be told.
func TestRestarts(t *testing.T) {
	const (
		plain     = `route: {receiver: team, group_wait: 10s, group_interval: 1m, repeat_interval: 1h}`
		inhibited = `
route: {receiver: team, group_by: [alertname], group_wait: 10s, group_interval: 1m, repeat_interval: 1h}
inhibit_rules: [{source_matchers: [alertname=Down], target_matchers: [alertname=Slow]}]`
		timed = `
route: {receiver: none, routes: [{receiver: team, group_wait: 10s, group_interval: 1m, repeat_interval: 1h, mute_time_intervals: [late]}]}
time_intervals: [{name: late, time_intervals: [{times: [{start_time: '00:06', end_time: '05:00'}]}]}]`
		active = `
route: {receiver: none, routes: [{receiver: team, group_wait: 10s, group_interval: 1m, repeat_interval: 1h, active_time_intervals: [early]}]}
time_intervals: [{name: early, time_intervals: [{times: [{start_time: '00:00', end_time: '00:06'}]}]}]`
		several = `
route: {receiver: both, group_wait: 10s, group_interval: 1m, repeat_interval: 1h}`
	)
	for _, tc := range []struct{ name, config, happens, want string }{
		{"a silenced alert ends", plain, `
			0s  post Down[0s..10m]
			5m  silence s1 0s..1h alertname=Down
			7m  restart 5s
			20m restart 5s`, `
			10s team/0 {} first notification: Down
			11m10s team/0 {} all alerts resolved: -Down`},
		{"an inhibited alert ends", inhibited, `
			0s  post Slow[0s..10m]
			5m  post Down[0s..1h]
			7m  restart 5s
			20m restart 5s`, `
			10s team/0 {alertname="Slow"} first notification: Slow
			5m10s team/0 {alertname="Down"} first notification: Down
			11m10s team/0 {alertname="Slow"} all alerts resolved: -Slow
			1h5m10s team/0 {alertname="Down"} all alerts resolved: -Down`},
		{"an alert ends in a muted time", timed, `
			0s  post Down[0s..10m]
			7m  restart 5s
			20m restart 5s`, `
			10s team/0 {} first notification: Down
			11m10s team/0 {} all alerts resolved: -Down`},
		{"an alert ends outside of the active time", active, `
			0s  post Down[0s..10m]
			7m  restart 5s
			20m restart 5s`, `
			10s team/0 {} first notification: Down
			11m10s team/0 {} all alerts resolved: -Down`},
		{"a muted alert that its group was told without ends", plain, `
			0s  post Down[0s..20m] Slow[0s..2h]
			5m  silence s1 0s..1h alertname=Down
			6m  post More[0s..2h]
			9m  restart 5s
			30m restart 5s`, `
			10s team/0 {} first notification: Down Slow
			6m10s team/0 {} new alerts added: More Slow
			20m10s team/0 {} some alerts resolved: -Down More Slow
			1h20m10s team/0 {} repeat interval elapsed: More Slow
			2h0m10s team/0 {} some alerts resolved: More -Slow
			2h6m10s team/0 {} all alerts resolved: -More`},
		{"a muted alert ends while nobody is there", plain, `
			0s  post Down[0s..10m]
			5m  silence s1 0s..1h alertname=Down
			7m  restart 10m`, `
			10s team/0 {} first notification: Down
			22m team/0 {} all alerts resolved: -Down`},
		{"of several integrations, each is told what it has not been told", several, `
			0s  post Down[0s..10m]
			5m  silence s1 0s..1h alertname=Down
			7m  restart 5s
			2h  post Down[0s..10m]`, `
			10s both/0 {} first notification: Down
			10s both/1 {} first notification: Down
			11m10s both/0 {} all alerts resolved: -Down
			2h0m10s both/0 {} first notification: Down
			2h0m10s both/1 {} first notification: Down
			2h10m10s both/0 {} all alerts resolved: -Down`},
		{"a repetition comes on time", plain, `
			0s  post Down[0s..150m]
			20m restart 5s
			40m restart 10m
			80m restart 1s`, `
			10s team/0 {} first notification: Down
			1h0m10s team/0 {} repeat interval elapsed: Down
			2h0m10s team/0 {} repeat interval elapsed: Down
			2h30m10s team/0 {} all alerts resolved: -Down`},
		{"a repetition that was due while nobody was there comes at once", plain, `
			0s  post Down[0s..150m]
			50m restart 20m`, `
			10s team/0 {} first notification: Down
			1h10m team/0 {} repeat interval elapsed: Down
			2h10m team/0 {} repeat interval elapsed: Down
			2h30m team/0 {} all alerts resolved: -Down`},
		{"the first notification comes when it would have", plain, `
			0s  post Down[0s..1h]
			5s  restart 2s`, `
			10s team/0 {} first notification: Down
			1h0m10s team/0 {} all alerts resolved: -Down`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := &program{config: tc.config, events: parse(t, tc.happens), lasts: 3 * time.Hour, with: []string{resolvedWhileMuted, exactRepeatInterval}}
			got, want := shown(p.alone(t, t.TempDir()), delivery.String), wanted(tc.want)
			if !slices.Equal(got, want) {
				t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}
