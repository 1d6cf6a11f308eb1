package simulate

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v2"
	yamltree "go.yaml.in/yaml/v3"
)

// Test files are decoded by the decoder that promtool uses, because it takes
// things that its successor does not: a number where a string is wanted, say. It
// tells lines at best. The successor reads a file into nodes that know where
// they stand; from those come the positions.

// position is a place in a file.
type position struct {
	path         string
	line, column int // from 1; 0 is unknown
}

func (p position) String() string {
	switch {
	case p.line == 0:
		return p.path
	case p.column == 0:
		return fmt.Sprintf("%s:%d", p.path, p.line)
	}
	return fmt.Sprintf("%s:%d:%d", p.path, p.line, p.column)
}

// tree is a test file as nodes that know where they stand. The zero value, and
// whatever is not there, is a tree without any.
type tree struct {
	path string
	node *yamltree.Node
	up   position // of what it is part of
	more position // of the root only: of the document after the first one
}

// parseTree returns the first document of a file.
func parseTree(path string, content []byte) (t tree) {
	t = tree{path: path, up: position{path: path, line: 1}}
	defer func() {
		if recover() != nil { // then there are lines without columns
			t.node = nil
		}
	}()
	var root, next yamltree.Node
	documents := yamltree.NewDecoder(bytes.NewReader(content))
	if documents.Decode(&root) != nil || len(root.Content) == 0 {
		return t
	}
	t.node = root.Content[0]
	if documents.Decode(&next) == nil && len(next.Content) > 0 && next.Content[0].ShortTag() != "!!null" {
		t.more = position{path: path, line: next.Content[0].Line}
	}
	return t
}

// at is where the node stands, or else what it would be part of.
func (t tree) at() position {
	if t.node == nil {
		return t.up
	}
	return position{path: t.path, line: t.node.Line, column: t.node.Column}
}

func (t tree) with(n *yamltree.Node) tree { return tree{path: t.path, node: n, up: t.at()} }

// target is the node, or what it is an alias of.
func (t tree) target() *yamltree.Node {
	if t.node != nil && t.node.Kind == yamltree.AliasNode {
		return t.node.Alias
	}
	return t.node
}

// key returns the value of a key of a mapping.
func (t tree) key(name string) tree {
	n := t.target()
	if n == nil || n.Kind != yamltree.MappingNode {
		return t.with(nil)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return t.with(n.Content[i+1])
		}
	}
	return t.with(nil)
}

// item returns an element of a sequence.
func (t tree) item(i int) tree {
	n := t.target()
	if n == nil || n.Kind != yamltree.SequenceNode || i >= len(n.Content) {
		return t.with(nil)
	}
	return t.with(n.Content[i])
}

// items returns the elements of a sequence.
func (t tree) items() []tree {
	n := t.target()
	if n == nil || n.Kind != yamltree.SequenceNode {
		return nil
	}
	all := make([]tree, len(n.Content))
	for i := range all {
		all[i] = t.item(i)
	}
	return all
}

// scalar returns the text of a scalar that is not null.
func (t tree) scalar() (string, bool) {
	n := t.target()
	if n == nil || n.Kind != yamltree.ScalarNode || n.ShortTag() == "!!null" {
		return "", false
	}
	return n.Value, true
}

// problem is one thing that is wrong with a file.
type problem struct {
	at     position
	reason string
}

// decode reads a test file. The error has a line for each thing that is wrong,
// with its position.
func decode(path string, content []byte) (doc document, t tree, err error) {
	t = parseTree(path, content)
	if err = unmarshal(content, &doc); err == nil {
		return doc, t, nil
	}
	found := t.explain(content, err)
	slices.SortStableFunc(found, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.at.line, b.at.line), cmp.Compare(a.at.column, b.at.column))
	})
	lines := make([]string, len(found))
	for i, p := range found {
		lines[i] = fmt.Sprintf("%s: %s", p.at, p.reason)
	}
	return doc, t, errors.New(strings.Join(slices.Compact(lines), "\n"))
}

// explain finds positions for the error of the decoder.
func (t tree) explain(content []byte, err error) []problem {
	typeErr, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		if bad := t.badValues(); len(bad) > 0 {
			return bad
		}
		typeErr = &yaml.TypeError{Errors: []string{strings.TrimPrefix(err.Error(), "yaml: ")}}
	}
	found := make([]problem, 0, len(typeErr.Errors))
	for _, reason := range typeErr.Errors {
		at := t.at()
		if m := yamlLine.FindStringSubmatch(reason); m != nil {
			line, _ := strconv.Atoi(m[1])
			reason = m[2]
			at = t.onLine(line, reason)
		} else if i := invalidUTF8(content); i >= 0 {
			at = position{path: t.path, line: 1 + bytes.Count(content[:i], []byte("\n")), column: i - bytes.LastIndexByte(content[:i], '\n')}
		}
		reason = unknownField.ReplaceAllString(reason, "unknown field $1 in")
		reason = repeatedField.ReplaceAllString(reason, "field $1 is there twice in")
		found = append(found, problem{at, strings.ReplaceAll(inYAMLTerms.Replace(reason), "\n", " ")})
	}
	return found
}

// invalidUTF8 is where the first byte stands that is not UTF-8, or -1.
func invalidUTF8(content []byte) int {
	for i := 0; i < len(content); {
		r, n := utf8.DecodeRune(content[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// unmarshal decodes strictly. No file may take the process down.
func unmarshal(content []byte, doc *document) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the YAML decoder gave up: %v", p)
		}
	}()
	return yaml.UnmarshalStrict(content, doc)
}

var (
	yamlLine      = regexp.MustCompile(`(?s)^line (\d+): (.*)$`)
	unknownField  = regexp.MustCompile(`field (\S+) not found in type`)
	repeatedField = regexp.MustCompile(`field (\S+) already set in type`)
	quoted        = regexp.MustCompile("`([^`]*)`|field (\\S+) not found|key \"([^\"]*)\" already|field (\\S+) already")

	// The decoder speaks of types of Go.
	inYAMLTerms = strings.NewReplacer(
		"simulate.document", "a test file",
		"[]simulate.testItem", "a list of tests", "simulate.testItem", "a test",
		"[]simulate.seriesItem", "a list of series", "simulate.seriesItem", "an input series",
		"[]simulate.alertItem", "a list of alert tests", "simulate.alertItem", "an alert test",
		"[]simulate.expectedAlert", "a list of expected alerts", "simulate.expectedAlert", "an expected alert",
		"[]simulate.exprItem", "a list of expression tests", "simulate.exprItem", "an expression test",
		"[]simulate.expectedSample", "a list of expected samples", "simulate.expectedSample", "an expected sample",
		"map[string]string", "a mapping of strings", "[]string", "a list of strings", "float64", "a number",
	)
)

// onLine finds what a reason speaks of: the node of the line whose text the
// reason quotes, or else the first one.
func (t tree) onLine(line int, reason string) position {
	var wanted string
	if m := quoted.FindStringSubmatch(reason); m != nil {
		wanted = m[1] + m[2] + m[3] + m[4]
	}
	at := position{path: t.path, line: line}
	var walk func(n *yamltree.Node) bool
	walk = func(n *yamltree.Node) bool {
		if n.Line == line {
			if at.column == 0 {
				at.column = n.Column
			}
			if wanted != "" && n.Kind == yamltree.ScalarNode && strings.HasPrefix(n.Value, strings.TrimSuffix(wanted, "...")) {
				at.column = n.Column
				return true
			}
		}
		for _, c := range n.Content {
			if walk(c) {
				return true
			}
		}
		return false
	}
	if t.node != nil {
		walk(t.node)
	}
	return at
}

// badValues tells of all durations and times that cannot be read. The decoder
// ends at the first one, and does not say where it stands.
func (t tree) badValues() (bad []problem) {
	duration := func(t tree, key string) {
		if text, ok := t.key(key).scalar(); ok {
			if _, err := model.ParseDuration(text); err != nil {
				bad = append(bad, problem{t.key(key).at(), fmt.Sprintf("%s: %v", key, err)})
			}
		}
	}
	duration(t, "evaluation_interval")
	for _, test := range t.key("tests").items() {
		duration(test, "interval")
		if text, ok := test.key("start_timestamp").scalar(); ok {
			if _, err := parseStart(text); err != nil {
				bad = append(bad, problem{test.key("start_timestamp").at(), err.Error()})
			}
		}
		for _, list := range []string{"alert_rule_test", "promql_expr_test"} {
			for _, item := range test.key(list).items() {
				duration(item, "eval_time")
			}
		}
	}
	return bad
}
