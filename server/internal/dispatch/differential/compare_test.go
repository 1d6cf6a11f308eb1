package differential_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/matcher/compat"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	compat.InitFromFlags(slog.New(slog.DiscardHandler), featurecontrol.NoopFlags{})
	goleak.VerifyTestMain(m)
}

// side is one of the two pipelines.
type side interface {
	// reload puts a configuration into force, which is the side's to keep.
	reload(*config.Config) error
	// post, silence and expire make a request and return how it was refused.
	post([]posted) error
	silence(*silenced) error
	expire(name string) error
	told() *recorder
	stop()
}

const generatorURL = "http://prometheus.example/graph"

// result is what a program led to.
type result struct {
	differs string   // how the sides differ; empty if they do not
	theirs  []string // what their receivers were told
	ours    []string
}

// run puts both pipelines through a program, in virtual time.
func (p *program) run(t *testing.T, show func(delivery) string) (r result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		them := newTheirs(t, p)
		us := newOurs(t, p.options(t), "")
		both := []side{them, us}
		for _, s := range both {
			if err := s.reload(load(t, p.config)); err != nil {
				t.Fatalf("starting: %v\n%s", err, p)
			}
		}
		p.play(t, both)
		for _, s := range both {
			s.stop()
		}
		got, want := us.recorder.until(p.lasts), them.recorder.until(p.lasts)
		r.theirs, r.ours = shown(want, show), shown(got, show)
		r.differs = differences(shown(got, delivery.full), shown(want, delivery.full))
	})
	return r
}

// play makes everything happen to each of the sides, and returns when the time of
// the program is over.
func (p *program) play(t *testing.T, sides []side) {
	t.Helper()
	begin := time.Now()
	for _, e := range p.events {
		time.Sleep(time.Until(begin.Add(e.at)))
		synctest.Wait()
		var refusals []error
		for _, s := range sides {
			refusals = append(refusals, p.happen(t, e, s))
		}
		synctest.Wait()
		for _, err := range refusals[1:] {
			if (err == nil) != (refusals[0] == nil) {
				t.Errorf("%v %s: refused by one side only: %v\n%s", e.at, e, refusals, p)
			}
		}
	}
	time.Sleep(time.Until(begin.Add(p.lasts)))
	synctest.Wait()
}

func (p *program) happen(t *testing.T, e event, s side) error {
	switch {
	case e.silence != nil:
		return s.silence(e.silence)
	case e.expire != "":
		return s.expire(e.expire)
	case e.fail != nil:
		s.told().fail(*e.fail)
		return nil
	case e.reload != "":
		return s.reload(load(t, p.configs[e.reload]))
	case e.restart > 0:
		us := s.(*ours)
		us.stop()
		time.Sleep(e.restart)
		us.start()
		return us.reload(load(t, p.config))
	}
	return s.post(e.posts)
}

func load(t *testing.T, yaml string) *config.Config {
	t.Helper()
	c, err := config.Load(complete(yaml))
	if err != nil {
		t.Fatalf("%v\n%s", err, yaml)
	}
	return c
}

// instant returns the time that is so long after the beginning; zero for nil.
func (r *recorder) instant(d *time.Duration) time.Time {
	if d == nil {
		return time.Time{}
	}
	return r.begin.Add(*d).UTC()
}

// differences returns the first lines in which the sides differ, or nothing.
func differences(got, want []string) string {
	var b strings.Builder
	n := 0
	for i := range max(len(got), len(want)) {
		g, w := "(nothing)", "(nothing)"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g == w {
			continue
		}
		if n++; n > 3 {
			break
		}
		fmt.Fprintf(&b, "  theirs: %s\n  ours:   %s\n", w, g)
	}
	return b.String()
}
