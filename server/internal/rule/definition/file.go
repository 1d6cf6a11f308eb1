package definition

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"github.com/cresset-metrics/cresset/server/internal/document"
)

// loader reads one rule file. What is wrong is noted as it is found, and reading
// goes on; what was noted since a part began is what is wrong with that part.
type loader struct {
	path        string
	options     Options
	expressions parser.Parser
	problems    []document.Error
	warnings    []string // one line each
}

// at is where a node stands, or the start of the file if there is none.
func (l *loader) at(n *yaml.Node) document.Position { return document.At(l.path, n) }

// fail notes an error at a node, or at the start of the file if there is none.
func (l *loader) fail(n *yaml.Node, format string, args ...any) {
	l.failAt(l.at(n), fmt.Sprintf(format, args...))
}

func (l *loader) failAt(at document.Position, reason string) {
	l.problems = append(l.problems, problem(at, reason))
}

// problem makes an error of one line.
func problem(at document.Position, reason string) document.Error {
	return document.Error{Position: at, Reason: strings.ReplaceAll(reason, "\n", " ")}
}

func (l *loader) warn(n *yaml.Node, format string, args ...any) {
	l.warnings = append(l.warnings, problem(l.at(n), fmt.Sprintf(format, args...)).Error())
}

// since joins the problems that were noted since there were n, each once: what is
// behind an anchor is found by each way that leads there.
func (l *loader) since(n int) error {
	var errs []error
	seen := make(map[document.Error]bool, len(l.problems)-n)
	for _, p := range l.problems[n:] {
		if !seen[p] {
			seen[p] = true
			errs = append(errs, p)
		}
	}
	return errors.Join(errs...)
}

// file reads a whole file.
func (l *loader) file(content []byte) *File {
	file := &File{Path: l.path}
	root := l.document(content)
	if root == nil {
		file.Broken = l.since(0)
		return file
	}
	var body fileBody
	l.decode(root, fileFields, &body)

	names := make(map[string]*yaml.Node) // of groups -> where they were used first
	repeats := newRepeats(l)
	for i, node := range items(&body.Groups) {
		before := len(l.problems)
		group, ok := l.group(node, names, repeats)
		if len(l.problems) > maxProblems {
			l.fail(nil, "there are more than %d errors; the rest of the file was not looked at", maxProblems)
			return &File{Path: l.path, Broken: l.since(0)}
		}
		if !ok {
			file.Bad = append(file.Bad, BadGroup{Index: i, Name: group.Name, Err: l.since(before)})
			continue
		}
		file.Groups = append(file.Groups, group)
	}
	file.Duplicates = repeats.found
	return file
}

// fileBody is a rule file with its groups as they stand there.
type fileBody struct {
	Groups yaml.Node `yaml:"groups"`
}

// groupHead is a group with its rules as they stand there.
type groupHead struct {
	Name        string            `yaml:"name"`
	Interval    model.Duration    `yaml:"interval"`
	QueryOffset *model.Duration   `yaml:"query_offset"`
	Limit       int               `yaml:"limit"`
	Labels      map[string]string `yaml:"labels"`
	Rules       yaml.Node         `yaml:"rules"`
}

// group reads a group. It reports whether all of it but its rules is good.
func (l *loader) group(node *yaml.Node, names map[string]*yaml.Node, repeats *repeats) (Group, bool) {
	var head groupHead
	good := l.decode(node, groupFields, &head)
	if !good {
		decodeAlone(node, "name", &head.Name)
		decodeAlone(node, "rules", &head.Rules)
	}
	if good || head.Name != "" { // else there is nothing more to say
		good = l.checkGroup(head, node, names) && good
	}

	group := Group{
		Name:     head.Name,
		Interval: time.Duration(head.Interval),
		Limit:    head.Limit,
	}
	if head.QueryOffset != nil {
		offset := time.Duration(*head.QueryOffset)
		group.QueryOffset = &offset
	}
	rules := items(&head.Rules)
	group.Rules = make([]Rule, 0, len(rules))
	for i, node := range rules {
		before := len(l.problems)
		if before > maxProblems {
			break // none of the file will be used
		}
		var r rulefmt.Rule
		decoded := l.decode(node, ruleFields, &r)
		if !decoded {
			decodeAlone(node, "alert", &r.Alert)
			decodeAlone(node, "record", &r.Record)
			decodeAlone(node, "labels", &r.Labels)
		}
		p := place{node: node, group: head.Name, groupLabels: head.Labels, index: i, name: cmp.Or(r.Alert, r.Record)}
		var expr parser.Expr
		if decoded {
			expr = l.checkRule(r, p)
			l.warnOfRule(r, expr, p)
		}
		all := labels.FromMap(merged(head.Labels, r.Labels))
		if len(l.problems) > before {
			group.Bad = append(group.Bad, BadRule{Index: i, Kind: kindOf(r), Name: p.name, Labels: all, Err: l.since(before)})
			continue
		}
		repeats.add(p, all)
		group.Rules = append(group.Rules, makeRule(r, expr, all))
	}
	if len(group.Rules) > 0 {
		l.warnOfGroup(head, node, group.Rules)
	}
	return group, good
}

// place is where a rule stands, for messages.
type place struct {
	node        *yaml.Node
	group       string
	groupLabels map[string]string
	index       int
	name        string
}

func (p place) String() string {
	return fmt.Sprintf("group %q, rule %d, %q", p.group, p.index+1, p.name)
}

// field is where a field of the rule stands, or the rule if it has none.
func (p place) field(key string) *yaml.Node { return or(child(p.node, key), p.node) }

// entry is where an entry of a mapping of the rule stands, or else the rule.
func (p place) entry(field, key string) *yaml.Node {
	return or(child(child(p.node, field), key), p.node)
}

// checkGroup reports whether a group is good, its rules left aside.
func (l *loader) checkGroup(g groupHead, node *yaml.Node, names map[string]*yaml.Node) bool {
	before := len(l.problems)
	name := or(child(node, "name"), node)
	if g.Name == "" {
		l.fail(name, "Groupname must not be empty")
	}
	if earlier, ok := names[g.Name]; ok {
		l.fail(name, "groupname: %q is repeated in the same file, it was used first in line %d", g.Name, earlier.Line)
	} else {
		names[g.Name] = name
	}
	for _, k := range slices.Sorted(maps.Keys(g.Labels)) {
		l.checkLabel(or(child(child(node, "labels"), k), name), fmt.Sprintf("group %q", g.Name), k, g.Labels[k])
	}
	return len(l.problems) == before
}

// kindOf is what a rule is, or empty if it is not clear.
func kindOf(r rulefmt.Rule) Kind {
	switch {
	case (r.Alert == "") == (r.Record == ""):
		return ""
	case r.Alert != "":
		return KindAlerting
	default:
		return KindRecording
	}
}

// makeRule makes a rule of the decoded form of a good one.
func makeRule(r rulefmt.Rule, expr parser.Expr, all labels.Labels) Rule {
	rule := Rule{Kind: kindOf(r), Name: cmp.Or(r.Alert, r.Record), Expr: expr, Query: expr.String(), Labels: all}
	if rule.Kind == KindAlerting {
		rule.For, rule.KeepFiringFor = time.Duration(r.For), time.Duration(r.KeepFiringFor)
		rule.Annotations = labels.FromMap(r.Annotations)
	}
	return rule
}

// merged are the labels of a group, overridden by those of a rule.
func merged(group, rule map[string]string) map[string]string {
	all := make(map[string]string, len(group)+len(rule))
	maps.Copy(all, group)
	maps.Copy(all, rule)
	return all
}
