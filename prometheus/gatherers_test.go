package prometheus_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/cresset-metrics/cresset/prometheus"
)

func given(err error, families ...*dto.MetricFamily) prometheus.Gatherer {
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return families, err })
}

func family(name, help string, typ dto.MetricType, metrics ...*dto.Metric) *dto.MetricFamily {
	return &dto.MetricFamily{Name: proto.String(name), Help: proto.String(help), Type: typ.Enum(), Metric: metrics}
}

func TestGatherers(t *testing.T) {
	const g = dto.MetricType_GAUGE
	counter := &dto.Metric{Counter: &dto.Counter{Value: proto.Float64(1)}}
	summary := func(name string) *dto.MetricFamily {
		return family(name, "h", dto.MetricType_SUMMARY, &dto.Metric{Summary: &dto.Summary{SampleCount: proto.Uint64(1)}})
	}
	tests := []struct {
		name      string
		gatherers prometheus.Gatherers
		want      []string // family, and values of the label l
		errs      []string // parts of each
	}{
		{"none", nil, nil, nil},
		{"families by name", prometheus.Gatherers{given(nil, family("b", "h", g, gaugeWith())), given(nil, family("a", "h", g, gaugeWith()))}, []string{"a []", "b []"}, nil},
		{
			"metrics by label", prometheus.Gatherers{given(nil, family("a", "h", g, gaugeWith("l", "2"), gaugeWith("l", "3"))), given(nil, family("a", "h", g, gaugeWith("l", "1")))},
			[]string{"a [1 2 3]"}, nil,
		},
		{
			"duplicates", prometheus.Gatherers{given(nil, family("a", "h", g, gaugeWith("l", "1"))), given(nil, family("a", "h", g, gaugeWith("l", "1"), gaugeWith("l", "0")))},
			[]string{"a [0 1]"}, []string{`was collected before with the same name and label values`},
		},
		{
			"another help", prometheus.Gatherers{given(nil, family("a", "h", g, gaugeWith("l", "1"))), given(nil, family("a", "i", g, gaugeWith("l", "2"), gaugeWith("l", "3")))},
			[]string{"a [1]"}, []string{`gathered metric family a has help "i" but should have "h"`},
		},
		{
			"another type", prometheus.Gatherers{given(nil, family("a", "h", g, gaugeWith("l", "1"))), given(nil, family("a", "h", dto.MetricType_COUNTER, counter))},
			[]string{"a [1]"}, []string{`gathered metric family a has type COUNTER but should have GAUGE`},
		},
		{"a metric of another type", prometheus.Gatherers{given(nil, family("a", "h", g, counter, gaugeWith("l", "1")))}, []string{"a [1]"}, []string{`is not a GAUGE`}},
		{
			"suffixes that collide", prometheus.Gatherers{given(nil, summary("a")), given(nil, family("a_sum", "h", g, gaugeWith("l", "1"), gaugeWith("l", "2")))},
			[]string{"a []"}, []string{`collected metric named "a_sum" collides with previously collected summary named "a"`},
		},
		{"a nil family", prometheus.Gatherers{given(nil, nil, family("a", "h", g, gaugeWith()))}, []string{"a []"}, []string{"[from Gatherer #1] a nil metric family"}},
		{"an error", prometheus.Gatherers{given(nil), given(errors.New("broken"), family("a", "h", g, gaugeWith()))}, []string{"a []"}, []string{"[from Gatherer #2] broken"}},
		{
			"several errors", prometheus.Gatherers{given(prometheus.MultiError{errors.New("one"), errors.New("two")})},
			nil, []string{"[from Gatherer #1] one", "[from Gatherer #1] two"},
		},
		{"gatherers of gatherers", prometheus.Gatherers{prometheus.Gatherers{given(errors.New("x"), family("a", "h", g, gaugeWith()))}}, []string{"a []"}, []string{"[from Gatherer #1] [from Gatherer #1] x"}},
		{"a family without metrics", prometheus.Gatherers{given(nil, family("a", "h", g))}, nil, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			families, err := test.gatherers.Gather()
			var got []string
			for _, mf := range families {
				var values []string
				for _, m := range mf.GetMetric() {
					for _, pair := range m.GetLabel() {
						values = append(values, pair.GetValue())
					}
				}
				got = append(got, fmt.Sprintf("%s %v", mf.GetName(), values))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			errs := prometheus.MultiError{}
			if !errors.As(err, &errs) {
				errs.Append(err)
			}
			if !slices.EqualFunc(errs, test.errs, func(err error, part string) bool { return strings.Contains(err.Error(), part) }) {
				t.Errorf("got errors %q, want %q", errs, test.errs)
			}
		})
	}
}

func TestGatherersKeepUnitAndHelp(t *testing.T) {
	r := prometheus.NewRegistry()
	r.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "a", Unit: "seconds"}))
	bare := &dto.MetricFamily{Name: proto.String("b"), Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{gaugeWith()}}
	families, err := prometheus.Gatherers{r, given(nil, bare)}.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if got := families[0]; got.GetUnit() != "seconds" || got.Help == nil {
		t.Errorf("got %v, want the unit, and a help that is empty", got)
	}
	if got := families[1]; got.Help != nil || got.Unit != nil {
		t.Errorf("got %v, want neither help nor unit", got)
	}
}

func TestMultiError(t *testing.T) {
	var errs prometheus.MultiError
	wantError(t, "none", errs.MaybeUnwrap(), "")
	if got := errs.Error(); got != "" {
		t.Errorf("got %q for no error, want nothing", got)
	}
	errs.Append(nil)
	one := errors.New("one")
	errs.Append(one)
	if got := errs.MaybeUnwrap(); got != one {
		t.Errorf("got %v, want the only error itself", got)
	}
	errs.Append(errors.New("two"))
	wantError(t, "two", errs.MaybeUnwrap(), "2 error(s) occurred:\n* one\n* two")
}
