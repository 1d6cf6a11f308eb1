package definition

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/cresset-metrics/cresset/server/internal/document"
)

// failYAML notes the errors of the decoder about a node, which knows lines but not
// columns.
func (l *loader) failYAML(n *yaml.Node, err error) {
	for _, m := range document.Messages(err) {
		at := l.at(n)
		if m.Line > 0 {
			at = document.Position{File: l.path, Line: m.Line}
			if first := firstOn(n, m.Line); first != nil {
				at = l.at(first)
			}
		}
		reason := unknownField.ReplaceAllString(m.Reason, "unknown field $1 in")
		l.failAt(at, inYAMLTerms.Replace(reason))
	}
}

// firstOn returns the first node on a line among a node and what it holds, two
// levels deep, or nil.
func firstOn(n *yaml.Node, line int) *yaml.Node {
	for _, level := range [][]*yaml.Node{{n}, n.Content} {
		for _, c := range level {
			if c.Line == line {
				return c
			}
		}
	}
	for _, c := range n.Content {
		for _, entry := range document.Follow(c).Content {
			if entry.Line == line {
				return entry
			}
		}
	}
	return nil
}

var (
	unknownField = regexp.MustCompile(`field (\S+) not found in type`)

	// The decoder speaks of types of Go.
	inYAMLTerms = strings.NewReplacer(
		"definition.fileBody", "a rule file", "definition.groupHead", "a group",
		"[]rulefmt.RuleGroup", "a list of groups", "[]rulefmt.Rule", "a list of rules",
		"rulefmt.RuleGroups", "a rule file", "rulefmt.RuleGroup", "a group", "rulefmt.Rule", "a rule",
		"map[string]string", "a mapping of strings", "[]yaml.Node", "a list",
	)
)

// sortProblems puts the problems that were noted since there were n in the order
// in which they stand in the file.
func (l *loader) sortProblems(n int) {
	slices.SortFunc(l.problems[n:], func(a, b document.Error) int {
		return cmp.Or(a.Compare(b.Position), strings.Compare(a.Reason, b.Reason))
	})
}

// child returns what the value of a key of a mapping is or stands for, or nil.
func child(n *yaml.Node, key string) *yaml.Node { return document.Follow(document.Child(n, key)) }

// or returns a, or b if there is no a.
func or(a, b *yaml.Node) *yaml.Node {
	if a != nil {
		return a
	}
	return b
}

// items returns what the elements of a sequence are or stand for, without those
// that are null, which the decoder leaves out too.
func items(n *yaml.Node) []*yaml.Node {
	var all []*yaml.Node
	for _, e := range document.Elements(n) {
		if e = document.Follow(e); e.ShortTag() != "!!null" {
			all = append(all, e)
		}
	}
	return all
}
