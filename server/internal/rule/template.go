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
)

// templatePrelude gives the data of a template the names that people know.
const templatePrelude = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}" +
	"{{$externalURL := .ExternalURL}}{{$value := .Value}}"

// expander expands the labels and annotations of the alerts of one rule, at one
// evaluation.
type expander struct {
	query          QueryFunc
	externalURL    *url.URL
	externalLabels map[string]string
	at             time.Time
	name           string // of the alert
	failed         func(text string, err error)
}

// expandable reports whether text can expand to anything but itself.
func expandable(text string) bool { return strings.Contains(text, "{{") }

// anyExpandable reports whether a value of l can expand to anything but itself.
func anyExpandable(l labels.Labels) bool {
	found := false
	l.Range(func(l labels.Label) { found = found || expandable(l.Value) })
	return found
}

// with returns the function that expands texts for one element of the rule's
// result. A text that cannot be expanded turns into the reason for that, so
// that the alert is sent nevertheless.
func (e *expander) with(ctx context.Context, s promql.Sample) func(text string) string {
	data := template.AlertTemplateData(s.Metric.Map(), e.externalLabels, e.externalURL.String(), s)
	return func(text string) string {
		if !expandable(text) {
			return text
		}
		expanded, err := template.NewTemplateExpander(
			ctx, templatePrelude+text, "__alert_"+e.name, data,
			model.TimeFromUnixNano(e.at.UnixNano()), template.QueryFunc(e.query), e.externalURL, nil,
		).Expand()
		if err != nil {
			e.failed(text, err)
			return fmt.Sprintf("<error expanding template: %s>", err)
		}
		return expanded
	}
}
