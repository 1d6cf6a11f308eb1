package series

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// mortals is the simplest thing that behaves as a table should whose series
// expire: it asks for the time before everything that it does.
type mortals struct {
	ttl     time.Duration
	max     int // 0 for no limit
	alive   map[labels]*life
	staged  map[labels]*life
	sets    []*set
	refused int
}

type labels [2]string

type life struct {
	values  labels
	value   int
	updated time.Time
	end     string // "" while it goes on
	pinned  bool
	sets    int    // that have it, while it is staged
	item    *tally // nil while it is not known
}

var overflow = labels{Overflow, Overflow}

func (m *mortals) settle() {
	for values, l := range m.alive {
		if !l.pinned && time.Since(l.updated) >= m.ttl {
			m.end(values, "expired")
		}
	}
}

func (m *mortals) end(values labels, how string) {
	l := m.alive[values]
	l.end = how
	delete(m.alive, values)
	for _, s := range m.sets {
		s.left(l)
	}
}

func (m *mortals) counted() int {
	n := len(m.alive)
	if m.alive[overflow] != nil {
		n--
	}
	return n
}

func (m *mortals) enter(l *life) *life {
	l.updated = time.Now()
	m.alive[l.values] = l
	return l
}

func (m *mortals) obtain(values labels) *life {
	m.settle()
	if l := m.alive[values]; l != nil {
		return l
	}
	if l := m.staged[values]; l != nil {
		delete(m.staged, values)
		return m.enter(l)
	}
	if m.max > 0 && values != overflow && m.counted() >= m.max {
		m.refused++
		return m.obtain(overflow)
	}
	return m.enter(&life{values: values})
}

func (m *mortals) delete(match func(labels) bool) int {
	m.settle()
	n := 0
	for values := range m.alive {
		if match(values) {
			m.end(values, "deleted")
			n++
		}
	}
	return n
}

// update returns the life that a handle leads to after it.
func (m *mortals) update(h *holder) {
	m.settle()
	if h.life.end == "expired" {
		h.life = m.obtain(h.values)
	}
	h.life.value++
	h.life.updated = time.Now()
}

// read has a handle find the life that others began.
func (m *mortals) read(h *holder) {
	m.settle()
	if l := m.alive[h.values]; h.life.end == "expired" && l != nil {
		h.life = l
	}
}

// holder is a handle of the model and the real one.
type holder struct {
	values labels // that it was made for
	life   *life
	item   *tally
}

// set is what a Replace is going to leave.
type set struct {
	m       *mortals
	part    func(labels) bool
	touched map[labels]*life
}

// left has a series of the set come back, from zero, that has gone from the table.
func (s *set) left(l *life) {
	if s.touched[l.values] == l {
		delete(s.touched, l.values)
		s.stage(l.values)
	}
}

func (s *set) stage(values labels) *life {
	l := s.m.staged[values]
	if l == nil {
		l = &life{values: values}
		s.m.staged[values] = l
	}
	if s.touched[values] == nil {
		l.sets++
	}
	s.touched[values] = l
	return l
}

func (s *set) obtain(values labels) *life {
	s.m.settle()
	if l := s.m.alive[values]; l != nil {
		s.touched[values] = l
		return l
	}
	if s.m.staged[values] == nil && values != overflow && s.m.max > 0 {
		after := map[labels]bool{}
		for values := range s.m.alive {
			if !s.part(values) {
				after[values] = true
			}
		}
		for values := range s.touched {
			after[values] = true
		}
		delete(after, overflow)
		if len(after) >= s.m.max {
			s.m.refused++
			return s.obtain(overflow)
		}
	}
	return s.stage(values)
}

// drop takes series out of the set.
func (s *set) drop(match func(labels) bool) int {
	s.m.settle()
	n := 0
	for values, l := range s.touched {
		if !match(values) {
			continue
		}
		n++
		delete(s.touched, values)
		if s.m.staged[values] == l {
			if l.sets--; l.sets == 0 {
				delete(s.m.staged, values)
				l.end = "deleted"
			}
		}
	}
	return n
}

func (s *set) commit() {
	s.m.settle()
	s.m.sets = slices.DeleteFunc(s.m.sets, func(o *set) bool { return o == s })
	for values, l := range s.touched {
		if s.m.staged[values] == l {
			delete(s.m.staged, values)
			s.m.enter(l)
		}
	}
	s.m.delete(func(values labels) bool { return s.touched[values] == nil && s.part(values) })
}

func inOrder(all map[labels]*life) []labels {
	return slices.SortedFunc(maps.Keys(all), func(x, y labels) int {
		return strings.Compare(x[1]+"\x00"+x[0], y[1]+"\x00"+y[0])
	})
}

// comparison runs a table and the model side by side.
type comparison struct {
	table   *tallies
	model   *mortals
	holders []*holder
	byItem  map[*tally]*holder
	inSets  int
	reports int
}

func (c *comparison) sleep(t *rapid.T) {
	ttl := c.model.ttl
	// Updates that are closer together than the clock is exact are stamped early.
	apart := time.Duration(c.table.expiry.clock.horizon() + 1)
	time.Sleep(rapid.SampledFrom([]time.Duration{apart, ttl / 7, ttl / 2, ttl - apart, ttl - 1, ttl, ttl + 1, 3 * ttl}).Draw(t, "for"))
}

// hold keeps what a lookup returned, and checks that it is the one that belongs to
// the life.
func (c *comparison) hold(t *rapid.T, what string, item *tally, l *life) {
	if l.item == nil {
		l.item = item
	}
	if l.item != item {
		t.Fatalf("%s: got another handle than the one of the series %q", what, l.values)
	}
	h := c.byItem[item]
	if h == nil {
		h = &holder{values: l.values, life: l, item: item}
		c.byItem[item] = h
		c.holders = append(c.holders, h)
	}
	c.read(t, h)
	if h.life != l {
		t.Fatalf("%s: the model has lost its way", what)
	}
}

func (c *comparison) read(t *rapid.T, h *holder) {
	c.model.read(h)
	// A life that is over may have taken an update that was made again in the next.
	if got := h.item.value(); got != h.life.value && h.life.end != "expired" {
		t.Fatalf("handle of %q: got %d, want %d (%q)", h.values, got, h.life.value, h.life.end)
	}
	if got, want := h.item.Alive(), c.model.alive[h.values] == h.life; got != want {
		t.Fatalf("handle of %q is alive: got %t, want %t (%q)", h.values, got, want, h.life.end)
	}
}

var someLabels = rapid.Custom(func(t *rapid.T) labels {
	value := rapid.SampledFrom([]string{"a", "b", "c", Overflow})
	return labels{value.Draw(t, "z"), value.Draw(t, "a")}
})

var somePart = rapid.Custom(func(t *rapid.T) func(labels) bool {
	place, match := rapid.IntRange(0, 1).Draw(t, "place"), rapid.SampledFrom([]string{"a", "b", Overflow}).Draw(t, "value")
	return func(values labels) bool { return values[place] == match }
})

func onSlices(match func(labels) bool) func([]string) bool {
	return func(values []string) bool { return match(labels(values)) }
}

// actions are what can be done to the table at any time.
func (c *comparison) actions() map[string]func(*rapid.T) {
	table, model := c.table, c.model
	return map[string]func(*rapid.T){
		"sleep": c.sleep,
		"lookup": func(t *rapid.T) {
			values := someLabels.Draw(t, "labels")
			c.hold(t, "lookup", table.with(values[:]...), model.obtain(values))
		},
		"find": func(t *rapid.T) {
			values := someLabels.Draw(t, "labels")
			model.settle()
			got, want := table.Find(values[:]), model.alive[values]
			if (got != nil) != (want != nil) {
				t.Fatalf("Find(%q): got %v, want %v", values, got, want)
			}
			if got != nil {
				c.hold(t, "Find", got.Item, want)
			}
		},
		"pin": func(t *rapid.T) {
			values := someLabels.Draw(t, "labels")
			l := model.obtain(values)
			l.pinned = l.pinned || l.values == values // or it stands for the one beyond the limit
			c.hold(t, "Pin", table.Pin(values[:]).Item, l)
		},
		"update": func(t *rapid.T) {
			if len(c.holders) == 0 {
				return
			}
			h := rapid.SampledFrom(c.holders).Draw(t, "handle")
			h.item.inc()
			model.update(h)
			c.read(t, h)
		},
		"read": func(t *rapid.T) {
			if len(c.holders) > 0 {
				c.read(t, rapid.SampledFrom(c.holders).Draw(t, "handle"))
			}
		},
		"delete": func(t *rapid.T) {
			values := someLabels.Draw(t, "labels")
			want := model.delete(func(l labels) bool { return l == values }) == 1
			if got := table.Delete(values[:]); got != want {
				t.Fatalf("Delete(%q): got %t, want %t", values, got, want)
			}
		},
		"delete some": func(t *rapid.T) {
			match := somePart.Draw(t, "match")
			want := model.delete(match)
			if got := table.DeleteFunc(onSlices(match)); got != want {
				t.Fatalf("DeleteFunc: got %d, want %d", got, want)
			}
		},
		"reset": func(t *rapid.T) {
			if rapid.IntRange(0, 3).Draw(t, "really") == 0 {
				model.delete(func(labels) bool { return true })
				table.Reset()
			}
		},
		"gather": c.gather,
	}
}

func (c *comparison) gather(t *rapid.T) {
	c.model.settle()
	ordered := c.table.Ordered()
	var got []labels
	for _, child := range ordered {
		got = append(got, labels(child.Values()))
	}
	if want := inOrder(c.model.alive); !slices.Equal(got, want) {
		t.Fatalf("got series %q, want %q", got, want)
	}
	for _, child := range ordered {
		c.hold(t, "gather", child.Item, c.model.alive[labels(child.Values())])
	}
}

// replace runs a Replace of the table and of the model.
func (c *comparison) replace(t *rapid.T) {
	s := &set{m: c.model, part: func(labels) bool { return true }, touched: map[labels]*life{}}
	var real *Staging[*tally]
	if rapid.Bool().Draw(t, "a part") {
		s.part = somePart.Draw(t, "part")
		real = c.table.Stage(onSlices(s.part))
	} else {
		real = c.table.Stage(nil)
	}
	c.model.settle()
	c.inSets++
	c.model.sets = append(c.model.sets, s)
	actions := c.actions()
	maps.Copy(actions, map[string]func(*rapid.T){
		"next lookup": func(t *rapid.T) {
			values := someLabels.Draw(t, "labels")
			got, want := real.Create(values[:]).Item, s.obtain(values)
			c.hold(t, "lookup in the set", got, want)
		},
		"next pin": func(t *rapid.T) {
			values := someLabels.Draw(t, "labels")
			want := s.obtain(values)
			want.pinned = want.pinned || want.values == values
			c.hold(t, "Pin in the set", real.Pin(values[:]).Item, want)
		},
		"next find": func(t *rapid.T) {
			values := someLabels.Draw(t, "labels")
			s.m.settle()
			want := c.model.alive[values]
			if want == nil {
				want = s.touched[values]
			}
			got := real.Find(values[:])
			if (got != nil) != (want != nil) {
				t.Fatalf("Find(%q) in the set: got %v, want %v", values, got, want)
			}
			if got != nil {
				c.hold(t, "Find in the set", got.Item, want)
			}
		},
		"next all": func(t *rapid.T) {
			s.m.settle()
			var got []labels
			for _, child := range real.Ordered() {
				got = append(got, labels(child.Values()))
			}
			if want := inOrder(s.touched); !slices.Equal(got, want) {
				t.Fatalf("got series %q in the set, want %q", got, want)
			}
		},
		"next delete": func(t *rapid.T) {
			match := somePart.Draw(t, "match")
			want := s.drop(match)
			if got := real.DeleteFunc(onSlices(match)); got != want {
				t.Fatalf("DeleteFunc in the set: got %d, want %d", got, want)
			}
		},
	})
	if c.inSets < 3 {
		actions["replace"] = c.replace
	}
	names := slices.Sorted(maps.Keys(actions))
	for range rapid.IntRange(0, 12).Draw(t, "steps") {
		actions[rapid.SampledFrom(names).Draw(t, "step")](t)
	}
	c.inSets--
	if rapid.IntRange(0, 3).Draw(t, "panics") == 0 {
		s.drop(func(labels) bool { return true })
		s.m.sets = slices.DeleteFunc(s.m.sets, func(o *set) bool { return o == s })
		real.Abandon()
	} else {
		s.commit()
		real.Commit()
		real.Abandon() // means nothing any more
	}
	c.gather(t)
}

func TestLifetimesAgainstNaiveModel(t *testing.T) {
	for range 20 { // as many times the usual number of checks
		rapid.Check(t, inItsOwnBubble(t))
	}
}

func inItsOwnBubble(t *testing.T) func(*rapid.T) {
	return func(rt *rapid.T) {
		var failure any
		synctest.Test(t, func(*testing.T) {
			defer func() { failure = recover() }()
			checkLifetimes(rt)
		})
		// What went wrong is told apart by the line that it comes from: data that
		// the test tool does not want is not a failure.
		switch kind := fmt.Sprintf("%T", failure); {
		case strings.HasSuffix(kind, "invalidData"):
			panic(failure)
		case failure != nil:
			panic(failure)
		}
	}
}

func checkLifetimes(t *rapid.T) {
	ttl := rapid.SampledFrom([]time.Duration{10 * time.Millisecond, time.Second, time.Hour}).Draw(t, "ttl")
	c := &comparison{
		table:  newTallies(ttl, "z", "a"),
		model:  &mortals{ttl: ttl, alive: map[labels]*life{}, staged: map[labels]*life{}},
		byItem: map[*tally]*holder{},
	}
	if rapid.Bool().Draw(t, "limited") {
		c.model.max = rapid.IntRange(1, 5).Draw(t, "limit")
		c.table.Limit(&Limit{Max: c.model.max}, func([]string) { c.reports++ })
	}
	actions := c.actions()
	actions["replace"] = c.replace
	t.Repeat(actions)

	c.gather(t)
	if got := int(c.table.Refused()); got != c.model.refused || c.reports != got {
		t.Fatalf("got %d refused and %d reported, want %d", got, c.reports, c.model.refused)
	}
	for _, h := range c.holders {
		c.read(t, h)
	}
	if len(c.table.staged) != 0 || len(c.table.sets) != 0 {
		t.Fatalf("got %d series left in %d sets, want none", len(c.table.staged), len(c.table.sets))
	}
	c.table.Reset()
	time.Sleep(2 * ttl)
	synctest.Wait()
	if c.table.running() {
		t.Fatal("a timer runs though there is nothing that could expire")
	}
}
