package silence

import (
	"cmp"
	"regexp"
	"slices"
	"sort"
	"strings"
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
	literals [][]literal             // of each set, by which to see quickly that it does not match
	latest   atomic.Pointer[Silence] // nil once it is forgotten
}

// literal is text with which the value of a label must begin, or, if it is whole,
// which it must be. It is never empty.
type literal struct {
	name  model.LabelName
	text  string
	whole bool
}

func newRecord(sil *Silence) *record {
	r := &record{id: sil.ID, matchers: sil.Matchers, literals: make([][]literal, len(sil.Matchers))}
	for i, set := range sil.Matchers {
		for _, m := range set {
			l := literal{name: model.LabelName(m.Name), text: m.Value, whole: true}
			switch m.Type {
			case labels.MatchRegexp:
				re, err := regexp.Compile(m.Value)
				if err != nil {
					continue // an expression that makes sense between anchors alone
				}
				l.text, l.whole = re.LiteralPrefix()
			case labels.MatchEqual:
			default:
				continue
			}
			if l.text != "" {
				r.literals[i] = append(r.literals[i], l)
			}
		}
	}
	return r
}

func (r *record) matches(ls model.LabelSet) bool {
	for i, set := range r.matchers {
		if canMatch(r.literals[i], ls) && set.Matches(ls) {
			return true
		}
	}
	return false
}

func canMatch(literals []literal, ls model.LabelSet) bool {
	for _, l := range literals {
		if !strings.HasPrefix(string(ls[l.name]), l.text) {
			return false
		}
	}
	return true
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

	// A record is found by one literal for each of its sets, without which nothing
	// can match the set. Where a set has none, the record is among the loose ones,
	// which can match anything.
	byLabel  map[label][]*record
	byPrefix map[model.LabelName][]prefixed
	loose    []*record
}

type prefixed struct {
	text   string
	record *record
}

type addition struct {
	version uint64
	record  *record
}

func newIndex() *index {
	ix := &index{}
	ix.clear()
	return ix
}

func (ix *index) clear() {
	ix.added, ix.last = nil, make(map[*record]uint64)
	ix.byLabel, ix.byPrefix, ix.loose = make(map[label][]*record), make(map[model.LabelName][]prefixed), nil
}

// add takes a new record, or one that ends later than before.
func (ix *index) add(r *record) {
	version := ix.version.Load() + 1
	if !ix.has(r) {
		ix.file(r)
	}
	ix.added = append(ix.added, addition{version, r})
	ix.last[r] = version
	ix.version.Store(version)
}

// file puts a record where find will look for it.
func (ix *index) file(r *record) {
	keys := make([]literal, len(r.literals))
	for i, literals := range r.literals {
		if len(literals) == 0 {
			ix.loose = append(ix.loose, r)
			return
		}
		keys[i] = slices.MinFunc(literals, func(a, b literal) int { return cmp.Compare(ix.found(a), ix.found(b)) })
	}
	for _, key := range keys {
		if key.whole {
			l := label{key.name, model.LabelValue(key.text)}
			ix.byLabel[l] = append(ix.byLabel[l], r)
		} else {
			ix.byPrefix[key.name] = append(ix.byPrefix[key.name], prefixed{key.text, r})
		}
	}
}

// found returns how many records have to be looked at to find those of a literal.
func (ix *index) found(l literal) int {
	if l.whole {
		return len(ix.byLabel[label{l.name, model.LabelValue(l.text)}])
	}
	return len(ix.byPrefix[l.name])
}

// find calls yield with every record that can match ls, some of them twice.
func (ix *index) find(ls model.LabelSet, yield func(*record)) {
	for _, r := range ix.loose {
		yield(r)
	}
	for name, value := range ls {
		for _, r := range ix.byLabel[label{name, value}] {
			yield(r)
		}
		for _, p := range ix.byPrefix[name] {
			if strings.HasPrefix(string(value), p.text) {
				yield(p.record)
			}
		}
	}
}

// has says whether a record is in the index.
func (ix *index) has(r *record) bool {
	_, ok := ix.last[r]
	return ok
}

// since returns the additions after a version.
func (ix *index) since(version uint64) []addition {
	i := sort.Search(len(ix.added), func(i int) bool { return ix.added[i].version > version })
	return ix.added[i:]
}

// prune drops the records that have ended and the additions that do not count any
// more. A record that is given a later end afterwards is added again.
func (ix *index) prune(now time.Time) {
	added, last := ix.added, ix.last
	ix.clear()
	for _, a := range added {
		if last[a.record] != a.version || a.record.endedAt(now) {
			continue
		}
		ix.file(a.record)
		ix.added = append(ix.added, a)
		ix.last[a.record] = a.version
	}
}
