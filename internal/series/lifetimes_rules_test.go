package series

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

const (
	ttl = time.Minute
	// offBeat after the first series is made is a time whose distances from when
	// the timer fires are not those of a time to live.
	offBeat = ttl / 100
)

// inBubble runs a test on a table of one label whose series live for a minute.
func inBubble(t *testing.T, name string, f func(*testing.T, *tallies)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { f(t, newTallies(ttl, "n")) })
	})
}

func TestASeriesGoesExactlyItsTimeToLiveAfterItsLastUpdate(t *testing.T) {
	gone := map[string]func(*tallies, *tally) bool{
		"a gather": func(table *tallies, _ *tally) bool { return len(table.Ordered()) == 0 },
		"a lookup": func(table *tallies, _ *tally) bool { return table.Find([]string{"a"}) == nil },
		"a lookup that makes": func(table *tallies, s *tally) bool {
			return table.Create([]string{"a"}).Item != s
		},
		"a pin":    func(table *tallies, s *tally) bool { return table.Pin([]string{"a"}).Item != s },
		"a delete": func(table *tallies, _ *tally) bool { return !table.Delete([]string{"a"}) },
		"a delete of all": func(table *tallies, _ *tally) bool {
			return table.DeleteFunc(func([]string) bool { return true }) == 0
		},
		"an update":        func(_ *tallies, s *tally) bool { s.inc(); return s.value() == 1 },
		"a handle's state": func(_ *tallies, s *tally) bool { return !s.Alive() },
		"a set":            func(table *tallies, s *tally) bool { return table.Stage(nil).Create([]string{"a"}).Item != s },
	}
	for what, tell := range gone {
		for _, age := range []time.Duration{ttl - 1, ttl, 2 * ttl} {
			inBubble(t, fmt.Sprintf("%s after %v", what, age), func(t *testing.T, table *tallies) {
				s := table.with("a")
				time.Sleep(offBeat)
				s.inc()
				table.with("b")
				time.Sleep(age - time.Nanosecond)
				table.Find([]string{"b"}) // which looks at the clock a nanosecond before
				table.Delete([]string{"b"})
				time.Sleep(time.Nanosecond)
				if got, want := tell(table, s), age >= ttl; got != want {
					t.Errorf("gone: got %t, want %t", got, want)
				}
			})
		}
	}
}

func TestALookupDoesNotProlongALife(t *testing.T) {
	inBubble(t, "", func(t *testing.T, table *tallies) {
		table.with("a")
		for range 4 {
			time.Sleep(ttl / 4)
			table.Find([]string{"a"})
		}
		table.want(t)
	})
}

// Updates that come closer together than the clock is exact never make a series
// go more than a 512th too early.
func TestASeriesOfManyUpdatesGoesLittleTooEarly(t *testing.T) {
	for _, apart := range []time.Duration{1, ttl / 5000, ttl / 2000, ttl / 1000, ttl / 600, ttl / 400} {
		inBubble(t, apart.String(), func(t *testing.T, table *tallies) {
			s := table.with("a")
			for range 1000 {
				time.Sleep(apart)
				s.inc()
			}
			time.Sleep(ttl - ttl/512 - 1)
			table.want(t, "a")
			time.Sleep(ttl/512 + 1)
			table.want(t)
		})
	}
}

func TestAHandleBringsItsSeriesBackFromZero(t *testing.T) {
	inBubble(t, "", func(t *testing.T, table *tallies) {
		old := table.with("a")
		old.inc()
		time.Sleep(ttl)
		recent := table.with("a")
		recent.inc()
		if got := old.value(); got != 1 {
			t.Errorf("the old handle reads %d, want 1 as the new one", got)
		}
		old.inc()
		if got := recent.value(); got != 2 {
			t.Errorf("the new handle reads %d, want 2 as the old one", got)
		}
		if child := table.Find([]string{"a"}); child.Item != recent {
			t.Error("a lookup finds a third handle")
		}
		table.want(t, "a")
	})
}

func TestExpiredSeriesMakeRoomAtOnce(t *testing.T) {
	inBubble(t, "", func(t *testing.T, table *tallies) {
		table.Limit(&Limit{Max: 2}, nil)
		kept := table.with("kept")
		table.with("old")
		time.Sleep(ttl / 2)
		kept.inc()
		table.with("refused")
		time.Sleep(ttl / 2)
		table.with("new")
		table.want(t, Overflow, "kept", "new")
		table.with("refused")
		if got := table.Refused(); got != 2 {
			t.Errorf("got %d refused, want 2", got)
		}
	})
}

// Tables that share a limit together have no more than it allows.
func TestTablesShareALimit(t *testing.T) {
	inBubble(t, "", func(t *testing.T, table *tallies) {
		other := newTable("n")
		limit := &Limit{Max: 3}
		var refused []string
		table.Limit(limit, func(values []string) { refused = append(refused, values...) })
		other.Limit(limit, func(values []string) { refused = append(refused, values...) })
		table.with("a")
		other.Create([]string{"b"})
		other.Create([]string{"c"})
		table.with("d")
		other.Create([]string{"e"})
		if want := []string{"d", "e"}; !slices.Equal(refused, want) {
			t.Errorf("got %q refused, want %q", refused, want)
		}
		other.Delete([]string{"b"})
		table.with("d")
		table.want(t, Overflow, "a", "d")
		other.Unlimit(limit)
		if got := limit.Used(); got != 2 {
			t.Errorf("got %d series, want 2", got)
		}
		time.Sleep(ttl)
		table.want(t)
		if got := limit.Used(); got != 0 {
			t.Errorf("got %d series after all have expired, want none", got)
		}
	})
}

// The last place may go to another table while a series is being made.
func TestATableLosesTheLastPlaceToAnother(t *testing.T) {
	other := newTable("n")
	table := NewTable(exposition.NewSchema(nil, []string{"n"}), func(c *Child[int]) int {
		if c.Values()[0] != Overflow {
			other.Create([]string{"b"})
		}
		return 1
	})
	limit, refused := &Limit{Max: 1}, 0
	table.Limit(limit, func([]string) { refused++ })
	other.Limit(limit, func([]string) { t.Error("the first to come was refused") })
	table.Create([]string{"a"})
	if got, want := texts(table.Ordered()), []string{`n="` + Overflow + `"`}; !slices.Equal(got, want) || refused != 1 {
		t.Errorf("got %q and %d refused, want %q and 1", got, refused, want)
	}
	if got := limit.Used(); got != 1 {
		t.Errorf("got %d series, want 1", got)
	}
}

// A table whose series are exposed twice is under the same limit twice.
func TestATableIsUnderALimitTwice(t *testing.T) {
	table, limit := newTable("n"), &Limit{Max: 3}
	table.Limit(limit, nil)
	table.Limit(limit, nil)
	for _, n := range []string{"a", "b", "c"} {
		table.Create([]string{n})
	}
	if got, want := texts(table.Ordered()), []string{`n="` + Overflow + `"`, `n="a"`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	table.Unlimit(limit)
	set := table.Stage(nil)
	for _, n := range []string{"d", "e", "f", "g"} {
		set.Create([]string{n})
	}
	table.Limit(limit, nil)
	set.Commit()
	if got := limit.Used(); got != 6 {
		t.Errorf("got %d used, want 6: three series, twice", got)
	}
	table.Reset()
	table.Unlimit(limit)
	table.Unlimit(limit)
	if got := limit.Used(); got != 0 {
		t.Errorf("got %d used, want none", got)
	}
}

// A series of the longest time to live does not expire at once, which a sum that
// overflows would have it do.
func TestTheLongestTimesToLive(t *testing.T) {
	for _, ttl := range []time.Duration{math.MaxInt64 - 1000, math.MaxInt64} {
		table := newTallies(ttl, "n")
		table.with("a").inc()
		if next := time.Duration(table.expiry.next.Load()); next < ttl/5 {
			t.Errorf("%v: the series expires after %v", ttl, next)
		}
		table.want(t, "a")
		table.Reset()
	}
}

// A handle that found no room goes on counting in what stands for its series,
// until that expires.
func TestAHandleBeyondTheLimit(t *testing.T) {
	inBubble(t, "", func(t *testing.T, table *tallies) {
		table.Limit(&Limit{Max: 1}, nil)
		held := table.with("a")
		time.Sleep(ttl)
		table.Pin([]string{"b"})
		held.inc()
		held.inc()
		table.want(t, Overflow, "b")
		if got := table.with(Overflow).value(); got != 2 {
			t.Errorf("got %d beyond the limit, want 2", got)
		}
		table.Delete([]string{"b"})
		time.Sleep(offBeat)
		held.inc()
		table.want(t, Overflow)
		time.Sleep(ttl)
		held.inc()
		table.want(t, "a")
	})
}

func TestAnOverflowIsReportedWhereTheTableCanBeUsed(t *testing.T) {
	inBubble(t, "", func(t *testing.T, table *tallies) {
		var got []string
		table.Limit(&Limit{Max: 1}, func(values []string) {
			got = append(got, values...)
			table.with("a")
			table.Ordered()
			table.Find(values)
		})
		old := table.with("b")
		time.Sleep(ttl)
		table.with("a")
		table.with("c")
		old.inc() // for which there is no room any more
		set := table.Stage(func(values []string) bool { return values[0] != "a" })
		set.Create([]string{"d"})
		set.Commit()
		if want := []string{"c", "b", "d"}; !slices.Equal(got, want) {
			t.Errorf("got %q reported, want %q", got, want)
		}
	})
}

func TestASetThatIsGivenUpLeavesNothing(t *testing.T) {
	inBubble(t, "", func(t *testing.T, table *tallies) {
		table.Limit(&Limit{Max: 1}, nil)
		table.with("a").inc()
		set := table.Stage(nil)
		set.Create([]string{"a"})
		beyond := set.Create([]string{"b"})
		beyond.Item.inc()
		table.want(t, "a")
		set.Abandon()
		beyond.Item.inc()
		table.want(t, "a")
	})
}

func TestASetDoesNotMakeOrphansOfWhatHadExpired(t *testing.T) {
	inBubble(t, "", func(t *testing.T, table *tallies) {
		expired, alive := table.with("expired"), table.with("alive")
		time.Sleep(offBeat)
		expired.inc()
		time.Sleep(ttl / 100)
		alive.inc()
		time.Sleep(ttl * 99 / 100)
		table.Stage(nil).Commit()
		expired.inc()
		alive.inc()
		table.want(t, "expired")
	})
}

// An old handle brings a series back that a set is about to have: it is one
// series, and no update is lost.
func TestAHandleAndASetMeet(t *testing.T) {
	inBubble(t, "", func(t *testing.T, table *tallies) {
		old := table.with("a")
		time.Sleep(ttl)
		set := table.Stage(nil)
		staged := set.Create([]string{"a"}).Item
		staged.inc()
		table.want(t)
		old.inc()
		staged.inc()
		table.want(t, "a")
		set.Commit()
		table.want(t, "a")
		for _, s := range []*tally{old, staged, table.with("a")} {
			if got := s.value(); got != 3 {
				t.Errorf("got %d, want 3", got)
			}
		}
	})
}

// What goes while a set is put together makes room for no more than is free when
// it is committed.
func TestASetKeepsTheLimitWhateverGoesMeanwhile(t *testing.T) {
	inBubble(t, "", func(t *testing.T, table *tallies) {
		table.Limit(&Limit{Max: 2}, nil)
		table.with("a")
		table.with("b")
		set := table.Stage(nil)
		table.Delete([]string{"a"})
		time.Sleep(ttl) // which b does not survive
		for _, n := range []string{"c", "d", "e", "f"} {
			set.Create([]string{n})
		}
		set.Commit()
		table.want(t, Overflow, "c", "d")
	})
}

// A series that a set has and that expires before it is committed is there all
// the same, from zero.
func TestASetBringsBackWhatExpiresMeanwhile(t *testing.T) {
	inBubble(t, "", func(t *testing.T, table *tallies) {
		held := table.with("a")
		held.inc()
		set := table.Stage(nil)
		set.Create([]string{"a"})
		time.Sleep(ttl)
		table.want(t)
		set.Create([]string{"a"})
		if got := len(set.Ordered()); got != 1 {
			t.Errorf("got %d series in the set, want 1", got)
		}
		set.Commit()
		table.want(t, "a")
		held.inc()
		if got := table.with("a").value(); got != 1 {
			t.Errorf("got %d, want 1", got)
		}
	})
}

// A series that is made while a sweep is under way expires in its turn.
func TestASeriesIsMadeDuringASweep(t *testing.T) {
	inBubble(t, "", func(t *testing.T, table *tallies) {
		var once sync.Once
		table.OnRemove(func(*Child[*tally]) { once.Do(func() { go table.with("new") }) })
		for i := range 50_000 {
			table.with(fmt.Sprint(i))
		}
		time.Sleep(ttl)
		table.Ordered()
		synctest.Wait()
		table.want(t, "new")
		time.Sleep(ttl)
		table.want(t)
	})
}

func TestNoTimerRunsWhileNothingCanExpire(t *testing.T) {
	for what, rest := range map[string]func(*tallies, *tally){
		"all have expired": func(*tallies, *tally) { time.Sleep(2 * ttl) },
		"all are deleted":  func(table *tallies, _ *tally) { table.Reset(); time.Sleep(ttl / 100) },
		"the last is deleted": func(table *tallies, _ *tally) {
			table.Delete([]string{"a"})
			time.Sleep(ttl / 100)
		},
		"all are pinned": func(table *tallies, _ *tally) { table.Pin([]string{"a"}); time.Sleep(2 * ttl) },
		"an orphan is updated": func(table *tallies, s *tally) {
			table.Reset()
			time.Sleep(ttl)
			s.inc()
		},
		"a set without series": func(table *tallies, _ *tally) { table.Stage(nil).Commit(); time.Sleep(ttl / 100) },
	} {
		inBubble(t, what, func(t *testing.T, table *tallies) {
			if table.running() {
				t.Error("a timer runs before there is a series")
			}
			s := table.with("a")
			s.inc()
			if !table.running() {
				t.Error("no timer runs though a series can expire")
			}
			rest(table, s)
			synctest.Wait()
			if table.running() {
				t.Error("a timer runs")
			}
			if s := table.with("b"); !table.running() || s.value() != 0 {
				t.Error("no timer runs for the next series")
			}
			time.Sleep(2 * ttl)
			if table.Find([]string{"b"}) != nil {
				t.Error("the next series does not expire")
			}
		})
	}
}

// standStill makes the table believe that the program could not run for so long:
// the time has passed, and no timer has fired.
func standStill(table *tallies, d time.Duration) {
	synctest.Wait()
	table.expiry.clock.lost.Add(-int64(d))
}

// Whatever is done first after the program stood still, no series has expired.
func TestTimeInWhichTheProgramStoodStillDoesNotCount(t *testing.T) {
	first := map[string]func(*testing.T, *tallies, *tally){
		"a gather": func(t *testing.T, table *tallies, _ *tally) { table.want(t, "a", "b") },
		"a lookup": func(t *testing.T, table *tallies, _ *tally) {
			if table.Find([]string{"a"}) == nil {
				t.Error("the lookup finds nothing")
			}
		},
		"a lookup that makes": func(t *testing.T, table *tallies, s *tally) {
			if table.Create([]string{"a"}).Item != s {
				t.Error("the lookup made another series")
			}
		},
		"an update":              func(_ *testing.T, _ *tallies, s *tally) { s.inc() },
		"an update of a new one": func(_ *testing.T, table *tallies, _ *tally) { table.with("c").inc(); table.Delete([]string{"c"}) },
		"the timer":              func(*testing.T, *tallies, *tally) { time.Sleep(ttl / 8) },
		"a set":                  func(_ *testing.T, table *tallies, _ *tally) { table.Stage(nil).Abandon() },
		"a handle's state": func(t *testing.T, _ *tallies, s *tally) {
			if !s.Alive() {
				t.Error("the series has expired")
			}
		},
	}
	for what, do := range first {
		for _, stood := range []time.Duration{ttl, 100 * ttl} {
			inBubble(t, fmt.Sprintf("%s after %v", what, stood), func(t *testing.T, table *tallies) {
				s := table.with("a")
				s.inc()
				table.with("b")
				time.Sleep(ttl / 4)
				standStill(table, stood)
				do(t, table, s)
				table.want(t, "a", "b")
				time.Sleep(ttl / 4)
				table.want(t, "a", "b")
				s.inc()
				if got := table.with("a").value(); got < 2 {
					t.Errorf("got %d, want what was counted before and after", got)
				}
				time.Sleep(ttl * 3 / 4) // b has had its time
				table.want(t, "a")
				time.Sleep(ttl / 4)
				table.want(t)
			})
		}
	}
}

// An update after the program stood still counts from then on, though its epoch
// is from before.
func TestAnUpdateRightAfterTheProgramStoodStill(t *testing.T) {
	for _, age := range []time.Duration{0, ttl / 100, ttl / 2} {
		inBubble(t, age.String(), func(t *testing.T, table *tallies) {
			table.with("other")
			time.Sleep(ttl / 20)
			s := table.with("a")
			s.inc()
			time.Sleep(age)
			standStill(table, 10*ttl)
			s.inc()
			table.want(t, "a", "other")
			time.Sleep(ttl - ttl/512 - 1)
			table.want(t, "a")
			time.Sleep(ttl/512 + 1)
			table.want(t)
		})
	}
}

// An epoch can last long, if the goroutine that is to end it has no turn. Updates
// in it are stamped with its beginning, and count as made just now.
func TestAnEpochThatLastsTooLong(t *testing.T) {
	for what, there := range map[string]func(*tallies) bool{
		"a gather": func(table *tallies) bool { return len(table.Ordered()) == 1 },
		"a lookup": func(table *tallies) bool { return table.Find([]string{"a"}) != nil },
		"a delete": func(table *tallies) bool { return table.Delete([]string{"a"}) },
	} {
		inBubble(t, what, func(t *testing.T, table *tallies) {
			s := table.with("a")
			s.inc()
			table.expiry.clock.timer.Stop()
			for i := range 11 {
				if i == 9 { // nor has the one that would see to it
					table.expiry.timer.Stop()
				}
				time.Sleep(ttl / 10)
				s.inc()
			}
			if got := s.value(); got != 12 {
				t.Errorf("got %d, want 12 updates", got)
			}
			if !there(table) {
				t.Error("got no series, want one that was updated just now")
			}
			s = table.with("a") // again, if it was deleted
			s.inc()
			table.Ordered()
			time.Sleep(ttl * 99 / 100)
			table.want(t, "a")
			time.Sleep(ttl / 100)
			table.want(t)
		})
	}
}

// A stamp of a time that turns out not to count does not make a series live
// longer.
func TestAStampOfTimeThatDoesNotCount(t *testing.T) {
	inBubble(t, "", func(t *testing.T, table *tallies) {
		s := table.with("a")
		time.Sleep(ttl / 100)
		s.inc()
		time.Sleep(ttl / 100)
		standStill(table, ttl*9/10)
		s.inc()
		table.want(t, "a")
		time.Sleep(ttl)
		table.want(t)
	})
}

// A vector of a whole package is made outside of the bubbles of its tests, in which
// another clock goes. Its series live on from one to the other.
func TestATableIsUsedInABubbleAndOutside(t *testing.T) {
	table := newTallies(time.Hour, "n")
	held := table.with("a")
	use := func(t *testing.T, n string) {
		held.inc()
		if got := table.Pin([]string{n}).Item.value(); got != 0 {
			t.Errorf("got %d in a new series, want 0", got)
		}
		held.inc()
		table.Find([]string{"a"})
		table.Ordered()
	}
	use(t, "before")
	for range 2 {
		synctest.Test(t, func(t *testing.T) { use(t, "in the bubble") })
		use(t, "after")
		table.Delete([]string{"in the bubble"})
		table.Delete([]string{"after"})
	}
	table.want(t, "a", "before")
	if got := held.value(); got != 10 {
		t.Errorf("got %d updates, want 10", got)
	}
	table.Reset()
	synctest.Test(t, func(t *testing.T) { // with no timer running
		held = table.with("a")
		held.inc()
	})
	use(t, "b")
	if got := held.value(); got != 3 {
		t.Errorf("got %d updates, want 3", got)
	}
	table.Reset()
}
