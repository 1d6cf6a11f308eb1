package differential_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/model"
	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/server/internal/dispatch"
)

// storm is an afternoon in which the server is stopped, killed and reloaded at any
// time, while a Prometheus sends it every minute what fires and what has ended, and
// does not know whether that arrives. Each fault has a page and, within its time, a
// ticket that the page inhibits.
type storm struct {
	faults []fault
	blows  []blow
	lasts  time.Duration
	exact  bool
}

type fault struct {
	job                  string
	begins, ends         time.Duration // of the page
	ticketFrom, ticketTo time.Duration
}

// blow is what happens to the server.
type blow struct {
	at   time.Duration
	what string        // stop, kill, reload, change
	down time.Duration // how long it is away
}

const (
	stormWait      = 10 * time.Second
	stormInterval  = time.Minute
	stormRepeat    = time.Hour
	sendEvery      = time.Minute // and alerts end four of these after the last time
	resendResolved = 15 * time.Minute
)

// config returns the configuration; n makes it another one, whose groups begin anew.
func (s *storm) config(n int) string {
	return fmt.Sprintf(`
route: {receiver: both, group_by: [alertname, job], group_wait: %dms, group_interval: %v, repeat_interval: %v}
inhibit_rules: [{source_matchers: [severity=page], target_matchers: [severity=ticket], equal: [job]}]`,
		(stormWait + time.Duration(n)*time.Millisecond).Milliseconds(), stormInterval, stormRepeat)
}

func drawStorm(t *rapid.T) *storm {
	seconds := func(what string, from, to int) time.Duration {
		return time.Duration(rapid.IntRange(from*1000, to*1000).Draw(t, what)) * time.Millisecond
	}
	s := &storm{exact: rapid.Bool().Draw(t, "exact")}
	for i := range rapid.IntRange(1, 4).Draw(t, "faults") {
		f := fault{job: fmt.Sprintf("j%d", i), begins: seconds("begins", 0, 3600)}
		f.ends = f.begins + seconds("lasts", 60, 7200)
		f.ticketFrom, f.ticketTo = f.begins, f.ends
		if rapid.Bool().Draw(t, "later") {
			f.ticketFrom = min(f.ends, f.begins+seconds("ticket from", 0, 600))
		}
		if rapid.Bool().Draw(t, "earlier") {
			f.ticketTo = max(f.ticketFrom, f.ends-seconds("ticket to", 0, 600))
		}
		s.faults = append(s.faults, f)
	}
	at := time.Duration(0)
	for range rapid.IntRange(1, 8).Draw(t, "blows") {
		b := blow{at: at + seconds("pause", 1, 2000), what: rapid.SampledFrom([]string{"stop", "stop", "kill", "reload", "change"}).Draw(t, "what")}
		if b.what == "stop" || b.what == "kill" {
			b.down = time.Duration(rapid.SampledFrom([]int{0, 1, 20, 200, 1500}).Draw(t, "down")) * time.Second
		}
		at = b.at + b.down
		s.blows = append(s.blows, b)
	}
	s.lasts = max(at, 4*time.Hour) + time.Hour
	return s
}

// sent returns what Prometheus sends at a time.
func (s *storm) sent(now time.Duration) []posted {
	var all []posted
	send := func(ls model.LabelSet, begins, ends time.Duration) {
		until := now + 4*sendEvery
		switch {
		case now < begins || now > ends+resendResolved:
			return
		case now >= ends:
			until = ends
		}
		all = append(all, posted{labels: ls, starts: &begins, ends: &until})
	}
	for _, f := range s.faults {
		job := model.LabelValue(f.job)
		send(model.LabelSet{"alertname": "Down", "severity": "page", "job": job}, f.begins, f.ends)
		send(model.LabelSet{"alertname": "Slow", "severity": "ticket", "job": job}, f.ticketFrom, f.ticketTo)
	}
	return all
}

// run returns what was told, and when the server was there.
func (s *storm) run(t *testing.T) (told []delivery, up []span) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &weathered{storm: s, ours: newOurs(t, dispatch.Options{ResolvedWhileMuted: true, ExactRepeat: s.exact}, dir), begin: time.Now(), here: true}
		w.load()
		blows := slices.Clone(s.blows)
		for next := time.Duration(0); next <= s.lasts; {
			switch {
			case !w.here && w.back <= next:
				w.until(w.back)
				w.comeBack()
			case w.here && len(blows) > 0 && blows[0].at <= next:
				w.until(blows[0].at)
				w.take(blows[0])
				blows = blows[1:]
			default:
				w.until(next)
				w.receive()
				next += sendEvery
			}
		}
		if w.here {
			w.stop()
			w.gone(0)
		}
		told, up = w.recorder.until(time.Since(w.begin)), w.up
	})
	return told, up
}

// weathered is the server in a storm.
type weathered struct {
	*ours
	storm *storm
	begin time.Time
	n     int // of the configuration

	here        bool
	since, back time.Duration // when it came, or comes back
	up          []span
}

func (w *weathered) until(at time.Duration) {
	time.Sleep(time.Until(w.begin.Add(at)))
	synctest.Wait()
}

func (w *weathered) load() {
	if err := w.reload(load(w.t, w.storm.config(w.n))); err != nil {
		w.t.Fatal(err)
	}
}

// take makes a blow happen.
func (w *weathered) take(b blow) {
	switch b.what {
	case "reload":
		w.load()
	case "change":
		w.n++
		w.load()
	case "stop":
		w.stop()
		w.gone(b.down)
	case "kill":
		w.crash()
		w.gone(b.down)
	}
}

func (w *weathered) gone(down time.Duration) {
	now := time.Since(w.begin)
	w.up = append(w.up, span{w.since, now})
	w.here, w.back = false, now+down
}

func (w *weathered) comeBack() {
	w.start()
	w.load()
	w.here, w.since = true, time.Since(w.begin)
}

// receive takes what Prometheus sends, if there is somebody to take it.
func (w *weathered) receive() {
	alerts := w.storm.sent(time.Since(w.begin))
	if !w.here || len(alerts) == 0 {
		return
	}
	if err := w.post(alerts); err != nil {
		w.t.Fatal(err)
	}
}

type span struct{ from, to time.Duration }

// Whatever happens to the server, an inhibited alert is not told, nothing is told
// twice, and nothing is lost.
func TestStorms(t *testing.T) {
	notifications := 0
	rapid.Check(t, func(rt *rapid.T) {
		s := drawStorm(rt)
		told, up := s.run(t)
		notifications += len(told)
		for _, complaint := range slices.Concat(s.leaked(told), s.repeated(told), s.lost(told, up)) {
			rt.Errorf("%s", complaint)
		}
		if rt.Failed() {
			rt.Fatalf("%+v\nup %v\ntold\n%s", *s, up, strings.Join(shown(told, delivery.String), "\n"))
		}
	})
	if notifications == 0 {
		t.Error("nobody was told anything")
	}
}

// leaked finds tickets: each was inhibited for all of its life.
func (s *storm) leaked(told []delivery) (complaints []string) {
	for _, d := range told {
		if strings.Contains(strings.Join(d.alerts, " "), "severity=ticket") {
			complaints = append(complaints, "an inhibited alert was told: "+d.String())
		}
	}
	return complaints
}

// repeated finds notifications without any news that come before the time to repeat
// what was told. Only being killed may make the server forget what it did in the last
// ten seconds.
func (s *storm) repeated(told []delivery) (complaints []string) {
	type key struct{ receiver, group string }
	last := make(map[key]delivery)
	for _, d := range told {
		k := key{d.receiver, d.group.String()}
		before, known := last[k]
		last[k] = d
		if !known || !slices.Equal(before.alerts, d.alerts) || d.at-before.at >= stormRepeat || s.killedAfter(before.at) {
			continue
		}
		complaints = append(complaints, fmt.Sprintf("told twice: %v and %v", before, d))
	}
	return complaints
}

func (s *storm) killedAfter(at time.Duration) bool {
	return slices.ContainsFunc(s.blows, func(b blow) bool { return b.what == "kill" && b.at >= at && b.at < at+11*time.Second })
}

// lost finds pages that nobody was told of though the server was there for long
// enough while they fired, and those of which nobody was told that they ended.
func (s *storm) lost(told []delivery, up []span) (complaints []string) {
	const enough = stormWait + stormInterval + sendEvery + time.Second
	for _, f := range s.faults {
		name := nameOf(model.LabelSet{"alertname": "Down", "severity": "page", "job": model.LabelValue(f.job)})
		state := make(map[string]string) // by receiver, what it was told last
		for _, d := range told {
			switch {
			case slices.Contains(d.alerts, name) && s.killedAfter(d.at):
				state[d.receiver] = "forgotten, perhaps"
			case slices.Contains(d.alerts, name):
				state[d.receiver] = "firing"
			case slices.Contains(d.alerts, "-"+name):
				state[d.receiver] = "resolved"
			}
		}
		seen := slices.ContainsFunc(up, func(u span) bool { return min(u.to, f.ends)-max(u.from, f.begins) >= enough })
		if seen && len(state) < 2 {
			complaints = append(complaints, fmt.Sprintf("%s: told to %v only", name, slices.Collect(maps.Keys(state))))
		}
		if state["both/0"] == "firing" {
			complaints = append(complaints, name+": nobody was told that it ended")
		}
	}
	return complaints
}
