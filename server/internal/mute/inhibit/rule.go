package inhibit

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
)

// rule is one inhibition rule with the alerts that match its source side.
type rule struct {
	source, target labels.Matchers
	equal          []model.LabelName

	// sources holds the alerts by the values of their equal labels. An equal-set can
	// have many sources: one of them resolving says nothing about the others.
	sources map[string]*sourceSet
}

// sourceSet is the alerts that match the source side and agree on the equal
// labels.
type sourceSet struct {
	pure sources
	// twoSided match the target side as well. They do not inhibit others that match
	// both sides, else two of a kind would mute each other.
	twoSided sources
}

// sources are alerts that fire or did so lately.
type sources struct {
	byFingerprint []source // sorted
	// latest is an end before which or with which all of them end.
	latest int64
}

// source is as much of an alert as says when it inhibits.
type source struct {
	fp   model.Fingerprint
	ends int64 // when it resolves, in nanoseconds since 1970, from 0 to never
}

const never = math.MaxInt64 // in the year 2262

func newRule(c common.InhibitRule, index int) (*rule, error) {
	r := &rule{sources: make(map[string]*sourceSet)}
	var err error
	if r.source, err = allMatchers(c.SourceMatch, c.SourceMatchRE, c.SourceMatchers); err != nil {
		return nil, fmt.Errorf("inhibit rule %d %q: source: %w", index+1, c.Name, err)
	}
	if r.target, err = allMatchers(c.TargetMatch, c.TargetMatchRE, c.TargetMatchers); err != nil {
		return nil, fmt.Errorf("inhibit rule %d %q: target: %w", index+1, c.Name, err)
	}
	for _, name := range c.Equal {
		r.equal = append(r.equal, model.LabelName(name))
	}
	slices.Sort(r.equal)
	r.equal = slices.Compact(r.equal)
	return r, nil
}

func allMatchers(equal map[string]string, regexps common.MatchRegexps, matchers common.Matchers) (labels.Matchers, error) {
	ms := slices.Clone(labels.Matchers(matchers))
	for name, value := range equal {
		m, err := labels.NewMatcher(labels.MatchEqual, name, value)
		if err != nil {
			return nil, fmt.Errorf("label %q: %w", name, err)
		}
		ms = append(ms, m)
	}
	for name, re := range regexps {
		m, err := labels.NewMatcher(labels.MatchRegexp, name, re.String())
		if err != nil {
			return nil, fmt.Errorf("label %q: %w", name, err)
		}
		ms = append(ms, m)
	}
	return ms, nil
}

// update adds or replaces a source; other alerts are none of the rule's business.
func (r *rule) update(a *alert.Alert) {
	if !r.source.Matches(a.Labels) {
		return
	}
	key := r.equalKey(a.Labels)
	set := r.sources[key]
	if set == nil {
		set = &sourceSet{}
		r.sources[key] = set
	}
	if r.target.Matches(a.Labels) {
		set.twoSided.put(source{a.Fingerprint(), endOf(a)})
	} else {
		set.pure.put(source{a.Fingerprint(), endOf(a)})
	}
}

// endOf returns when an alert resolves.
func endOf(a *alert.Alert) int64 {
	switch {
	case a.EndsAt.IsZero() || a.EndsAt.After(time.Unix(0, never)):
		return never
	case a.EndsAt.Before(time.Unix(0, 0)):
		return 0
	}
	return a.EndsAt.UnixNano()
}

func (s *sources) put(src source) {
	i, known := slices.BinarySearchFunc(s.byFingerprint, src.fp, func(s source, fp model.Fingerprint) int { return cmp.Compare(s.fp, fp) })
	if known {
		s.byFingerprint[i] = src
	} else {
		s.byFingerprint = slices.Insert(s.byFingerprint, i, src)
	}
	s.latest = max(s.latest, src.ends)
}

// firing returns the lowest fingerprint of those that fire at now.
func (s *sources) firing(now int64) (model.Fingerprint, bool) {
	if s.latest <= now {
		return 0, false
	}
	for i := range s.byFingerprint {
		if s.byFingerprint[i].ends > now {
			return s.byFingerprint[i].fp, true
		}
	}
	return 0, false
}

// expire forgets those that are resolved at now.
func (s *sources) expire(now int64) {
	s.byFingerprint = slices.DeleteFunc(s.byFingerprint, func(s source) bool { return s.ends <= now })
	s.latest = 0
	for _, src := range s.byFingerprint {
		s.latest = max(s.latest, src.ends)
	}
}

// inhibitor returns the lowest fingerprint of those that inhibit ls at now.
func (r *rule) inhibitor(ls model.LabelSet, now time.Time) (model.Fingerprint, bool) {
	if len(r.sources) == 0 || !r.target.Matches(ls) {
		return 0, false
	}
	set := r.sources[r.equalKey(ls)]
	if set == nil {
		return 0, false
	}
	by, ok := set.pure.firing(now.UnixNano())
	if !r.source.Matches(ls) {
		if other, also := set.twoSided.firing(now.UnixNano()); also && (!ok || other < by) {
			return other, true
		}
	}
	return by, ok
}

func (r *rule) expire(now time.Time) {
	for key, set := range r.sources {
		set.pure.expire(now.UnixNano())
		set.twoSided.expire(now.UnixNano())
		if len(set.pure.byFingerprint)+len(set.twoSided.byFingerprint) == 0 {
			delete(r.sources, key)
		}
	}
}

// equalKey writes the values of the equal labels so that no two different lists
// of values give the same key. A missing label counts as an empty one.
func (r *rule) equalKey(ls model.LabelSet) string {
	var buf [128]byte
	key := buf[:0]
	for _, name := range r.equal {
		value := ls[name]
		key = binary.AppendUvarint(key, uint64(len(value)))
		key = append(key, value...)
	}
	return string(key)
}
