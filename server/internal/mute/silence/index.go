package silence

import (
	"sort"
	"sync/atomic"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
)

// record is a silence through all its changes. What it matches never changes, so
// what was found out about that stays true; the rest is in the latest version.
type record struct {
	id       string
	matchers []labels.Matchers
	latest   atomic.Pointer[Silence] // nil once it is forgotten
}

func (r *record) matches(ls model.LabelSet) bool {
	for _, set := range r.matchers {
		if set.Matches(ls) {
			return true
		}
	}
	return false
}

// endedAt says whether the record silences nothing from now on, unless a change
// gives it a later end.
func (r *record) endedAt(now time.Time) bool {
	latest := r.latest.Load()
	return latest == nil || latest.StateAt(now) == Expired
}

// index finds the records that can match a label set, and those that can match
// more than they could at an earlier time. Whoever writes holds the store's lock,
// and whoever reads holds it for reading; version alone may be read without.
type index struct {
	// version counts additions. It is the last that an addition changes.
	version atomic.Uint64
	// added is every addition in the order of its version. A record is there more
	// than once if its end was moved; the last time counts.
	added []addition
	last  map[*record]uint64 // the version at which each record was last added

	// A record is found by one matcher of each of its sets that asks for equality
	// with something, for nothing can match the set without that label. Where a set
	// has none, the record is among the loose ones, which can match anything.
	byLabel map[model.LabelName]map[model.LabelValue][]*record
	loose   []*record
}

type addition struct {
	version uint64
	record  *record
}

func newIndex() *index {
	return &index{
		last:    make(map[*record]uint64),
		byLabel: make(map[model.LabelName]map[model.LabelValue][]*record),
	}
}

// add takes a new record, or one that ends later than before.
func (ix *index) add(r *record) {
	version := ix.version.Load() + 1
	if _, known := ix.last[r]; !known {
		ix.file(r)
	}
	ix.added = append(ix.added, addition{version, r})
	ix.last[r] = version
	ix.version.Store(version)
}

// file puts a record where find will look for it.
func (ix *index) file(r *record) {
	var keys []*labels.Matcher
	for _, set := range r.matchers {
		key := ix.rarest(set)
		if key == nil {
			ix.loose = append(ix.loose, r)
			return
		}
		keys = append(keys, key)
	}
	for _, key := range keys {
		name, value := model.LabelName(key.Name), model.LabelValue(key.Value)
		byValue := ix.byLabel[name]
		if byValue == nil {
			byValue = make(map[model.LabelValue][]*record)
			ix.byLabel[name] = byValue
		}
		byValue[value] = append(byValue[value], r)
	}
}

// rarest returns the matcher of a set by which the fewest other records are
// found, or nil if there is none by which the set can be found.
func (ix *index) rarest(set labels.Matchers) *labels.Matcher {
	var best *labels.Matcher
	fewest := 0
	for _, m := range set {
		if m.Type != labels.MatchEqual || m.Value == "" {
			continue
		}
		n := len(ix.byLabel[model.LabelName(m.Name)][model.LabelValue(m.Value)])
		if best == nil || n < fewest {
			best, fewest = m, n
		}
	}
	return best
}

// find calls yield with every record that can match ls, some of them twice.
func (ix *index) find(ls model.LabelSet, yield func(*record)) {
	for _, r := range ix.loose {
		yield(r)
	}
	if len(ix.byLabel) == 0 {
		return
	}
	for name, value := range ls {
		for _, r := range ix.byLabel[name][value] {
			yield(r)
		}
	}
}

// since returns the additions after a version.
func (ix *index) since(version uint64) []addition {
	i := sort.Search(len(ix.added), func(i int) bool { return ix.added[i].version > version })
	return ix.added[i:]
}

// prune drops the records that have ended and the additions that do not count any
// more. A record that is given a later end is added again.
func (ix *index) prune(now time.Time) {
	added, last := ix.added, ix.last
	ix.added, ix.last = nil, make(map[*record]uint64)
	ix.byLabel, ix.loose = make(map[model.LabelName]map[model.LabelValue][]*record), nil
	for _, a := range added {
		if last[a.record] != a.version || a.record.endedAt(now) {
			continue
		}
		ix.file(a.record)
		ix.added = append(ix.added, a)
		ix.last[a.record] = a.version
	}
}
