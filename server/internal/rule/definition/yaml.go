package definition

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// failYAML notes the errors of the decoder about a node, which knows lines but not
// columns.
func (l *loader) failYAML(n *yaml.Node, err error) {
	reasons := []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	if typeErr, ok := errors.AsType[*yaml.TypeError](err); ok {
		reasons = typeErr.Errors
	}
	for _, reason := range reasons {
		position := l.at(n)
		if m := yamlLine.FindStringSubmatch(reason); m != nil {
			position, reason = l.path+":"+m[1], m[2]
			if line, err := strconv.Atoi(m[1]); err == nil {
				if first := firstOn(n, line); first != nil {
					position = l.at(first)
				}
			}
		}
		reason = unknownField.ReplaceAllString(reason, "unknown field $1 in")
		l.failAt(position, inYAMLTerms.Replace(reason))
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
		for _, entry := range resolve(c).Content {
			if entry.Line == line {
				return entry
			}
		}
	}
	return nil
}

var (
	yamlLine     = regexp.MustCompile(`(?s)^line (\d+): (.*)$`)
	unknownField = regexp.MustCompile(`field (\S+) not found in type`)

	// The decoder speaks of types of Go.
	inYAMLTerms = strings.NewReplacer(
		"definition.fileBody", "a rule file", "definition.groupHead", "a group",
		"[]rulefmt.RuleGroup", "a list of groups", "[]rulefmt.Rule", "a list of rules",
		"rulefmt.RuleGroups", "a rule file", "rulefmt.RuleGroup", "a group", "rulefmt.Rule", "a rule",
		"map[string]string", "a mapping of strings", "[]yaml.Node", "a list",
	)
)

// position is that of a message, after the path.
var position = regexp.MustCompile(`^:(\d+)(?::(\d+))?: `)

// sortProblems puts the problems that were noted since there were n in the order
// in which they stand in the file.
func (l *loader) sortProblems(n int) {
	where := func(problem string) []int {
		m := position.FindStringSubmatch(strings.TrimPrefix(problem, l.path))
		if m == nil {
			return nil
		}
		line, _ := strconv.Atoi(m[1]) // digits, as is the column, which may be missing
		column, _ := strconv.Atoi(m[2])
		return []int{line, column}
	}
	slices.SortFunc(l.problems[n:], func(a, b string) int {
		return cmp.Or(slices.Compare(where(a), where(b)), strings.Compare(a, b))
	})
}

// resolve follows a document to its content and an alias to what it stands for.
func resolve(n *yaml.Node) *yaml.Node {
	for n != nil {
		switch {
		case n.Kind == yaml.AliasNode:
			n = n.Alias
		case n.Kind == yaml.DocumentNode && len(n.Content) > 0:
			n = n.Content[0]
		default:
			return n
		}
	}
	return nil
}

// child returns the value of a key of a mapping, or nil. A mapping may get the
// key from others, merged into it by "<<"; those that are merged into these in
// turn are not looked at, because they may be many, or go round in circles.
func child(n *yaml.Node, key string) *yaml.Node {
	if own := ownChild(n, key); own != nil {
		return own
	}
	merged := ownChild(n, "<<")
	found := ownChild(merged, key)
	for _, m := range elements(merged) {
		found = or(found, ownChild(m, key))
	}
	return found
}

func ownChild(n *yaml.Node, key string) *yaml.Node {
	n = resolve(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if resolve(n.Content[i]).Value == key {
			return resolve(n.Content[i+1])
		}
	}
	return nil
}

// elements returns the elements of a sequence; of anything else, none.
func elements(n *yaml.Node) []*yaml.Node {
	n = resolve(n)
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	resolved := make([]*yaml.Node, len(n.Content))
	for i, e := range n.Content {
		resolved[i] = resolve(e)
	}
	return resolved
}

// or returns a, or b if there is no a.
func or(a, b *yaml.Node) *yaml.Node {
	if a != nil {
		return a
	}
	return b
}

// items returns the elements of a sequence without those that are null, which the
// decoder leaves out too.
func items(n *yaml.Node) []*yaml.Node {
	return slices.DeleteFunc(elements(n), func(e *yaml.Node) bool { return e.ShortTag() == "!!null" })
}

// isMerge reports whether a key is "<<", which merges other mappings into its own.
func isMerge(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value == "<<" && (key.Tag == "" || key.Tag == "!" || key.ShortTag() == "!!merge")
}
