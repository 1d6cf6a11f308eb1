package rule

import "github.com/cresset-metrics/cresset/server/internal/rule/definition"

// place is a rule and the group that it is in.
type place struct {
	group *group
	rule  *groupRule
}

func places(groups []*group) []place {
	var all []place
	for _, g := range groups {
		for _, r := range g.rules {
			all = append(all, place{g, r})
		}
	}
	return all
}

// heirs finds for each new rule the old one that it continues: heirs[i] is the
// index of that of next[i], or -1. Each old rule has one heir at most. What makes
// two rules the same is, the first in each line with the first of the other:
//
//  1. group, kind, name and labels, as in Prometheus;
//  2. the same in a group of the same name in another file, or
//  3. in any other group: the rule was moved;
//  4. group, kind, name and expression, or
//  5. that in any other group: it was given other labels;
//  6. group, kind and name, if only one is left of that name on either side: labels
//     and expression were changed at once.
//
// The last three are for alerting rules only. What a recording rule wrote under
// other labels is over, whether the new ones can be evaluated or not.
func heirs(old, next []place) []int {
	found := make([]int, len(next))
	for i := range found {
		found[i] = -1
	}
	taken := make([]bool, len(old))
	for _, s := range sameness {
		left := make(map[string][]int)
		for j, p := range old {
			if !taken[j] {
				left[s.key(p)] = append(left[s.key(p)], j)
			}
		}
		claims := make(map[string]int)
		for i, p := range next {
			if found[i] < 0 {
				claims[s.key(p)]++
			}
		}
		for i, p := range next {
			key := s.key(p)
			if found[i] >= 0 || len(left[key]) == 0 || s.alone && (len(left[key]) > 1 || claims[key] > 1) {
				continue
			}
			if s.alerts && p.rule.Kind != definition.KindAlerting {
				continue
			}
			found[i], left[key] = left[key][0], left[key][1:]
			taken[found[i]] = true
		}
	}
	return found
}

const sep = "\xff"

var sameness = []struct {
	key    func(place) string
	alone  bool // counts only if nobody else has the key
	alerts bool // counts only for alerting rules
}{
	{key: func(p place) string { return p.group.key() + sep + p.rule.Identity() }},
	{key: func(p place) string { return p.group.Name + sep + p.rule.Identity() }},
	{key: func(p place) string { return p.rule.Identity() }},
	{key: func(p place) string { return p.group.key() + sep + p.nameAndQuery() }, alerts: true},
	{key: func(p place) string { return p.nameAndQuery() }, alerts: true},
	{key: func(p place) string { return p.group.key() + sep + string(p.rule.Kind) + sep + p.rule.Name }, alone: true, alerts: true},
}

func (p place) nameAndQuery() string {
	return string(p.rule.Kind) + sep + p.rule.Name + sep + p.rule.Query
}
