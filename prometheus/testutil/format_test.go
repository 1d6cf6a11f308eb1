package testutil_test

import (
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/testutil"
)

const (
	lampsText = `# HELP lamps_total Lamps lit.
# TYPE lamps_total counter
lamps_total 1
`
	booksOpenMetrics = `# HELP shelf_books Books on the shelf.
# TYPE shelf_books gauge
shelf_books{author="Borges"} 1.0
shelf_books{author="Woolf"} 3.0
`
	lampsOpenMetrics = `# HELP lamps Lamps lit.
# TYPE lamps counter
lamps_total 1.0
`
)

func TestFormat(t *testing.T) {
	reg := prometheus.NewRegistry()
	lamps := prometheus.NewCounter(prometheus.CounterOpts{Name: "lamps_total", Help: "Lamps lit."})
	lamps.Inc()
	reg.MustRegister(books(), lamps)
	for _, tt := range []struct {
		name   string
		format expfmt.FormatType
		names  []string
		want   string
	}{
		{"text", expfmt.TypeTextPlain, nil, lampsText + booksText},
		{"text of one name", expfmt.TypeTextPlain, []string{"shelf_books"}, booksText},
		{"text of no names", expfmt.TypeTextPlain, []string{}, lampsText + booksText},
		{"text of a name that nobody has", expfmt.TypeTextPlain, []string{"missing"}, ""},
		{"OpenMetrics", expfmt.TypeOpenMetrics, nil, lampsOpenMetrics + booksOpenMetrics + "# EOF\n"},
		{"OpenMetrics of two names", expfmt.TypeOpenMetrics, []string{"shelf_books", "lamps_total"}, lampsOpenMetrics + booksOpenMetrics + "# EOF\n"},
		{"OpenMetrics of a name that nobody has", expfmt.TypeOpenMetrics, []string{"missing"}, "# EOF\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := testutil.GatherAndFormat(reg, tt.format, tt.names...)
			wantError(t, "GatherAndFormat", err, "")
			if string(got) != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func TestFormatOfACollector(t *testing.T) {
	got, err := testutil.CollectAndFormat(books(), expfmt.TypeTextPlain)
	wantError(t, "CollectAndFormat", err, "")
	if string(got) != booksText {
		t.Errorf("got:\n%s\nwant:\n%s", got, booksText)
	}
}

func TestFormatErrors(t *testing.T) {
	_, err := testutil.CollectAndFormat(invalid, expfmt.TypeTextPlain)
	wantError(t, "CollectAndFormat", err, invalidError)
	_, err = testutil.GatherAndFormat(broken, expfmt.TypeTextPlain)
	wantError(t, "GatherAndFormat", err, "gathering metrics failed: rusty")
	empty := &dto.MetricFamily{Name: new("x")}
	_, err = testutil.GatherAndFormat(prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		return []*dto.MetricFamily{empty}, nil
	}), expfmt.TypeTextPlain)
	wantError(t, "a family without metrics", err, "encoding gathered metrics failed: MetricFamily has no metrics: "+empty.String())
}
