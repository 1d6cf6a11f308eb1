package rule

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/template"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// expand expands a template with or without a budget.
func expand(ctx context.Context, source string, bounded bool) (string, error) {
	query := func(context.Context, string, time.Time) (promql.Vector, error) {
		return promql.Vector{
			{F: 1, Metric: labels.FromStrings("i", "a")},
			{F: 2, Metric: labels.FromStrings("i", "b")},
		}, nil
	}
	data := template.AlertTemplateData(map[string]string{"job": "x"}, nil, "http://cresset.example", promql.Sample{F: 3})
	if !bounded {
		return template.NewTemplateExpander(ctx, source, "t", data, model.Time(0), query, &url.URL{}, nil).Expand()
	}
	b := newBudget(ctx, source)
	t := template.NewTemplateExpander(ctx, source, "t", data, model.Time(0), b.counting(query), &url.URL{}, nil)
	t.Funcs(b.funcs())
	return t.Expand()
}

// A budget changes nothing of templates that come to an end.
func TestBoundedTemplatesSayTheSame(t *testing.T) {
	for _, text := range []string{
		`plain`,
		`{{ $value }} of {{ $labels.job }}`,
		`{{ range query "up" }}{{ . | label "i" }}={{ . | value }} {{ end }}`,
		"{{ range query \"up\" -}}\n  {{ .Labels.i }}\n{{- else }}none{{ end }}!",
		`{{ with query "up" }}{{ . | first | value | humanize }}{{ else }}none{{ end }}`,
		`{{ range $i, $s := query "up" | sortByLabel "i" }}{{ if gt $i 0 }}, {{ end }}{{ $s.Labels.i }}{{ end }}`,
		`{{ range 3 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ . }}{{ end }}`,
		`{{ range 100 }}{{ if eq . 5 }}{{ break }}{{ end }}{{ range 2 }}{{ . }}{{ end }};{{ end }}`,
		`{{ define "one" }}<{{ . }}>{{ end }}{{ template "one" $labels.job }}{{ template "one" "y" }}`,
		`{{ block "two" . }}[{{ .Value }}]{{ end }}{{/* a comment */}} "quoted" ` + "{{ `raw` }}",
		`{{ define "count" }}{{ if gt . 0.0 }}{{ . }} {{ template "count" (printf "%v" . | toTime).Unix }}{{ end }}{{ end }}range without an action`,
		`the range of {{ printf "%q" "a\tb" }} {{ 1_000 }} {{ 0x1F }} {{ 'a' }} {{ nil | printf "%v" }}`,
	} {
		source := definition.TemplatePrelude + text
		want, wantErr := expand(context.Background(), source, false)
		got, err := expand(context.Background(), bounded(source), true)
		if got != want || (err == nil) != (wantErr == nil) {
			t.Errorf("%s:\ngot  %q, %v\nwant %q, %v", text, got, err, want, wantErr)
		}
	}
}

func TestTemplatesThatRepeatThemselves(t *testing.T) {
	for _, text := range []string{
		`{{ range 10000000000 }}{{ end }}`,
		`{{ range 10000000000 }}a long text that would fill the memory{{ end }}`,
		`{{ range 100000 }}{{ range 100000 }}{{ . }}{{ end }}{{ end }}`,
		`{{ if true }}{{ with 1 }}{{ range 10000000000 }}x{{ end }}{{ end }}{{ end }}`,
		`{{ range 0 }}{{ else }}{{ range 10000000000 }}x{{ end }}{{ end }}`,
		`{{ define "twice" }}{{ template "twice" }}{{ template "twice" }}{{ end }}{{ template "twice" }}`,
		`{{ define "a" }}{{ range 1000 }}{{ template "b" }}{{ end }}{{ end }}{{ define "b" }}{{ range 1000 }}{{ template "a" }}{{ end }}{{ end }}{{ template "a" }}`,
		`{{ block "again" . }}{{ template "again" . }}{{ template "again" . }}{{ end }}`,
		`{{ range 10000000000 }}` + strings.Repeat("long ", 10000) + `{{ end }}`,
	} {
		_, err := expand(context.Background(), bounded(definition.TemplatePrelude+text), true)
		if err == nil || !strings.Contains(err.Error(), "the template repeats itself more than ") && !strings.Contains(err.Error(), "the templates call each other more than ") {
			t.Errorf("%.80s: got error %v, want that it repeats itself", text, err)
		}
	}

	if _, err := expand(context.Background(), bounded(definition.TemplatePrelude+`{{ range 2000 }}{{ query "up" | len }}{{ end }}`), true); err == nil || !strings.Contains(err.Error(), "the template asks more than 1000 queries") {
		t.Errorf("2000 queries: got error %v", err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := expand(ctx, bounded(definition.TemplatePrelude+`{{ range 10 }}x{{ end }}`), true); err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Errorf("after the end of the evaluation: got error %v", err)
	}
}
