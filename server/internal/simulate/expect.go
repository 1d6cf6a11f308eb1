package simulate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/cresset-metrics/cresset/server/internal/rule"
)

// alert is an alert as it is compared.
type alert struct {
	state               rule.State
	labels, annotations labels.Labels
}

func (a alert) same(b alert) bool {
	return a.state == b.state && labels.Equal(a.labels, b.labels) && labels.Equal(a.annotations, b.annotations)
}

func (a alert) shown() element {
	e := element{labels: a.labels}
	e.add("state", string(a.state))
	a.annotations.Range(func(l labels.Label) { e.add("annotation "+l.Name, l.Value) })
	return e
}

// checkAlerts compares what is expected between now and the next evaluation.
func (t *ruleTest) checkAlerts(since time.Duration, groups []rule.GroupStatus, out *Test) {
	for i := range t.item.AlertRuleTest {
		item := &t.item.AlertRuleTest[i]
		if at := time.Duration(item.EvalTime); at < since || at-since >= t.interval {
			continue
		}
		expected, pending := item.expected()
		found := alertsNamed(item.Alertname, groups, pending)
		if d := compare(expected, found, alert.same, alert.shown); !d.empty() {
			at := t.tree.key("alert_rule_test").item(i).at()
			out.fail(at, "alertname: %s, time: %v: %s", item.Alertname, item.EvalTime, d.summary("alert"))
			out.Failures[len(out.Failures)-1].Detail = d
		}
	}
}

// expected returns what the item expects, and whether pending alerts count.
func (item *alertItem) expected() (alerts []alert, pending bool) {
	pending = item.ComparePending != nil && *item.ComparePending
	for _, e := range item.ExpAlerts {
		a := alert{state: rule.StateFiring, labels: withName(e.Labels, item.Alertname), annotations: labels.FromMap(e.Annotations)}
		if e.State != "" {
			a.state = rule.State(e.State)
		}
		pending = pending || a.state == rule.StatePending
		alerts = append(alerts, a)
	}
	return alerts, pending
}

// withName returns the labels of an expected alert: people leave its name out.
// Empty values are kept, since an alert never has any.
func withName(expected map[string]string, name string) labels.Labels {
	all := make(map[string]string, len(expected)+1)
	for k, v := range expected {
		all[k] = v
	}
	all[labels.AlertName] = name
	return labels.FromMap(all)
}

// alertsNamed returns the firing alerts of all rules of that name, and the
// pending ones if they are wanted.
func alertsNamed(name string, groups []rule.GroupStatus, pending bool) []alert {
	var found []alert
	for _, g := range groups {
		for _, r := range g.Rules {
			if r.Name != name {
				continue
			}
			for _, a := range r.Alerts {
				if a.State == rule.StateFiring || pending && a.State == rule.StatePending {
					found = append(found, alert{state: a.State, labels: a.Labels, annotations: a.Annotations})
				}
			}
		}
	}
	return found
}

// sample is a sample as it is compared.
type sample struct {
	labels    labels.Labels
	value     float64
	histogram string // in the notation of test files; empty for none
}

func (s sample) shown() element {
	e := element{labels: s.labels}
	if s.histogram != "" {
		e.add("histogram", s.histogram)
	}
	if s.histogram == "" || s.value != 0 {
		e.add("value", strconv.FormatFloat(s.value, 'g', -1, 64))
	}
	return e
}

// sameSample reports whether samples are equal; fuzzy says whether neighbouring
// numbers are. NaN is equal to nothing.
func sameSample(fuzzy bool) func(a, b sample) bool {
	return func(a, b sample) bool {
		equal := a.value == b.value ||
			fuzzy && (math.Nextafter(a.value, math.Inf(-1)) == b.value || math.Nextafter(a.value, math.Inf(1)) == b.value)
		return equal && a.histogram == b.histogram && labels.Equal(a.labels, b.labels)
	}
}

// checkExpression compares the result of an expression.
func (t *ruleTest) checkExpression(ctx context.Context, i int, out *Test) {
	item := &t.item.PromQLExprTest[i]
	node := t.tree.key("promql_expr_test").item(i)
	what := fmt.Sprintf("expr: %q, time: %v", item.Expr, item.EvalTime)

	result, err := t.query.RuleQuery(ctx, item.Expr, t.item.start().Add(time.Duration(item.EvalTime)))
	if err != nil {
		out.fail(node.key("expr").at(), "%s: %v", what, err)
		return
	}
	var expected []sample
	for j, e := range item.ExpSamples {
		s, err := e.parse(t.query.Parser())
		if err != nil {
			out.fail(node.key("exp_samples").item(j).at(), "%s: labels %q: %v", what, e.Labels, err)
			return
		}
		expected = append(expected, s)
	}
	if d := compare(expected, samplesOf(result), sameSample(t.fuzzy), sample.shown); !d.empty() {
		out.fail(node.at(), "%s: %s", what, d.summary("sample"))
		out.Failures[len(out.Failures)-1].Detail = d
	}
}

func samplesOf(v promql.Vector) []sample {
	samples := make([]sample, len(v))
	for i, s := range v {
		samples[i] = sample{labels: s.Metric, value: s.F}
		if s.H != nil {
			samples[i].histogram = s.H.TestExpression()
		}
	}
	return samples
}

func (e *expectedSample) parse(p parser.Parser) (sample, error) {
	ls, err := p.ParseMetric(e.Labels)
	if err != nil {
		return sample{}, err
	}
	s := sample{labels: ls, value: e.Value}
	if e.Histogram == "" {
		return s, nil
	}
	if countSamples("{} "+e.Histogram) > MaxSamples {
		return sample{}, errors.New("expected 1 value, got millions")
	}
	_, values, err := p.ParseSeriesDesc("{} " + e.Histogram)
	switch {
	case err != nil:
		return sample{}, err
	case len(values) != 1:
		return sample{}, fmt.Errorf("expected 1 value, got %d", len(values))
	case values[0].Histogram == nil:
		return sample{}, fmt.Errorf("expected histogram, got %v", values[0])
	}
	s.histogram = values[0].Histogram.TestExpression()
	return s, nil
}
