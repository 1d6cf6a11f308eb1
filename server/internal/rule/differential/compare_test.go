package differential_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/tsdb"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// result is what a program led to.
type result struct {
	differs string   // how the engines differ; empty if they do not
	seen    []string // everything that theirs showed, and what it has stored
}

// run puts both engines through a program, in virtual time.
func run(t *testing.T, p *program) result {
	t.Helper()
	return inVirtualTime(t, p, func(t *testing.T, d *disturbance, theirDB, ourDB *tsdb.DB) result {
		return p.run(t, d, newTheirs(t, theirDB, d), newOurs(t, ourDB, d), func(int) {})
	})
}

// runStepped does the same without the engines' own clocks: all groups are
// evaluated once at the beginning of each step, right after its events.
func runStepped(t *testing.T, p *program) result {
	t.Helper()
	return inVirtualTime(t, p, func(t *testing.T, d *disturbance, theirDB, ourDB *tsdb.DB) result {
		them, us := &steppedTheirs{theirs: newTheirs(t, theirDB, d)}, &steppedOurs{ours: newOurs(t, ourDB, d)}
		return p.run(t, d, them, us, func(step int) {
			at := time.Now().Add(p.clock[step])
			atOnce([]side{them, us}, func(s side) error {
				s.(interface{ evaluate(time.Time) }).evaluate(at)
				return nil
			})
		})
	})
}

func inVirtualTime(t *testing.T, p *program, f func(t *testing.T, d *disturbance, theirDB, ourDB *tsdb.DB) result) (r result) {
	t.Helper()
	theirDB, done := openDB(t)
	defer done()
	ourDB, done := openDB(t)
	defer done()
	synctest.Test(t, func(t *testing.T) {
		r = f(t, &disturbance{slow: p.slow, fail: p.fail}, theirDB, ourDB)
	})
	return r
}

// run returns after the first step in which the engines differ. It calls each
// after the events of a step.
func (p *program) run(t *testing.T, d *disturbance, them, us side, each func(step int)) (r result) {
	inputs := parseSeries(t, p.series)
	now, loaded := p.settings, p.files
	both := []side{them, us}
	first := loaded
	if !p.restores {
		first = nil
	}
	for _, err := range atOnce(both, func(s side) error {
		if err := s.start(now, first); err != nil || p.restores {
			return err
		}
		return s.reload(now, loaded)
	}) {
		if err != nil {
			t.Fatalf("starting: %v\n%s", err, p)
		}
	}
	defer atOnce(both, end)

	begin := time.Now()
	for step := range p.steps {
		if time.Now().After(begin.Add(time.Duration(step) * p.step())) {
			continue // both are down
		}
		put(t, them.database(), inputs, step, time.Now())
		put(t, us.database(), inputs, step, time.Now())
		if e, ok := p.events[step]; ok {
			now, loaded = p.happen(t, e, d, both, now, loaded)
		}
		each(step)
		time.Sleep(time.Until(begin.Add(time.Duration(step+1) * p.step())))
		synctest.Wait()

		want, got := them.look().without(p.leaveOut), us.look().without(p.leaveOut)
		r.seen = slices.Concat(r.seen, want.groups, want.sent)
		r.differs = differences(
			"state", got.groups, want.groups, "alerts sent", got.sent, want.sent, "metrics", got.metrics, want.metrics)
		if r.differs != "" {
			r.differs = fmt.Sprintf("step %d, %s to %s:\n%s%s", step, showTime(begin.Add(time.Duration(step)*p.step())), showTime(time.Now()),
				r.differs, p.storedDifferences(t, them, us, &r))
			return r
		}
	}
	r.differs = p.storedDifferences(t, them, us, &r)
	return r
}

func (p *program) storedDifferences(t *testing.T, them, us side, r *result) string {
	want, got := without(stored(t, them.database()), p.leaveOut), without(stored(t, us.database()), p.leaveOut)
	r.seen = append(r.seen, want...)
	return differences("stored", got, want)
}

// happen makes an event happen on both sides, and returns what they have loaded
// then. Both refuse the same files.
func (p *program) happen(t *testing.T, e event, d *disturbance, both []side, now settings, loaded files) (settings, files) {
	if e.fail != nil {
		d.set(e.fail)
	}
	next, wanted := now, loaded
	if e.reload != nil {
		wanted = e.reload
	}
	if !e.external.IsEmpty() {
		next.external = e.external
	}
	if e.interval > 0 {
		next.interval = e.interval
	}
	if e.offset > 0 {
		next.offset = e.offset
	}
	if e.restart > 0 {
		atOnce(both, end)
		time.Sleep(e.restart)
		for _, err := range atOnce(both, func(s side) error { return s.start(next, wanted) }) {
			if err != nil {
				t.Fatalf("starting again: %v\n%s", err, p)
			}
		}
		return next, wanted
	}
	errs := atOnce(both, func(s side) error { return s.reload(next, wanted) })
	theirErr, ourErr := errs[0], errs[1]
	if (theirErr == nil) != (ourErr == nil) {
		t.Fatalf("reload: theirs says %v, ours says %v\n%s", theirErr, ourErr, p)
	}
	if theirErr != nil {
		return now, loaded
	}
	return next, wanted
}

// atOnce calls f for both sides at the same instant, each of which may take its
// time.
func atOnce(both []side, f func(side) error) []error {
	errs := make([]error, len(both))
	var wg sync.WaitGroup
	for i, s := range both {
		wg.Go(func() { errs[i] = f(s) })
	}
	wg.Wait()
	return errs
}

func end(s side) error {
	s.stop()
	return nil
}

// differences returns the lines that one side has more than the other, in groups
// of a name, the lines got and the lines wanted.
func differences(named ...any) string {
	var b strings.Builder
	for i := 0; i < len(named); i += 3 {
		got, want := withoutColumns(named[i+1].([]string)), withoutColumns(named[i+2].([]string))
		more, fewer := minus(got, want), minus(want, got)
		if len(more)+len(fewer) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s:\n", named[i])
		const enough = 12
		for j, line := range fewer {
			if j == enough {
				fmt.Fprintf(&b, "  ... and %d more of theirs\n", len(fewer)-enough)
				break
			}
			fmt.Fprintf(&b, "  theirs: %s\n", line)
		}
		for j, line := range more {
			if j == enough {
				fmt.Fprintf(&b, "  ... and %d more of ours\n", len(more)-enough)
				break
			}
			fmt.Fprintf(&b, "  ours:   %s\n", line)
		}
	}
	return b.String()
}

// minus returns the lines of a that b does not have, or has less often.
func minus(a, b []string) []string {
	count := make(map[string]int, len(b))
	for _, line := range b {
		count[line]++
	}
	var rest []string
	for _, line := range a {
		if count[line]--; count[line] < 0 {
			rest = append(rest, line)
		}
	}
	return rest
}

// without returns the lines that contain none of the texts.
func without(lines []string, texts []string) []string {
	if len(texts) == 0 {
		return lines
	}
	return slices.DeleteFunc(lines, func(line string) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(line, text) })
	})
}

func (v view) without(texts []string) view {
	return view{groups: without(v.groups, texts), sent: without(v.sent, texts), metrics: without(v.metrics, texts)}
}

// check runs a program in both ways.
func check(t *testing.T, p *program) result {
	t.Helper()
	if r := runStepped(t, p); r.differs != "" {
		t.Errorf("evaluated step by step, the engines differ in %s\n%s", r.differs, p)
	}
	r := run(t, p)
	if r.differs != "" {
		t.Errorf("the engines differ in %s\n%s", r.differs, p)
	}
	return r
}
