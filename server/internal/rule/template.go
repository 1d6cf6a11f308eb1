package rule

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/template"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// templatesOf returns the labels and annotations of a rule that have to be
// expanded, each with what is expanded in its place.
func templatesOf(r *definition.Rule) map[string]string {
	if r.Kind != definition.KindAlerting {
		return nil
	}
	templates := make(map[string]string)
	for _, texts := range []labels.Labels{r.Labels, r.Annotations} {
		texts.Range(func(l labels.Label) {
			if expandable(l.Value) {
				templates[l.Value] = bounded(definition.TemplatePrelude + l.Value)
			}
		})
	}
	return templates
}

// expandable reports whether text can expand to anything but itself.
func expandable(text string) bool { return strings.Contains(text, "{{") }

// expander expands the labels and annotations of the alerts of one rule, at one
// evaluation.
type expander struct {
	query          QueryFunc
	externalURL    *url.URL
	externalLabels map[string]string
	at             time.Time
	name           string            // of the alert
	templates      map[string]string // those of the rule
	failed         func(text string, err error)
}

// with returns the function that expands texts for one element of the rule's
// result. A text that cannot be expanded turns into the reason for that, so
// that the alert is sent nevertheless.
func (e *expander) with(ctx context.Context, s promql.Sample) func(text string) string {
	data := template.AlertTemplateData(s.Metric.Map(), e.externalLabels, e.externalURL.String(), s)
	return func(text string) string {
		source, ok := e.templates[text]
		if !ok {
			return text
		}
		b := newBudget(ctx, source)
		t := template.NewTemplateExpander(
			ctx, source, "__alert_"+e.name, data,
			model.TimeFromUnixNano(e.at.UnixNano()), b.counting(e.query), e.externalURL, nil,
		)
		t.Funcs(b.funcs())
		expanded, err := t.Expand()
		if err != nil {
			e.failed(text, err)
			return fmt.Sprintf("<error expanding template: %s>", err)
		}
		return expanded
	}
}
