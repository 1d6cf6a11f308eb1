package rule

import (
	"slices"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// lastGood returns the groups of a file. In the place of what is bad, which only a
// file that was loaded leniently has, stands what was in use before, if it was:
// while a person mends a file, no alert must end because of that.
func lastGood(f *definition.File, inUse map[string]*group) []definition.Group {
	var groups []definition.Group
	if f.Broken != nil {
		for _, g := range inUse {
			if g.file == f.Path {
				groups = append(groups, g.defined)
			}
		}
		return groups
	}
	named := make(map[string]bool)
	for _, g := range f.Groups {
		named[g.Name] = true
	}
	groups = slices.Clone(f.Groups)
	for i := range groups {
		if old := inUse[groupKey(f.Path, groups[i].Name)]; old != nil && len(groups[i].Bad) > 0 {
			groups[i].Rules = lastGoodRules(groups[i], old.defined.Rules)
		}
	}
	for _, b := range f.Bad {
		if old := inUse[groupKey(f.Path, b.Name)]; old != nil && !named[b.Name] {
			named[b.Name] = true
			groups = append(groups, old.defined)
		}
	}
	return groups
}

// lastGoodRules returns the rules of a group with, in the place of each bad one,
// the version of it among old: one of the same labels, or else of the same name,
// that is not the version of another.
func lastGoodRules(g definition.Group, old []definition.Rule) []definition.Rule {
	versions := slices.Clone(old)
	take := func(is func(definition.Rule) bool) (definition.Rule, bool) {
		i := slices.IndexFunc(versions, is)
		if i < 0 {
			return definition.Rule{}, false
		}
		r := versions[i]
		versions = slices.Delete(versions, i, i+1)
		return r, true
	}
	for _, r := range g.Rules {
		take(func(v definition.Rule) bool { return v.Identity() == r.Identity() })
	}
	found := make([]definition.Rule, len(g.Bad))
	is := make([]bool, len(g.Bad))
	for i, b := range g.Bad {
		found[i], is[i] = take(func(v definition.Rule) bool { return v.Identity() == b.Identity() })
	}
	for i, b := range g.Bad {
		if !is[i] {
			found[i], is[i] = take(func(v definition.Rule) bool { return v.Kind == b.Kind && v.Name == b.Name })
		}
	}
	rules := slices.Clone(g.Rules)
	left := 0 // bad rules before this one that have no version
	for i, b := range g.Bad {
		if !is[i] {
			left++
			continue
		}
		rules = slices.Insert(rules, b.Index-left, found[i])
	}
	return rules
}
