package cresset_test

import (
	"testing"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
)

// source is a family that says what a test wants.
type source struct {
	desc      *registry.Desc
	typ       exposition.Type
	series    registry.Fixed
	errs      []error
	unordered bool          // or with duplicates
	began     chan struct{} // if not nil, Collect sends, and
	wait      chan struct{} // waits until this is closed
}

func (s *source) Collect(b *registry.Batch) {
	if s.began != nil {
		s.began <- struct{}{}
		<-s.wait
	}
	b.Add(registry.Run{Desc: s.desc, Type: s.typ, Rows: s.series, Ordered: !s.unordered})
	for _, err := range s.errs {
		b.Fail(err)
	}
}

// labels are pairs of names and values. The names must be sorted.
func labels(pairs ...string) *exposition.Labels {
	var names, values []string
	for i := 0; i < len(pairs); i += 2 {
		names, values = append(names, pairs[i]), append(values, pairs[i+1])
	}
	l := exposition.NewLabels(names, values)
	return &l
}

// newSource returns a family of series that all have the labels of the first one.
func newSource(name string, typ exposition.Type, series ...exposition.Series) *source {
	var names []string
	if len(series) > 0 {
		names = series[0].Labels.Names()
	}
	return &source{desc: registry.NewDesc(name, "Help.", "", names, nil), typ: typ, series: series}
}

func gauge(name string, value float64, pairs ...string) *source {
	return newSource(name, exposition.Gauge, exposition.Series{Labels: labels(pairs...), Value: value})
}

// quick is a source of which the registry knows that it runs no foreign code.
type quick struct{ *source }

func (quick) Quick() {}

func register(t testing.TB, r *cresset.Registry, sources ...*source) {
	t.Helper()
	for _, s := range sources {
		if err := r.Register(s.desc, quick{s}); err != nil {
			t.Fatal(err)
		}
	}
}

// everything returns a registry with all types and everything that only some
// formats have.
func everything(t testing.TB) *cresset.Registry {
	t.Helper()
	since := exposition.UnixNano(1700000000_500000000)
	exemplar := &exposition.Exemplar{Labels: []exposition.Label{{Name: "trace", Value: "4bf9"}}, Value: 2, Time: since}
	r := cresset.NewRegistry()
	register(t, r,
		newSource("sold_total", exposition.Counter,
			exposition.Series{Labels: labels("kind", "tea"), Value: 3, Created: since, Exemplar: exemplar},
			exposition.Series{Labels: labels("kind", "tea \"x\"\n"), Value: 1e21, Created: since}),
		gauge("room.temperature", -1.5, "room.name", "kitchen"),
		newSource("anything", exposition.Untyped, exposition.Series{Labels: labels(), Value: 1}),
		newSource("seconds", exposition.Histogram, exposition.Series{Labels: labels(), Created: since, Dist: exposition.Distribution{
			Count: exposition.Count{Whole: 3}, Sum: 4.5,
			Buckets: []exposition.Bucket{{UpperBound: 1, Count: exposition.Count{Whole: 1}, Exemplar: exemplar}, {UpperBound: 2.5, Count: exposition.Count{Whole: 2}}},
			Native: &exposition.Native{Schema: 3, ZeroThreshold: 1e-9, ZeroCount: 1, Positive: exposition.NativeBuckets{
				Spans: []exposition.Span{{Offset: 1, Length: 2}}, Deltas: []int64{1, 0}}},
		}}),
		newSource("bytes", exposition.Summary, exposition.Series{Labels: labels(), Created: since, Dist: exposition.Distribution{
			Count: exposition.Count{Whole: 3}, Sum: 1e6, Quantiles: []exposition.Quantile{{Rank: 0.5, Value: 10}, {Rank: 1, Value: 1e6}},
		}}),
	)
	return r
}
