package differential_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// drawn is what a rule file is made of.
type (
	drawnConfig map[string][]drawnGroup // by file
	drawnGroup  struct {
		name             string
		interval, offset string // or nothing
		limit            int
		labels           map[string]string
		rules            []drawnRule
	}
	drawnRule struct {
		alert           bool
		name, expr      string
		hold, keep      string // or nothing
		labels, remarks map[string]string
	}
)

func (c drawnConfig) has(group string) bool {
	for _, groups := range c {
		if slices.ContainsFunc(groups, func(d drawnGroup) bool { return d.name == group }) {
			return true
		}
	}
	return false
}

func (c drawnConfig) clone() drawnConfig {
	next := make(drawnConfig, len(c))
	for file, groups := range c {
		next[file] = slices.Clone(groups)
		for i := range next[file] {
			next[file][i].rules = slices.Clone(groups[i].rules)
		}
	}
	return next
}

func (c drawnConfig) files() files {
	all := make(files, len(c))
	for file, groups := range c {
		var b strings.Builder
		b.WriteString("groups:\n")
		for _, d := range groups {
			fmt.Fprintf(&b, "- name: %s\n", d.name)
			field(&b, "  interval: ", d.interval)
			field(&b, "  query_offset: ", d.offset)
			if d.limit > 0 {
				fmt.Fprintf(&b, "  limit: %d\n", d.limit)
			}
			mapping(&b, "  labels: ", d.labels)
			b.WriteString("  rules:\n")
			for _, r := range d.rules {
				kind := "record"
				if r.alert {
					kind = "alert"
				}
				fmt.Fprintf(&b, "  - %s: %q\n    expr: %s\n", kind, r.name, strconv.Quote(r.expr))
				field(&b, "    for: ", r.hold)
				field(&b, "    keep_firing_for: ", r.keep)
				mapping(&b, "    labels: ", r.labels)
				mapping(&b, "    annotations: ", r.remarks)
			}
		}
		all[file] = b.String()
	}
	return all
}

func field(b *strings.Builder, key, value string) {
	if value != "" {
		fmt.Fprintf(b, "%s%s\n", key, value)
	}
}

func mapping(b *strings.Builder, key string, m map[string]string) {
	for name, value := range m { // of one element at most
		fmt.Fprintf(b, "%s{%s: %q}\n", key, name, value)
	}
}

// repeated says that a rule shares its name and labels with another of the group.
// When one of them goes, theirs marks the series of all stale.
func (d drawnGroup) repeated(index int) bool {
	same := func(r drawnRule) bool {
		return r.name == d.rules[index].name && maps.Equal(r.labels, d.rules[index].labels)
	}
	return slices.ContainsFunc(d.rules[:index], same) || slices.ContainsFunc(d.rules[index+1:], same)
}

// touched returns what the lines contain that tell of a group where a rule is gone
// from its place at some time, or of one that looks at such a group.
func touched(all []drawnConfig) []string {
	groups := make(map[string]bool)
	for i := 1; i < len(all); i++ {
		after := all[i].places()
		for place, n := range all[i-1].places() {
			if after[place] >= n {
				continue
			}
			groups[place.group], groups[place.rule[:2]] = true, true
			for other := range after {
				if other.rule == place.rule { // it may be continued there
					groups[other.group] = true
				}
			}
		}
	}
	if len(groups) == 0 {
		return nil
	}
	for known := 0; known < len(groups); { // looking at each other in turn
		known = len(groups)
		for _, c := range all {
			for _, file := range c {
				for _, d := range file {
					for _, r := range d.rules {
						for group := range maps.Clone(groups) {
							if strings.Contains(r.expr, group) || strings.HasPrefix(r.name, group) {
								groups[d.name], groups[r.name[:2]] = true, true
							}
						}
					}
				}
			}
		}
	}
	texts := []string{"prometheus_rule_evaluation_duration", "prometheus_rule_group_duration"} // of all groups
	for group := range groups {
		texts = append(texts, ";"+group, group+":", group+"A")
	}
	return texts
}

// place is where a rule with a name and labels stands.
type place struct{ file, group, rule, labels string }

// places counts the rules of each place.
func (c drawnConfig) places() map[place]int {
	count := make(map[place]int)
	for file, groups := range c {
		for _, d := range groups {
			for _, r := range d.rules {
				of := maps.Clone(d.labels)
				if of == nil {
					of = make(map[string]string)
				}
				maps.Copy(of, r.labels)
				count[place{file, d.name, r.name, fmt.Sprint(of)}]++
			}
		}
	}
	return count
}
