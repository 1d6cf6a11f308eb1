package series

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// tally is a series that can expire: a number that is counted up.
type tally struct{ Handle[tallied] }

type tallied struct {
	n      atomic.Int64
	redone atomic.Int64 // how many of those were made again in the next life

	// What OnRemove can note.
	removed   atomic.Bool
	atRemoval int64 // what n was then
}

func (s *tally) inc() { s.incUnlessRemoved() }

// incUnlessRemoved counts up. It returns false if that counted in a life of which
// was noted before that it was over.
func (s *tally) incUnlessRemoved() bool {
	for {
		life := s.Life()
		over := life.State.removed.Load()
		life.State.n.Add(1)
		if s.Updated(life) || s.Renew(life) {
			return !over
		}
		life.State.redone.Add(1)
	}
}

// value reads the series as a gather does.
func (s *tally) value() int { return int(s.Latest().State.n.Load()) }

// tallies is a table of such series, with all lives that they ever had.
type tallies struct {
	*Table[*tally]

	mu    sync.Mutex // guards what follows
	lives []*tallied
}

func newTallies(ttl time.Duration, variable ...string) *tallies {
	t := &tallies{}
	var l *Lives[*tally, tallied]
	t.Table = NewTable(exposition.NewSchema(nil, variable), func(c *Child[*tally]) *tally {
		s := new(tally)
		l.Begin(&s.Handle, c)
		return s
	})
	l = Expire(t.Table, ttl, func(s *tallied) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.lives = append(t.lives, s)
	}, func(s *tally) *Handle[tallied] { return &s.Handle })
	return t
}

// with looks a series up as a vector does, and makes it if there is none.
func (t *tallies) with(values ...string) *tally {
	if c := t.Find(values); c != nil {
		return c.Item
	}
	return t.Create(values).Item
}

// running tells whether a timer of the table runs, or will run again.
func (t *tallies) running() bool {
	t.Table.mu.Lock()
	defer t.Table.mu.Unlock()
	return t.expiry.wake != 0 || t.expiry.clock.epoch.Load() != 0
}

// values returns the series that there are in order, as their label values.
func (t *tallies) values() []string {
	var all []string
	for _, c := range t.Ordered() {
		all = append(all, strings.Join(c.Values(), ","))
	}
	return all
}

func (t *tallies) want(test *testing.T, series ...string) {
	test.Helper()
	if got := t.values(); !slices.Equal(got, series) {
		test.Errorf("got series %q, want %q", got, series)
	}
}
