package registry_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
)

// Collectors of one name are told apart, and a number is free again when its
// collector is not registered any more.
func TestCollectorsOfOneNameAreToldApart(t *testing.T) {
	r, _ := quarantined(&registry.Quarantine{})
	var descs []*registry.Desc
	add := func(i int) {
		d := describe(fmt.Sprintf("m%d", i))
		descs = append(descs, d)
		mustRegister(t, r, adding("*x.Same", values(d, 1).run(d)), d)
	}
	for i := range 3 {
		add(i)
	}
	names := func() string {
		page, _ := r.Gather(explain)
		return text(t, page, "cresset_collector_success")
	}
	const three = `# TYPE cresset_collector_success gauge
cresset_collector_success{collector="*x.Same"} 1
cresset_collector_success{collector="*x.Same #2"} 1
cresset_collector_success{collector="*x.Same #3"} 1
`
	if got := names(); got != three {
		t.Errorf("got:\n%s\nwant:\n%s", got, three)
	}
	r.Unregister(descs[1:2])
	if got, want := names(), strings.Replace(three, "cresset_collector_success{collector=\"*x.Same #2\"} 1\n", "", 1); got != want {
		t.Errorf("without the second: got:\n%s\nwant:\n%s", got, want)
	}
	add(3)
	if got := names(); got != three {
		t.Errorf("with another one: got:\n%s\nwant:\n%s", got, three)
	}
}

// A source that was registered twice is asked once, and its series are duplicates.
func TestASourceThatIsThereTwice(t *testing.T) {
	a := describe("a")
	r, _ := quarantined(&registry.Quarantine{})
	g := newGate("*x.Twice", values(a, 1).run(a))
	mustRegister(t, r, g)
	mustRegister(t, r, g)
	page, _ := r.Gather(explain)
	got := text(t, page, "a", "cresset_collector_success", "cresset_quarantined_series_total")
	const want = `# TYPE a gauge
a 1
# TYPE cresset_collector_success gauge
cresset_collector_success{collector="*x.Twice"} 1
# TYPE cresset_quarantined_series_total counter
cresset_quarantined_series_total{family="a",reason="duplicate"} 1
`
	if got != want || g.asked.Load() != 1 {
		t.Errorf("asked %d times, got:\n%s\nwant, asked once:\n%s", g.asked.Load(), got, want)
	}
}

// What is counted by name is bounded, however many names come.
func TestCountsAreBounded(t *testing.T) {
	r, _ := quarantined(&registry.Quarantine{})
	n := 0
	mustRegister(t, r, &collector{name: "*x.Bad", collect: func(b *registry.Batch) {
		for range 700 {
			n++
			b.Fail(registry.Because(registry.Invalid, fmt.Sprintf("m%d", n), errors.New("odd")))
		}
	}})
	for range 4 {
		r.Gather(explain)
	}
	page, _ := r.Gather(explain)
	got := text(t, page, "cresset_quarantined_series_total")
	if series := strings.Count(got, "\n") - 1; series != 1001 {
		t.Errorf("got %d series, want 1001", series)
	}
	if want := `cresset_quarantined_series_total{family="__overflow__",reason="invalid"} 2500`; !strings.Contains(got, want) {
		t.Errorf("got no line %s", want)
	}
}

// A source that is not registered any more is forgotten, with what it gave last.
func TestUnregisteredCollectorsAreForgotten(t *testing.T) {
	r, _ := quarantined(&registry.Quarantine{ServeLast: time.Hour})
	dropped := make(chan struct{})
	func() {
		d := describe("m")
		c := adding("*x.Gone", values(d, 1).run(d))
		runtime.AddCleanup(c, func(chan struct{}) { close(dropped) }, dropped)
		mustRegister(t, r, c, d)
		r.Gather(explain)
		r.Unregister([]*registry.Desc{d})
	}()
	r.Gather(explain)
	for range 1000 {
		runtime.GC()
		select {
		case <-dropped:
			if page, _ := r.Gather(explain); page.Len() != 0 {
				t.Errorf("the page has %d families, want none", page.Len())
			}
			return
		case <-time.After(time.Millisecond):
		}
	}
	t.Error("the collector is still there")
}

// Scrapes at full speed, while collectors panic, hang, come back, and are
// registered and unregistered: the rest of each page is whole, and no collector
// is asked twice at a time.
func TestQuarantineWhileEverythingGoesWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, log := quarantined(&registry.Quarantine{ServeLast: 30 * time.Second})
		good, other := describe("good", "l"), describe("other", "l")
		mustRegister(t, r, quickSource{values(good, 1, "a", "b", "c").ordered(good)}, good)
		mustRegister(t, r, adding("*x.Good", values(other, 2, "x", "y").run(other)), other)

		var stop atomic.Bool
		var wg sync.WaitGroup
		var gates []*gate
		for i := range 4 {
			d := describe(fmt.Sprintf("bad%d", i), "l")
			g := newGate(fmt.Sprintf("*x.Bad%d", i), values(d, 3, "a", "b", "a").run(d)) // with a duplicate
			inner, calls := g.collect, 0
			g.collect = func(b *registry.Batch) {
				calls++ // by one goroutine at a time, or the race detector tells
				if calls%3 == i%3 {
					b.Add(values(d, 4, "z").run(d))
					panic("oh")
				}
				inner(b)
			}
			gates = append(gates, g)
			wg.Go(func() {
				for n := 0; !stop.Load(); n++ {
					mustRegister(t, r, g, d)
					for range 10 {
						g.hang.Store(n%2 == 0)
						time.Sleep(700 * time.Millisecond)
						g.hang.Store(false)
						select {
						case g.goOn <- struct{}{}:
						case <-time.After(time.Second):
						}
					}
					for g.inside.Load() > 0 { // another run of it may begin once it is forgotten
						select {
						case g.goOn <- struct{}{}:
						case <-time.After(time.Millisecond):
						}
					}
					r.Unregister([]*registry.Desc{d})
					time.Sleep(300 * time.Millisecond) // for a gather that had begun to ask it
					for g.inside.Load() > 0 {
						time.Sleep(time.Millisecond)
					}
				}
			})
		}
		for i := range 4 {
			wg.Go(func() {
				for !stop.Load() {
					page, _ := r.Quarantine.Gather(r, in(time.Duration(50*(i+1))*time.Millisecond), explain)
					got := text(t, page, "good", "other")
					if want := "# TYPE good gauge\ngood{l=\"a\"} 1\ngood{l=\"b\"} 1\ngood{l=\"c\"} 1\n# TYPE other gauge\nother{l=\"x\"} 2\nother{l=\"y\"} 2\n"; got != want {
						t.Errorf("got:\n%s\nwant:\n%s", got, want)
					}
					page.Write(discard{})
					time.Sleep(10 * time.Millisecond)
				}
			})
		}
		time.Sleep(30 * time.Second)
		stop.Store(true)
		wg.Wait()
		for i, g := range gates {
			if most := g.most.Load(); most > 1 {
				t.Errorf("collector %d was asked %d times at once", i, most)
			}
			if g.asked.Load() < 8 {
				t.Errorf("collector %d was asked %d times, want more", i, g.asked.Load())
			}
		}
		if len(log.read()) == 0 {
			t.Error("nothing was reported")
		}
	})
}

// discard is an encoder that looks at everything and keeps nothing.
type discard struct{}

func (discard) Family(*exposition.Family) {}
func (discard) Series(*exposition.Series) {}
func (discard) Close() error              { return nil }

// What is wrong all the time is reported once, however many gathers there are at
// once.
func TestReportedOnceByManyGathers(t *testing.T) {
	a := describe("a", "l")
	r, log := quarantined(&registry.Quarantine{})
	mustRegister(t, r, &collector{name: "*x.Bad", collect: func(b *registry.Batch) {
		b.Add(values(a, 1, "x", "x").run(a))
		panic("oh")
	}})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				r.Gather(explain)
			}
		})
	}
	wg.Wait()
	if got := log.read(); len(got) != 2 {
		t.Errorf("reported:\n%s\nwant two lines", strings.Join(got, "\n"))
	}
	page, _ := r.Gather(explain)
	if got := text(t, page); !strings.Contains(got, "reason=\"panic\"} 1601\n") || !strings.Contains(got, "reason=\"duplicate\"} 1601\n") {
		t.Errorf("got:\n%s\nwant each counted 1601 times", got)
	}
}
