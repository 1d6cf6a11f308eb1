package registry_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/cresset-metrics/cresset/internal/registry"
)

// in returns a deadline.
func in(d time.Duration) time.Time { return time.Now().Add(d) }

// took gathers and returns the lines of the page and how long that took.
func took(t *testing.T, r *registry.Registry, deadline time.Time) (string, time.Duration) {
	t.Helper()
	began := time.Now()
	page, _ := r.Quarantine.Gather(r, deadline, explain)
	return lines(t, page), time.Since(began)
}

func expectPage(t *testing.T, what, got, want string, lasted, should time.Duration) {
	t.Helper()
	if got != want || lasted != should {
		t.Errorf("%s: got, after %v:\n%s\nwant, after %v:\n%s", what, lasted, got, should, want)
	}
}

func TestACollectorThatHangsIsNotAskedUntilItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := describe("a"), describe("b")
		r, log := quarantined(&registry.Quarantine{})
		g := newGate("*x.Slow", values(a, 1).run(a))
		mustRegister(t, r, g)
		mustRegister(t, r, quickSource{values(b, 7).ordered(b)})
		leftOut := func(failures int) string {
			return fmt.Sprintf("b 7\ncresset_collector_failures_total{collector=\"*x.Slow\",reason=\"timeout\"} %d\ncresset_collector_success{collector=\"*x.Slow\"} 0\n", failures)
		}
		whole := func(failures int) string {
			return "a 1\n" + strings.ReplaceAll(leftOut(failures), "cresset_collector_success{collector=\"*x.Slow\"} 0\n", "")
		}

		g.hang.Store(true)
		page, lasted := took(t, r, in(9*time.Second))
		expectPage(t, "first", page, leftOut(1), lasted, 9*time.Second)
		for failures := 2; failures <= 20; failures++ {
			page, lasted = took(t, r, in(9*time.Second))
			expectPage(t, "again", page, leftOut(failures), lasted, 0)
			time.Sleep(15 * time.Second)
		}
		if got := g.asked.Load(); got != 1 {
			t.Errorf("asked %d times, want 1", got)
		}
		log.expect(t, "*x.Slow timeout: has not come back after 9s, and is not asked again until it has")

		g.hang.Store(false)
		g.goOn <- struct{}{}
		synctest.Wait()
		page, lasted = took(t, r, in(9*time.Second))
		expectPage(t, "back", page, whole(20), lasted, 0)
		log.expect(t, "*x.Slow timeout over")

		g.hang.Store(true)
		page, lasted = took(t, r, in(3*time.Second))
		expectPage(t, "anew", page, leftOut(21), lasted, 3*time.Second)
		log.expect(t, "*x.Slow timeout: has not come back after 3s, and is not asked again until it has")
		g.goOn <- struct{}{}
		if got := g.asked.Load(); got != 3 {
			t.Errorf("asked %d times, want 3", got)
		}
	})
}

func TestQuarantineTime(t *testing.T) {
	tests := []struct {
		name     string
		timeout  time.Duration
		deadline time.Duration // 0 for none
		want     time.Duration
	}{
		{"nothing is said", 0, 0, registry.DefaultTimeout},
		{"a timeout", time.Second, 0, time.Second},
		{"a timeout of more than a minute", time.Hour, 0, time.Hour},
		{"a negative timeout", -time.Second, 0, registry.DefaultTimeout},
		{"a deadline", 0, 3 * time.Second, 3 * time.Second},
		{"a late deadline", 0, time.Hour, time.Hour},
		{"a deadline before the timeout", 5 * time.Second, 3 * time.Second, 3 * time.Second},
		{"a timeout before the deadline", 3 * time.Second, 5 * time.Second, 3 * time.Second},
		{"a deadline that is over", 0, -time.Second, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := describe("a")
				r, _ := quarantined(&registry.Quarantine{Timeout: test.timeout})
				g := newGate("*x.Slow", values(a, 1).run(a))
				g.hang.Store(true)
				mustRegister(t, r, g)
				var deadline time.Time
				if test.deadline != 0 {
					deadline = in(test.deadline)
				}
				if _, lasted := took(t, r, deadline); lasted != test.want {
					t.Errorf("gathered for %v, want %v", lasted, test.want)
				}
				close(g.goOn)
				if want := int64(min(test.want, 1)); g.asked.Load() != want {
					t.Errorf("asked %d times, want %d", g.asked.Load(), want)
				}
			})
		})
	}
}

// Several collectors may hang; each has the time, all at once.
func TestAllCollectorsHaveTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := quarantined(&registry.Quarantine{})
		var want string
		for i := range 10 {
			d := describe(fmt.Sprintf("m%d", i))
			mustRegister(t, r, &collector{name: d.Name, isFamily: true, collect: func(b *registry.Batch) {
				time.Sleep(time.Duration(i) * time.Second)
				b.Add(values(d, 1).run(d))
			}})
			if i < 5 {
				want += d.Name + " 1\n"
			}
		}
		page, _ := r.Quarantine.Gather(r, in(4500*time.Millisecond), explain)
		if got := lines(t, page); !strings.HasSuffix(got, want) || strings.Count(got, "timeout") != 5 {
			t.Errorf("got:\n%s\nwant:\n%s and five that are left out", got, want)
		}
		time.Sleep(time.Minute)
	})
}

func TestGathersShareARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := describe("a")
		r, log := quarantined(&registry.Quarantine{})
		g := newGate("*x.Slow", values(a, 1).run(a))
		g.hang.Store(true)
		mustRegister(t, r, g)
		type result struct {
			page   string
			lasted time.Duration
		}
		gather := func(allowance time.Duration) <-chan result {
			c := make(chan result, 1)
			go func() {
				page, lasted := took(t, r, in(allowance))
				c <- result{page, lasted}
			}()
			return c
		}
		short := gather(2 * time.Second)
		time.Sleep(time.Second)
		long := gather(10 * time.Second) // has until ten seconds after the run began
		synctest.Wait()
		longer := gather(20 * time.Second)
		if r := <-short; r.lasted != 2*time.Second || strings.Contains(r.page, "a 1") {
			t.Errorf("short: got after %v:\n%s", r.lasted, r.page)
		}
		if r := <-long; r.lasted != 9*time.Second || strings.Contains(r.page, "a 1") {
			t.Errorf("long: got after %v:\n%s", r.lasted, r.page)
		}
		g.goOn <- struct{}{}
		if r := <-longer; r.lasted != 9*time.Second || !strings.Contains(r.page, "a 1\n") {
			t.Errorf("longer: got after %v:\n%s", r.lasted, r.page)
		}
		if got := g.asked.Load(); got != 1 {
			t.Errorf("asked %d times, want 1", got)
		}
		log.expect(t, "*x.Slow timeout: has not come back after 2s, and is not asked again until it has", "*x.Slow timeout over")
	})
}

func TestContextEndsWhenNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := describe("a")
		r, log := quarantined(&registry.Quarantine{ServeLast: time.Hour})
		var heard time.Time
		mustRegister(t, r, &collector{name: "*x.Told", collect: func(b *registry.Batch) {
			ctx := b.Context()
			select {
			case <-ctx.Done():
				heard = time.Now()
				if cause := context.Cause(ctx); !errors.Is(cause, context.DeadlineExceeded) {
					t.Errorf("the context ended by %v", cause)
				}
				b.Add(values(a, 1).run(a)) // not a good result
			case <-time.After(time.Minute):
			}
		}})
		began := time.Now()
		go r.Quarantine.Gather(r, in(2*time.Second), explain)
		time.Sleep(time.Second)
		page, lasted := took(t, r, in(5*time.Second))
		synctest.Wait()
		if got := heard.Sub(began); got != 5*time.Second || lasted != 4*time.Second {
			t.Errorf("heard after %v, gathered for %v; want 5s and 4s", got, lasted)
		}
		if strings.Contains(page, "a 1") {
			t.Errorf("the page has what came too late:\n%s", page)
		}
		// What it said when it was told to stop does not stand in.
		page, _ = took(t, r, in(-1))
		if strings.Contains(page, "a 1") {
			t.Errorf("the page has what was cut off:\n%s", page)
		}
		if got := strings.Join(log.read(), "\n"); strings.Count(got, "\n") != 0 {
			t.Errorf("reported:\n%s\nwant one line", got)
		}
	})
}

// Who waits on, when a source was told that nobody does, does not get what it made
// of that.
func TestWhatWasCutOffIsNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := describe("a")
		r, _ := quarantined(&registry.Quarantine{})
		mustRegister(t, r, &collector{name: "*x.Told", collect: func(b *registry.Batch) {
			<-b.Context().Done()
			time.Sleep(2 * time.Second) // to clean up
			b.Add(values(a, 1).run(a))
		}})
		if _, lasted := took(t, r, in(2*time.Second)); lasted != 2*time.Second {
			t.Errorf("gathered for %v, want 2s", lasted)
		}
		time.Sleep(time.Second)
		page, lasted := took(t, r, in(10*time.Second))
		if want := "cresset_collector_failures_total{collector=\"*x.Told\",reason=\"timeout\"} 2\ncresset_collector_success{collector=\"*x.Told\"} 0\n"; page != want || lasted != time.Second {
			t.Errorf("got, after %v:\n%s\nwant, after 1s:\n%s", lasted, page, want)
		}
	})
}

func TestAContextIsOnlyThereInQuarantine(t *testing.T) {
	var strict registry.Registry
	mustRegister(t, &strict, &collector{collect: func(b *registry.Batch) {
		if ctx := b.Context(); ctx != nil {
			t.Errorf("got %v, want no context", ctx)
		}
	}})
	strict.Gather(explain)
}

// heldRows are rows that the garbage collector can be asked about.
type heldRows struct{ registry.Rows }

// TestServeLastForgets: a result that is too old to stand in is not kept until a
// better one comes, which may be never.
func TestServeLastForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := describe("a")
		r, _ := quarantined(&registry.Quarantine{ServeLast: time.Minute})
		var held weak.Pointer[heldRows]
		good := true
		mustRegister(t, r, &collector{name: "x", collect: func(b *registry.Batch) {
			if !good {
				panic("no such device")
			}
			run := values(a, 1).run(a)
			rows := &heldRows{run.Rows}
			held = weak.Make(rows)
			run.Rows = rows
			b.Add(run)
		}})
		r.Gather(explain)
		good = false
		runtime.GC()
		if held.Value() == nil {
			t.Fatal("the result is gone already")
		}
		time.Sleep(time.Minute + 1)
		r.Gather(explain)
		runtime.GC()
		if held.Value() != nil {
			t.Error("the result is kept, but too old to be served")
		}
		runtime.KeepAlive(r)
	})
}

func TestServeLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := describe("a")
		r, _ := quarantined(&registry.Quarantine{ServeLast: time.Minute, Timeout: time.Second})
		var collect atomic.Pointer[func(*registry.Batch)]
		good := func(value float64) func(*registry.Batch) {
			return func(b *registry.Batch) { b.Add(values(a, value).run(a)) }
		}
		mustRegister(t, r, &collector{name: "x", collect: func(b *registry.Batch) { (*collect.Load())(b) }})
		steps := []struct {
			name    string
			after   time.Duration
			collect func(*registry.Batch)
			want    string // without the failures
		}{
			{"nothing to stand in", 0, func(*registry.Batch) { panic("oh") }, "age 0\nok 0\n"},
			{"good", 0, good(1), "a 1\nage 0\n"},
			{"a panic", time.Second, func(b *registry.Batch) { panic("oh") }, "a 1\nage 1\nok 0\n"},
			{"a panic half way", time.Second, func(b *registry.Batch) { good(9)(b); panic("oh") }, "a 1\nage 2\nok 0\n"},
			{"nothing but errors", time.Second, func(b *registry.Batch) { b.Fail(registry.Because(registry.Failed, "a", errors.New("no"))) }, "a 1\nage 3\nok 0\n"},
			{"an error beside the rest", time.Second, func(b *registry.Batch) { good(2)(b); b.Fail(registry.Because(registry.Failed, "b", errors.New("no"))) }, "a 2\nage 0\nok 0\n"},
			{"something invalid beside the rest", time.Second, func(b *registry.Batch) { good(2)(b); b.Fail(registry.Because(registry.Invalid, "", errors.New("no"))) }, "a 2\nage 0\nok 0\n"},
			{"too slow", 0, func(b *registry.Batch) { time.Sleep(3 * time.Second); good(3)(b) }, "a 2\nage 1\nok 0\n"},
			{"what was too slow", 4 * time.Second, func(b *registry.Batch) { panic("oh") }, "a 3\nage 2\nok 0\n"},
			{"too old", 59 * time.Second, func(b *registry.Batch) { panic("oh") }, "age 0\nok 0\n"},
			{"good again", 0, good(4), "a 4\nage 0\n"},
			{"nothing is good too", 0, func(b *registry.Batch) {}, "age 0\n"},
			{"nothing stands in", time.Second, func(b *registry.Batch) { good(5)(b); panic("oh") }, "age 1\nok 0\n"},
		}
		for _, step := range steps {
			time.Sleep(step.after)
			collect.Store(&step.collect)
			page, _ := took(t, r, time.Time{})
			var got string
			for line := range strings.Lines(page) {
				if !strings.HasPrefix(line, "cresset_collector_failures") && !strings.HasPrefix(line, "cresset_quarantined") {
					got += line
				}
			}
			got = strings.NewReplacer("cresset_collector_result_age_seconds{collector=\"x\"}", "age", "cresset_collector_success{collector=\"x\"}", "ok").Replace(got)
			if got != step.want {
				t.Errorf("%s: got:\n%s\nwant:\n%s", step.name, got, step.want)
			}
		}
		time.Sleep(time.Minute)
	})
}

func TestDeadline(t *testing.T) {
	tests := []struct {
		header  string
		context time.Duration // 0 for none
		want    time.Duration // 0 for none
	}{
		{"", 0, 0},
		{"10", 0, 9500 * time.Millisecond},
		{"10.000000", 0, 9500 * time.Millisecond},
		{"2", 0, 1500 * time.Millisecond},
		{"1", 0, 750 * time.Millisecond},
		{"1e-3", 0, 750 * time.Microsecond},
		{"0", 0, 0},
		{"-1", 0, 0},
		{"NaN", 0, 0},
		{"+Inf", 0, 0},
		{"1e300", 0, 0},
		{"9e18", 0, 0},
		{"ten", 0, 0},
		{"10s", 0, 0},
		{" 10", 0, 0},
		{"", 4 * time.Second, 3500 * time.Millisecond},
		{"no", 4 * time.Second, 3500 * time.Millisecond},
		{"10", 4 * time.Second, 3500 * time.Millisecond},
		{"4", 10 * time.Second, 3500 * time.Millisecond},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%q and %v", test.header, test.context), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if test.context != 0 {
					var cancel func()
					ctx, cancel = context.WithTimeout(ctx, test.context)
					defer cancel()
				}
				var want time.Time
				if test.want != 0 {
					want = in(test.want)
				}
				if got := registry.Deadline(ctx, test.header); !got.Equal(want) {
					t.Errorf("got %v, want %v", got, want)
				}
			})
		})
	}
}

func FuzzDeadline(f *testing.F) {
	for _, seed := range []string{"10", "0.5", "-0", "1e9", "9223372036.854775807", "0x1p-1074", "inf", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		before := time.Now()
		if got := registry.Deadline(t.Context(), header); !got.IsZero() && got.Before(before) {
			t.Errorf("%q: got %v, which is over", header, got)
		}
	})
}
