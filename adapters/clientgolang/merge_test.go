package clientgolang_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	theirs "github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/adapters/clientgolang"
	ours "github.com/cresset-metrics/cresset/prometheus"
)

// Gatherers are the same in both libraries.
var (
	_ ours.Gatherer   = (*theirs.Registry)(nil)
	_ theirs.Gatherer = (*ours.Registry)(nil)

	_ ours.TransactionalGatherer   = (*theirs.MultiTRegistry)(nil)
	_ theirs.TransactionalGatherer = (*ours.MultiTRegistry)(nil)
)

func TestMergeDefaults(t *testing.T) {
	names := func(g ours.Gatherer) []string {
		families, err := g.Gather()
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, mf := range families {
			all = append(all, mf.GetName())
		}
		return all
	}
	merged := names(clientgolang.Merge(ours.DefaultGatherer, theirs.DefaultGatherer))
	if want := names(ours.DefaultGatherer); !slices.Equal(merged, want) {
		t.Errorf("got %q, want each once: %q", merged, want)
	}
}

func TestMerge(t *testing.T) {
	family := func(name, help string, values ...float64) *dto.MetricFamily {
		mf := &dto.MetricFamily{Name: &name, Help: &help, Type: dto.MetricType_GAUGE.Enum()}
		for i, v := range values {
			label, value := "l", fmt.Sprint(i)
			mf.Metric = append(mf.Metric, &dto.Metric{Label: []*dto.LabelPair{{Name: &label, Value: &value}}, Gauge: &dto.Gauge{Value: &v}})
		}
		return mf
	}
	gatherer := func(err error, families ...*dto.MetricFamily) ours.Gatherer {
		return theirs.GathererFunc(func() ([]*dto.MetricFamily, error) { return families, err })
	}
	first := gatherer(theirs.MultiError{errors.New("one"), errors.New("two")}, family("b", "", 1), family("d", "", 2))
	second := gatherer(errors.New("three"), family("a", "", 3), family("b", "other", 4, 5), family("c", "", 6))
	third := gatherer(nil, family("c", "", 7, 8), family("e", "", 9))
	for range 2 { // a gather leaves nothing behind
		families, err := clientgolang.Merge(first, second, third).Gather()
		want := "3 error(s) occurred:\n* [from Gatherer #1] one\n* [from Gatherer #1] two\n* [from Gatherer #2] three"
		if err == nil || err.Error() != want {
			t.Errorf("got error %v, want %s", err, want)
		}
		got := ""
		for _, mf := range families {
			got += mf.GetName() + mf.GetHelp()
			for _, m := range mf.GetMetric() {
				got += fmt.Sprint(" ", m.GetGauge().GetValue())
			}
			got += "\n"
		}
		if want := "a 3\nb 1\nc 6\nd 2\ne 9\n"; got != want {
			t.Errorf("got:\n%swant:\n%s", got, want)
		}
	}
	if families, err := clientgolang.Merge().Gather(); families != nil || err != nil {
		t.Errorf("nothing merged is %v, %v", families, err)
	}
}
