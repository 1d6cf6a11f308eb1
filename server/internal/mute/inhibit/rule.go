package inhibit

import (
	"cmp"
	"encoding/binary"
	"fmt"
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

	// sources holds the alerts by the values of their equal labels, each list
	// sorted by fingerprint. An equal-set can have many sources: one of them
	// resolving says nothing about the others.
	sources map[string][]source
}

// source is an alert that matches the source side.
type source struct {
	fp    model.Fingerprint
	alert *alert.Alert
	// twoSided says that it matches the target side as well. Such an alert does
	// not inhibit others that match both sides, else two of a kind would mute
	// each other.
	twoSided bool
}

func newRule(c common.InhibitRule, index int) (*rule, error) {
	r := &rule{sources: make(map[string][]source)}
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
	s := source{fp: a.Fingerprint(), alert: a, twoSided: r.target.Matches(a.Labels)}
	key := r.equalKey(a.Labels)
	set := r.sources[key]
	i, known := slices.BinarySearchFunc(set, s.fp, func(s source, fp model.Fingerprint) int { return cmp.Compare(s.fp, fp) })
	if known {
		set[i] = s
		return
	}
	r.sources[key] = slices.Insert(set, i, s)
}

// inhibitor returns the lowest fingerprint of those that inhibit ls at now.
func (r *rule) inhibitor(ls model.LabelSet, now time.Time) (model.Fingerprint, bool) {
	if len(r.sources) == 0 || !r.target.Matches(ls) {
		return 0, false
	}
	set := r.sources[r.equalKey(ls)]
	if len(set) == 0 {
		return 0, false
	}
	oneSidedOnly := r.source.Matches(ls)
	for _, s := range set {
		if !s.alert.ResolvedAt(now) && !(oneSidedOnly && s.twoSided) {
			return s.fp, true
		}
	}
	return 0, false
}

func (r *rule) expire(now time.Time) {
	for key, set := range r.sources {
		set = slices.DeleteFunc(set, func(s source) bool { return s.alert.ResolvedAt(now) })
		if len(set) == 0 {
			delete(r.sources, key)
		} else {
			r.sources[key] = set
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
