package definition

import (
	"errors"
	"regexp"
	"strings"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// failYAML notes the errors of the YAML decoder, which knows lines but not
// columns. An error without a line stopped the decoder: it is of interest only
// if nothing else explains it.
func (l *loader) failYAML(err error) {
	var typeErr *yaml.TypeError
	reasons := []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	switch {
	case errors.As(err, &typeErr):
		reasons = typeErr.Errors
	case !yamlLine.MatchString(reasons[0]) && len(l.errs) > 0:
		return
	}
	for _, reason := range reasons {
		position := l.path + ":1"
		if m := yamlLine.FindStringSubmatch(reason); m != nil {
			position, reason = l.path+":"+m[1], m[2]
		}
		reason = unknownField.ReplaceAllString(reason, "unknown field $1 in")
		l.add(position, inYAMLTerms.Replace(reason))
	}
}

var (
	yamlLine     = regexp.MustCompile(`(?s)^line (\d+): (.*)$`)
	unknownField = regexp.MustCompile(`field (\S+) not found in type`)

	// The decoder speaks of types of Go.
	inYAMLTerms = strings.NewReplacer(
		"[]rulefmt.RuleGroup", "a list of groups", "[]rulefmt.Rule", "a list of rules",
		"rulefmt.RuleGroups", "a rule file", "rulefmt.RuleGroup", "a group", "rulefmt.Rule", "a rule",
		"map[string]string", "a mapping of strings",
	)
)

// checkDurations checks all durations of a file, because the decoder stops at
// the first bad one and does not say where it stands.
func (l *loader) checkDurations(root *yaml.Node) {
	check := func(n *yaml.Node, key string) {
		value := child(n, key)
		if value == nil || value.Kind != yaml.ScalarNode || value.ShortTag() == "!!null" {
			return
		}
		if _, err := model.ParseDuration(value.Value); err != nil {
			l.fail(value, "%s: %v", key, err)
		}
	}
	for _, group := range elements(child(root, "groups")) {
		check(group, "interval")
		check(group, "query_offset")
		for _, rule := range elements(child(group, "rules")) {
			check(rule, "for")
			check(rule, "keep_firing_for")
		}
	}
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

// element returns the ith element of a sequence, or nil.
func element(n *yaml.Node, i int) *yaml.Node {
	if all := elements(n); i < len(all) {
		return all[i]
	}
	return nil
}

// or returns a, or b if there is no a.
func or(a, b *yaml.Node) *yaml.Node {
	if a != nil {
		return a
	}
	return b
}
