package definition

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/rulefmt"
	"go.yaml.in/yaml/v3"
)

// Limits, which keep the memory and the time that a file takes within bounds. The
// parser makes about a hundred bytes of each of a file, and compares each key of a
// mapping with each other. Aliases make a few lines as large as one likes.
const (
	maxBytes    = 16 << 20
	maxKeys     = 1000
	maxExpanded = 4_000_000 // nodes that aliases add; the decoder has a limit like it
)

// document reads the first document of a file. It returns nil if nothing of it can
// be used. An empty file is an empty mapping.
func (l *loader) document(content []byte) *yaml.Node {
	if len(content) > maxBytes {
		l.failAt(l.path+":1", fmt.Sprintf("the file has more than %d MiB; divide it", maxBytes>>20))
		return nil
	}
	var first yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(content))
	switch err := decodeNext(documents, &first); {
	case errors.Is(err, io.EOF): // comments at most
		return &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1}
	case err != nil:
		l.failSyntax(content, err)
		return nil
	}
	l.warnOfFurtherDocuments(documents)

	root := resolve(&first)
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" {
		return &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1}
	}
	if !l.checkLimits(root) {
		return nil
	}
	// Whether the file is good is for the decoder of all of it to say: where there is
	// nothing wrong with any part, it must agree. It stops at the first duration that
	// is bad, which says nothing of the rest.
	var all rulefmt.RuleGroups
	whole := yaml.NewDecoder(bytes.NewReader(content))
	whole.KnownFields(!l.options.IgnoreUnknownFields)
	if err := decodeNext(whole, &all); err != nil && !l.explained(root) {
		l.failYAML(root, err)
		return nil
	}
	return root
}

// explained reports whether the parts of a file, read one by one, explain why it
// cannot be decoded as a whole. They are read again then, to be used.
func (l *loader) explained(root *yaml.Node) bool {
	trial := &loader{path: l.path, options: l.options, expressions: l.expressions}
	var body fileBody
	trial.decode(root, fileFields, &body)
	for _, group := range items(&body.Groups) {
		var head groupHead
		trial.decode(group, groupFields, &head)
		for _, rule := range items(&head.Rules) {
			trial.decode(rule, ruleFields, new(rulefmt.Rule))
		}
	}
	return len(trial.problems) > 0
}

// decodeNext decodes a document; a parser that fails in ways of its own only fails
// that.
func decodeNext(d *yaml.Decoder, into any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the YAML parser cannot read it: %v", p)
		}
	}()
	return d.Decode(into)
}

// warnOfFurtherDocuments says that documents are not used, unless they are empty.
func (l *loader) warnOfFurtherDocuments(documents *yaml.Decoder) {
	for {
		var further yaml.Node
		err := decodeNext(documents, &further)
		if errors.Is(err, io.EOF) {
			return
		}
		node := resolve(&further)
		if err == nil && node.ShortTag() == "!!null" {
			continue
		}
		if err != nil {
			node = nil
		}
		l.warn(node, "only the first YAML document of the file is used")
		return
	}
}

// checkLimits reports whether a document is small enough to be decoded.
func (l *loader) checkLimits(root *yaml.Node) bool {
	if large := largeMapping(root); large != nil {
		l.fail(large, "a mapping of %d keys; at most %d are allowed", len(large.Content)/2, maxKeys)
		return false
	}
	sizes := expandedSizes{}
	groups := child(root, "groups")
	if groups != nil && sizes.of(groups) > len(sizes)+maxExpanded {
		l.fail(groups, "document contains excessive aliasing")
		return false
	}
	return true
}

// expandedSizes are numbers of nodes, those behind aliases included each time, and
// no larger than what can be added up.
type expandedSizes map[*yaml.Node]int

func (s expandedSizes) of(n *yaml.Node) int {
	const enough = 1 << 40
	if size, ok := s[n]; ok {
		return size
	}
	s[n] = 1 // what contains itself
	size := 1
	for _, c := range n.Content {
		size = min(enough, size+s.of(resolve(c)))
	}
	s[n] = size
	return size
}

// largeMapping returns a mapping with too many keys, or nil.
func largeMapping(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.MappingNode && len(n.Content)/2 > maxKeys {
		return n
	}
	for _, c := range n.Content {
		if large := largeMapping(c); large != nil {
			return large
		}
	}
	return nil
}

// failSyntax notes why a file is not YAML.
func (l *loader) failSyntax(content []byte, err error) {
	reason := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(reason); m != nil {
		l.failAt(l.path+":"+m[1], m[2])
		return
	}
	if offset := badByte(content); offset >= 0 {
		line := 1 + bytes.Count(content[:offset], []byte("\n"))
		column := 1 + utf8.RuneCount(content[bytes.LastIndexByte(content[:offset], '\n')+1:offset])
		l.failAt(fmt.Sprintf("%s:%d:%d", l.path, line, column), fmt.Sprintf("byte %#02x: %s; save the file as UTF-8", content[offset], reason))
		return
	}
	l.failAt(l.path+":1", reason)
}

// badByte is where the first byte stands that cannot be in a file in UTF-8, or -1.
func badByte(content []byte) int {
	for i := 0; i < len(content); {
		r, size := utf8.DecodeRune(content[i:])
		control := r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r < 0xa0 && r != 0x85
		if r == utf8.RuneError && size == 1 || control {
			return i
		}
		i += size
	}
	return -1
}

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
