package definition

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// warnOfRule warns of what is allowed in a rule, and cannot do what was meant.
// expr is nil if it cannot be parsed.
func (l *loader) warnOfRule(r rulefmt.Rule, expr parser.Expr, p place) {
	if expr != nil && expr.Type() != parser.ValueTypeVector && expr.Type() != parser.ValueTypeScalar {
		l.warn(p.field("expr"), "%s: the expression gives a %s; each evaluation will fail, because a rule needs a vector or a scalar", p, parser.DocumentedType(expr.Type()))
	}
	if _, ok := r.Labels[labels.AlertName]; ok && r.Alert != "" {
		l.warn(p.entry("labels", labels.AlertName), "%s: the name of the alert takes the place of label %q", p, labels.AlertName)
	}
	for _, k := range slices.Sorted(maps.Keys(r.Labels)) {
		at, text := p.entry("labels", k), r.Labels[k]
		if r.Alert == "" {
			if strings.Contains(text, "{{") {
				l.warn(at, "%s: label %q looks like a template, but the labels of recording rules are not expanded", p, k)
			}
			continue
		}
		if cause := changes(text); cause != "" {
			l.warn(at, "%s: label %q depends on %s, so that it is another alert whenever that changes; an annotation can tell it instead", p, k, cause)
		}
	}
}

// warnOfGroup warns of what is allowed in the labels of a group, and cannot do
// what was meant. They are templates for the alerts of the group, as those of its
// rules are, but nobody checks them.
func (l *loader) warnOfGroup(g groupHead, node *yaml.Node, rules []Rule) {
	alert := slices.IndexFunc(rules, func(r Rule) bool { return r.Kind == KindAlerting })
	if alert < 0 {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(g.Labels)) {
		at := or(child(child(node, "labels"), k), node)
		where := fmt.Sprintf("group %q: label %q", g.Name, k)
		if err := parseTemplate(rules[alert].Name, g.Labels[k]); err != nil {
			l.warn(at, "%s cannot be expanded for alerts: %v", where, err)
		} else if cause := changes(g.Labels[k]); cause != "" {
			l.warn(at, "%s depends on %s, so that it is another alert whenever that changes; an annotation can tell it instead", where, cause)
		}
	}
}
