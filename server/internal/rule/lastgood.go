package rule

import (
	"maps"
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
	nameless := false
	for _, b := range f.Bad {
		nameless = nameless || b.Name == ""
		if old := inUse[groupKey(f.Path, b.Name)]; old != nil && !named[b.Name] {
			named[b.Name] = true
			groups = append(groups, old.defined)
		}
	}
	if nameless { // it may be any of those that are missing
		for _, key := range slices.Sorted(maps.Keys(inUse)) {
			if old := inUse[key]; old.file == f.Path && !named[old.Name] {
				groups = append(groups, old.defined)
			}
		}
	}
	return groups
}

// lastGoodRules returns the rules of a group with, in the place of each bad one,
// the version of it among old: one of the same labels, or else of the same name,
// that is not the version of another. The first that has no name has all versions
// that are left: it may be any of them.
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
	found := make([]definition.Rule, len(g.Bad)) // where is
	is := make([]bool, len(g.Bad))
	for i, b := range g.Bad {
		found[i], is[i] = take(func(v definition.Rule) bool { return v.Identity() == b.Identity() })
	}
	for i, b := range g.Bad {
		if !is[i] {
			found[i], is[i] = take(func(v definition.Rule) bool {
				return v.Name == b.Name && (v.Kind == b.Kind || b.Kind == "")
			})
		}
	}
	rules := slices.Clone(g.Rules)
	moved := 0 // how much further back the place of a rule is for those before it
	for i, b := range g.Bad {
		var in []definition.Rule
		switch {
		case is[i]:
			in = found[i : i+1]
		case b.Name == "":
			in, versions = versions, nil
		}
		rules = slices.Insert(rules, b.Index+moved, in...)
		moved += len(in) - 1
	}
	return rules
}
