package definition

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/template"
	"go.yaml.in/yaml/v3"
)

// checkRule notes what is wrong with a rule, and returns its expression, or nil if
// there is none that can be parsed.
func (l *loader) checkRule(r rulefmt.Rule, p place) parser.Expr {
	switch {
	case r.Record != "" && r.Alert != "":
		l.fail(p.field("record"), "%s: only one of 'record' and 'alert' must be set", p)
	case r.Record == "" && r.Alert == "":
		l.fail(or(child(p.node, "record"), p.field("alert")), "%s: one of 'record' or 'alert' must be set", p)
	}
	expr := l.expression(r, p)
	if r.Record != "" {
		l.checkRecord(r, p)
	}
	for _, k := range slices.Sorted(maps.Keys(r.Labels)) {
		at := p.entry("labels", k)
		l.checkLabel(at, p.String(), k, r.Labels[k])
		l.checkTemplate(at, r, p, "label", k, r.Labels[k])
	}
	for _, k := range slices.Sorted(maps.Keys(r.Annotations)) {
		at := p.entry("annotations", k)
		if !l.options.Names.IsValidLabelName(k) {
			l.fail(at, "%s: invalid annotation name: %s", p, k)
		}
		l.checkTemplate(at, r, p, "annotation", k, r.Annotations[k])
	}
	return expr
}

func (l *loader) expression(r rulefmt.Rule, p place) parser.Expr {
	if r.Expr == "" {
		l.fail(p.field("expr"), "%s: field 'expr' must be set in rule", p)
		return nil
	}
	expr, err := l.expressions.ParseExpr(r.Expr)
	if err != nil {
		l.fail(p.field("expr"), "%s: could not parse expression: %v", p, err)
		return nil
	}
	return expr
}

// checkRecord checks what is special to recording rules.
func (l *loader) checkRecord(r rulefmt.Rule, p place) {
	at := p.field("record")
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"annotations", len(r.Annotations) > 0},
		{"for", r.For != 0},
		{"keep_firing_for", r.KeepFiringFor != 0},
	} {
		if field.set {
			l.fail(at, "%s: invalid field '%s' in recording rule", p, field.name)
		}
	}
	if !l.options.Names.IsValidMetricName(r.Record) {
		l.fail(at, "%s: invalid recording rule name: %s", p, r.Record)
	}
	if strings.ContainsAny(r.Record, "{}") {
		l.fail(at, "%s: braces present in the recording rule name; should it be in expr?: %s", p, r.Record)
	}
}

// checkLabel checks one label, of what where says.
func (l *loader) checkLabel(at *yaml.Node, where, name, value string) {
	if !l.options.Names.IsValidLabelName(name) || name == model.MetricNameLabel {
		l.fail(at, "%s: invalid label name: %s", where, name)
	}
	if !model.LabelValue(value).IsValid() {
		l.fail(at, "%s: invalid label value: %q", where, value)
	}
}

// checkTemplate checks that a label or an annotation of an alerting rule is a
// template that can be parsed.
func (l *loader) checkTemplate(at *yaml.Node, r rulefmt.Rule, p place, what, name, text string) {
	if r.Alert == "" {
		return
	}
	if err := parseTemplate(r.Alert, text); err != nil {
		l.fail(at, "%s: %s %q: %v", p, what, name, err)
	}
}

// TemplatePrelude is what stands before the templates of labels and annotations of
// alerts: it gives their data the names that people know, $value for instance.
const TemplatePrelude = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}" +
	"{{$externalURL := .ExternalURL}}{{$value := .Value}}"

// The parser of templates calls itself for each block within a block, and the
// stack of a process has an end. Nobody writes texts that come near this length.
const maxTemplate = 256 << 10

// parseTemplate parses a template of an alert as it will be when it is expanded.
func parseTemplate(alert, text string) error {
	if !strings.Contains(text, "{{") {
		return nil
	}
	if len(text) > maxTemplate {
		return fmt.Errorf("the template has %d bytes; at most %d are allowed", len(text), maxTemplate)
	}
	return template.NewTemplateExpander(
		context.Background(), TemplatePrelude+text, "__alert_"+alert,
		template.AlertTemplateData(nil, nil, "", promql.Sample{}), 0, nil, nil, nil,
	).ParseTest()
}
