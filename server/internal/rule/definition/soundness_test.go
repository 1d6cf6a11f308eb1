package definition

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
	"pgregory.net/rapid"
)

// A template of which nothing is said expands to the same whatever the value of
// the alert, the values of queries and the time are, if it expands at all.
func TestChangesIsSound(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := drawTemplate(r, 3)
		if parseTemplate("A", text) != nil || changes(text) != "" {
			return
		}
		first, firstErr := expand(t, text, 0, time.Unix(1000, 0))
		for _, value := range []float64{1, 7, 1e9} {
			again, err := expand(t, text, value, time.Unix(1000+int64(value), 0))
			if again != first && firstErr == nil && err == nil {
				r.Fatalf("%s\nexpands to %q and to %q", text, first, again)
			}
		}
	})
}

// drawTemplate makes a template, with blocks up to a depth.
func drawTemplate(r *rapid.T, depth int) string {
	operand := func() string {
		return rapid.SampledFrom([]string{
			"$value", ".Value", "$", ".", "$labels.a", ".Labels.Value", "$x", "$y", "$x.Value", "1.0", `"t"`, "$externalURL", "(printf `%v` $x)",
			"(query `q` | first)", "(query `q` | first | value)", "(now)", "(len $labels)", "(gt 2.0 1.0)", "(eq $x $y)", "(humanize 1.0)",
		}).Draw(r, "operand")
	}
	var b strings.Builder
	for range rapid.IntRange(1, 4).Draw(r, "parts") {
		shape := rapid.IntRange(0, 11).Draw(r, "shape")
		if depth == 0 {
			shape %= 6
		}
		inner := func() string { return drawTemplate(r, depth-1) }
		switch shape {
		case 0:
			b.WriteString("text")
		case 1:
			b.WriteString("{{ printf `%v` " + operand() + " }}")
		case 2:
			b.WriteString("{{ $x := " + operand() + " }}")
		case 3:
			b.WriteString("{{ $y := " + operand() + " }}")
		case 4:
			b.WriteString("{{ $x = " + operand() + " }}")
		case 5:
			b.WriteString("{{ $y = $x }}")
		case 6:
			b.WriteString("{{ if " + operand() + " }}" + inner() + "{{ else }}" + inner() + "{{ end }}")
		case 7:
			b.WriteString("{{ if gt $value 3.0 }}" + inner() + "{{ end }}")
		case 8:
			b.WriteString("{{ with " + operand() + " }}" + inner() + "{{ else }}" + inner() + "{{ end }}")
		case 9:
			b.WriteString("{{ range query `q` }}" + inner() + rapid.SampledFrom([]string{"", "{{ break }}", "{{ if gt $value 3.0 }}{{ continue }}{{ end }}text"}).Draw(r, "end") + "{{ end }}")
		case 10:
			b.WriteString("{{ range $x, $y := query `q` }}" + inner() + "{{ end }}")
		case 11:
			b.WriteString("{{ with $x := " + operand() + " }}" + inner() + "{{ end }}")
		}
	}
	if depth == 3 {
		return "{{ $x := `a` }}{{ $y := `b` }}" + b.String()
	}
	return b.String()
}

// expand expands a template for an alert with a value at a time, where queries
// give two samples with that value.
func expand(t *testing.T, text string, value float64, at time.Time) (string, error) {
	t.Helper()
	query := func(context.Context, string, time.Time) (promql.Vector, error) {
		return promql.Vector{
			{Metric: labels.FromStrings("job", "a"), F: value},
			{Metric: labels.FromStrings("job", "b"), F: value + 1},
		}, nil
	}
	external, err := url.Parse("http://cresset.example")
	if err != nil {
		t.Fatal(err)
	}
	data := template.AlertTemplateData(map[string]string{"a": "b", "Value": "v"}, nil, external.String(), promql.Sample{F: value})
	return template.NewTemplateExpander(t.Context(), TemplatePrelude+text, "A", data,
		model.TimeFromUnixNano(at.UnixNano()), query, external, nil).Expand()
}
