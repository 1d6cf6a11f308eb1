package simulate

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v2"
	yamltree "go.yaml.in/yaml/v3"

	"github.com/cresset-metrics/cresset/server/internal/document"
)

// Test files are decoded by the decoder that promtool uses, because it takes
// things that its successor does not: a number where a string is wanted, say. It
// tells lines at best. The successor reads a file into nodes that know where
// they stand; from those come the positions.

// tree is a test file as nodes that know where they stand. The zero value, and
// whatever is not there, is a tree without any.
type tree struct {
	path string
	node *yamltree.Node
	up   document.Position // of what it is part of
	more document.Position // of the root only: of the document after the first one
}

// parseTree returns the first document of a file.
func parseTree(path string, content []byte) tree {
	root, next, _ := document.Parse(content) // without nodes there are lines without columns
	t := tree{path: path, node: root, up: document.At(path, nil)}
	if next != nil && next.Line > 0 {
		t.more = document.Position{File: path, Line: next.Line}
	}
	return t
}

// at is where the node stands, or else what it would be part of.
func (t tree) at() document.Position {
	if t.node == nil {
		return t.up
	}
	return document.At(t.path, t.node)
}

func (t tree) with(n *yamltree.Node) tree { return tree{path: t.path, node: n, up: t.at()} }

// key returns the value of a key of a mapping.
func (t tree) key(name string) tree { return t.with(document.Child(t.node, name)) }

// item returns an element of a sequence.
func (t tree) item(i int) tree {
	if all := document.Elements(t.node); i < len(all) {
		return t.with(all[i])
	}
	return t.with(nil)
}

// items returns the elements of a sequence.
func (t tree) items() []tree {
	all := make([]tree, len(document.Elements(t.node)))
	for i := range all {
		all[i] = t.item(i)
	}
	return all
}

// decode reads a test file. The error has a line for each thing that is wrong,
// with its position.
func decode(path string, content []byte) (doc testFile, t tree, err error) {
	t = parseTree(path, content)
	if err = unmarshal(content, &doc); err == nil {
		return doc, t, nil
	}
	found := t.explain(content, err)
	slices.SortStableFunc(found, func(a, b document.Error) int { return a.Compare(b.Position) })
	errs := make([]error, 0, len(found))
	for _, e := range slices.Compact(found) {
		errs = append(errs, e)
	}
	return doc, t, errors.Join(errs...)
}

// explain finds positions for the error of the decoder.
func (t tree) explain(content []byte, err error) (found []document.Error) {
	if _, ok := errors.AsType[*yaml.TypeError](err); !ok {
		if bad := t.badValues(); len(bad) > 0 {
			return bad
		}
	}
	for _, m := range document.Messages(err) {
		at := t.at()
		if m.Line > 0 {
			at = t.onLine(m.Line, m.Reason)
		} else if bad, _, ok := document.BadByte(t.path, content, m.Reason); ok {
			at = bad
		}
		reason := unknownField.ReplaceAllString(m.Reason, "unknown field $1 in")
		reason = repeatedField.ReplaceAllString(reason, "field $1 is there twice in")
		found = append(found, document.Error{Position: at, Reason: strings.ReplaceAll(inYAMLTerms.Replace(reason), "\n", " ")})
	}
	return found
}

// unmarshal decodes strictly. No file may take the process down.
func unmarshal(content []byte, doc *testFile) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the YAML decoder gave up: %v", p)
		}
	}()
	return yaml.UnmarshalStrict(content, doc)
}

var (
	unknownField  = regexp.MustCompile(`field (\S+) not found in type`)
	repeatedField = regexp.MustCompile(`field (\S+) already set in type`)
	quoted        = regexp.MustCompile("`([^`]*)`|field (\\S+) not found|key \"([^\"]*)\" already|field (\\S+) already")

	// The decoder speaks of types of Go.
	inYAMLTerms = strings.NewReplacer(
		"simulate.testFile", "a test file",
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
func (t tree) onLine(line int, reason string) document.Position {
	var wanted string
	if m := quoted.FindStringSubmatch(reason); m != nil {
		wanted = m[1] + m[2] + m[3] + m[4]
	}
	at := document.Position{File: t.path, Line: line}
	var walk func(n *yamltree.Node) bool
	walk = func(n *yamltree.Node) bool {
		if n.Line == line {
			if at.Column == 0 {
				at.Column = n.Column
			}
			if wanted != "" && n.Kind == yamltree.ScalarNode && strings.HasPrefix(n.Value, strings.TrimSuffix(wanted, "...")) {
				at.Column = n.Column
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
func (t tree) badValues() (bad []document.Error) {
	duration := func(t tree, key string) {
		if text, ok := document.Text(t.key(key).node); ok {
			if _, err := model.ParseDuration(text); err != nil {
				bad = append(bad, document.Error{Position: t.key(key).at(), Reason: fmt.Sprintf("%s: %v", key, err)})
			}
		}
	}
	duration(t, "evaluation_interval")
	for _, test := range t.key("tests").items() {
		duration(test, "interval")
		if text, ok := document.Text(test.key("start_timestamp").node); ok {
			if _, err := parseStart(text); err != nil {
				bad = append(bad, document.Error{Position: test.key("start_timestamp").at(), Reason: err.Error()})
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
