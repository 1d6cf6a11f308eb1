package definition

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

var promqlParser = parser.NewParser(parser.Options{})

// LoadGlobs loads the rule files that match the patterns, each file once. With
// any bad file it returns no files, and an error that joins all errors of all
// files. Warnings say what was accepted, but is perhaps not what was meant: a
// pattern that matches nothing, for instance. names says which label and metric
// names are valid; the zero value is UTF-8.
func LoadGlobs(patterns []string, names model.ValidationScheme) (files []*File, warnings []string, err error) {
	var errs []error
	seen := make(map[string]bool)
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			errs = append(errs, fmt.Errorf("rule_files: bad pattern %q: %w", pattern, err))
			continue
		}
		if len(paths) == 0 {
			warnings = append(warnings, fmt.Sprintf("rule_files: no file matches %q", pattern))
		}
		for _, path := range paths {
			if seen[path] {
				continue
			}
			seen[path] = true
			file, warned, err := Load(path, names)
			warnings = append(warnings, warned...)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			files = append(files, file)
		}
	}
	if len(errs) > 0 {
		return nil, warnings, errors.Join(errs...)
	}
	return files, warnings, nil
}

// Load loads one rule file; see Parse.
func Load(path string, names model.ValidationScheme) (*File, []string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err // the path is said already
		}
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return Parse(path, content, names)
}

// Parse reads the content of a rule file; path is used for messages and as the
// file's name. The error joins all errors that were found, one line each:
// "path:line:column: reason", or "path:line: reason".
func Parse(path string, content []byte, names model.ValidationScheme) (*File, []string, error) {
	if names == model.UnsetValidation {
		names = model.UTF8Validation
	}
	l := loader{path: path, names: names}
	file := l.load(content)
	if len(l.errs) > 0 {
		return nil, l.warnings, errors.Join(l.errs...)
	}
	return file, l.warnings, nil
}

// loader reads one rule file.
type loader struct {
	path     string
	names    model.ValidationScheme
	errs     []error
	warnings []string
}

// fail notes an error at a node, or at the start of the file if there is none.
func (l *loader) fail(at *yaml.Node, format string, args ...any) {
	position := l.path + ":1"
	if at != nil && at.Line > 0 {
		position = fmt.Sprintf("%s:%d:%d", l.path, at.Line, at.Column)
	}
	l.add(position, fmt.Sprintf(format, args...))
}

// add notes an error, on one line, and once: what is behind an anchor is found
// by each way that leads there.
func (l *loader) add(position, reason string) {
	text := position + ": " + strings.ReplaceAll(reason, "\n", " ")
	if !slices.ContainsFunc(l.errs, func(err error) bool { return err.Error() == text }) {
		l.errs = append(l.errs, errors.New(text))
	}
}

func (l *loader) load(content []byte) *File {
	file := &File{Path: l.path}

	var root yaml.Node
	document := yaml.NewDecoder(bytes.NewReader(content))
	switch err := document.Decode(&root); {
	case errors.Is(err, io.EOF):
		return file // empty, or comments only
	case err != nil:
		l.failYAML(err)
		return nil
	}
	if err := document.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		l.warnings = append(l.warnings, l.path+": only the first YAML document of the file is used")
	}

	var decoded rulefmt.RuleGroups
	l.checkDurations(&root)
	strict := yaml.NewDecoder(bytes.NewReader(content))
	strict.KnownFields(true)
	if err := strict.Decode(&decoded); err != nil {
		l.failYAML(err)
	}
	if len(l.errs) > 0 {
		return nil
	}

	first := make(map[string]*yaml.Node) // group name -> where it was used first
	for i, g := range decoded.Groups {
		node := element(child(&root, "groups"), i)
		l.checkGroup(g, node, first)
		file.Groups = append(file.Groups, l.group(g, node))
	}
	return file
}

// checkGroup checks a group but for its rules.
func (l *loader) checkGroup(g rulefmt.RuleGroup, node *yaml.Node, first map[string]*yaml.Node) {
	name := or(child(node, "name"), node)
	if g.Name == "" {
		l.fail(name, "Groupname must not be empty")
	}
	if earlier, ok := first[g.Name]; ok {
		l.fail(name, "groupname: %q is repeated in the same file, it was used first in line %d", g.Name, earlier.Line)
	} else {
		first[g.Name] = name
	}
	for _, k := range slices.Sorted(maps.Keys(g.Labels)) {
		at := or(child(child(node, "labels"), k), name)
		if !l.names.IsValidLabelName(k) || k == model.MetricNameLabel {
			l.fail(at, "group %q: invalid label name: %s", g.Name, k)
		}
		if !model.LabelValue(g.Labels[k]).IsValid() {
			l.fail(at, "group %q: invalid label value: %q", g.Name, g.Labels[k])
		}
	}
}

// group makes a group of its decoded form, checking its rules.
func (l *loader) group(g rulefmt.RuleGroup, node *yaml.Node) Group {
	group := Group{
		Name:     g.Name,
		Interval: time.Duration(g.Interval),
		Limit:    g.Limit,
		Rules:    make([]Rule, 0, len(g.Rules)),
	}
	if g.QueryOffset != nil {
		offset := time.Duration(*g.QueryOffset)
		group.QueryOffset = &offset
	}
	for i, r := range g.Rules {
		where := fmt.Sprintf("group %q, rule %d, %q", g.Name, i+1, cmp.Or(r.Alert, r.Record))
		if !l.checkRule(r, or(element(child(node, "rules"), i), node), where) {
			continue
		}
		expr, err := promqlParser.ParseExpr(r.Expr)
		if err != nil {
			l.fail(child(element(child(node, "rules"), i), "expr"), "%s: could not parse expression: %v", where, err)
			continue
		}
		group.Rules = append(group.Rules, makeRule(r, expr, g.Labels))
	}
	return group
}

// checkRule reports whether a rule is good. Upstream's check knows where the
// fields of a rule stand, but not which label or annotation is bad: each of
// those is therefore checked alone, in a rule that is good otherwise.
func (l *loader) checkRule(r rulefmt.Rule, node *yaml.Node, where string) bool {
	before := len(l.errs)

	fields := r
	fields.Labels, fields.Annotations = nil, nil
	if r.Record != "" && len(r.Annotations) > 0 {
		fields.Annotations = map[string]string{"any": ""}
	}
	positions := rulefmt.RuleNode{
		Record: *or(child(node, "record"), node),
		Alert:  *or(child(node, "alert"), node),
		Expr:   *or(child(node, "expr"), node),
	}
	for _, err := range fields.Validate(positions, l.names, promqlParser) {
		at := *node
		// The error says its position in its text only; if it has two, the first will do.
		if _, scanErr := fmt.Sscanf(err.Error(), "%d:%d:", &at.Line, &at.Column); scanErr != nil {
			at = *node
		}
		l.fail(&at, "%s: %v", where, err.Unwrap())
	}

	alone := func(labels, annotations map[string]string, at *yaml.Node) {
		single := rulefmt.Rule{Alert: r.Alert, Expr: "0", Labels: labels, Annotations: annotations}
		if r.Alert == "" {
			single.Record = "any"
		}
		for _, err := range single.Validate(rulefmt.RuleNode{}, l.names, promqlParser) {
			l.fail(or(at, node), "%s: %v", where, err.Unwrap())
		}
	}
	for _, k := range slices.Sorted(maps.Keys(r.Labels)) {
		alone(map[string]string{k: r.Labels[k]}, nil, child(child(node, "labels"), k))
	}
	if r.Record == "" {
		for _, k := range slices.Sorted(maps.Keys(r.Annotations)) {
			alone(nil, map[string]string{k: r.Annotations[k]}, child(child(node, "annotations"), k))
		}
	}
	return len(l.errs) == before
}

// makeRule makes a rule of the decoded form of a good one.
func makeRule(r rulefmt.Rule, expr parser.Expr, groupLabels map[string]string) Rule {
	all := make(map[string]string, len(groupLabels)+len(r.Labels))
	maps.Copy(all, groupLabels)
	maps.Copy(all, r.Labels)
	rule := Rule{Kind: KindRecording, Name: r.Record, Expr: expr, Query: expr.String(), Labels: labels.FromMap(all)}
	if r.Alert != "" {
		rule.Kind, rule.Name = KindAlerting, r.Alert
		rule.For, rule.KeepFiringFor = time.Duration(r.For), time.Duration(r.KeepFiringFor)
		rule.Annotations = labels.FromMap(r.Annotations)
	}
	return rule
}
