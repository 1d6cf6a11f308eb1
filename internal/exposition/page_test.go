package exposition

import (
	"bytes"
	"io"
	"math"
)

// page is families with their series, as an encoder is given them.
type page []struct {
	Family
	series []Series
}

func (p page) write(e Encoder) error {
	for _, f := range p {
		e.Family(&f.Family)
		for i := range f.series {
			e.Series(&f.series[i])
		}
	}
	return e.Close()
}

// encoding is a way to write a page.
type encoding struct {
	name string
	to   func(w io.Writer, escaping Escaping) Encoder
}

var (
	asText        = encoding{"text", func(w io.Writer, e Escaping) Encoder { return NewText(w, e) }}
	asOpenMetrics = encoding{"openmetrics", func(w io.Writer, e Escaping) Encoder { return NewOpenMetrics(w, e, false) }}
	asCreated     = encoding{"openmetrics with created lines", func(w io.Writer, e Escaping) Encoder { return NewOpenMetrics(w, e, true) }}
	asProtobuf    = encoding{"protobuf", func(w io.Writer, e Escaping) Encoder { return NewProtobuf(w, e) }}

	encodings = []encoding{asText, asOpenMetrics, asCreated, asProtobuf}
)

// in returns the page as that encoding has it.
func (p page) in(t interface{ Fatal(...any) }, enc encoding, escaping Escaping) string {
	var out bytes.Buffer
	if err := p.write(enc.to(&out, escaping)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var (
	inf, nan = math.Inf(1), math.NaN()

	typesPage = page{
		{Family{Name: "counter_total", Help: "A counter.", HasHelp: true, Type: Counter}, []Series{
			{Labels: labels(), Value: 1e6},
			{Labels: labels("code", "200"), Value: 12},
			{Labels: labels("code", "500", "method", "GET"), Value: 0.5},
		}},
		{Family{Name: "gauge", Help: "A gauge.", HasHelp: true, Type: Gauge}, []Series{{Labels: labels(), Value: -1.5}}},
		{Family{Name: "untyped", Type: Untyped}, []Series{{Labels: labels(), Value: 3}}},
		{Family{Name: "histogram_seconds", Help: "A histogram.", HasHelp: true, Type: Histogram}, []Series{
			{Labels: labels(), Dist: Distribution{Count: whole(4), Sum: 10.25, Buckets: []Bucket{bucket(-1, 0), bucket(0.005, 1), bucket(1e7, 3)}}},
			{Labels: labels("a", "with +Inf"), Dist: Distribution{Count: whole(4), Sum: nan, Buckets: []Bucket{bucket(1, 3), bucket(inf, 4)}}},
			{Labels: labels("a", "without buckets"), Dist: Distribution{Count: whole(2), Sum: 3}},
		}},
		{Family{Name: "gauge_histogram", Help: "A gauge histogram.", HasHelp: true, Type: GaugeHistogram}, []Series{
			{Labels: labels(), Dist: Distribution{Count: Count{Float: 1.5}, Sum: -2, Buckets: []Bucket{{UpperBound: 1, Count: Count{Float: 0.5}}}}},
		}},
		{Family{Name: "summary_seconds", Help: "A summary.", HasHelp: true, Type: Summary}, []Series{
			{Labels: labels(), Dist: Distribution{Count: whole(4), Sum: 10, Quantiles: []Quantile{{0.5, 2}, {0.99, nan}}}},
			{Labels: labels("a", "without quantiles"), Dist: Distribution{Count: whole(4), Sum: 10}},
		}},
	}

	valuesPage = page{{Family{Name: "value", Help: "Special floats.", HasHelp: true, Type: Gauge}, []Series{
		{Labels: labels("v", "0"), Value: 0},
		{Labels: labels("v", "-0"), Value: math.Copysign(0, -1)},
		{Labels: labels("v", "Inf"), Value: inf},
		{Labels: labels("v", "-Inf"), Value: -inf},
		{Labels: labels("v", "NaN"), Value: nan},
		{Labels: labels("v", "most"), Value: math.MaxFloat64},
		{Labels: labels("v", "least"), Value: math.SmallestNonzeroFloat64},
		{Labels: labels("v", "six digits"), Value: 999999},
		{Labels: labels("v", "seven digits"), Value: 1000000},
		{Labels: labels("v", "third"), Value: 1.0 / 3},
		{Labels: labels("v", "2^53+2"), Value: 1<<53 + 2},
	}}}

	timestampsPage = page{
		{Family{Name: "stamped", Help: "Timestamps.", HasHelp: true, Type: Untyped}, []Series{
			{Labels: labels("t", "some"), Value: 1, Timestamp: 1700000000123, HasTimestamp: true},
			{Labels: labels("t", "epoch"), Value: 1, HasTimestamp: true},
			{Labels: labels("t", "before"), Value: 1, Timestamp: math.MinInt64, HasTimestamp: true},
			{Labels: labels("t", "none"), Value: 1, Timestamp: 5},
		}},
		{Family{Name: "stamped_histogram", Type: Histogram}, []Series{
			{Labels: labels(), Timestamp: 7, HasTimestamp: true, Dist: Distribution{Count: whole(1), Sum: 1, Buckets: []Bucket{bucket(1, 1)}}},
		}},
	}

	helpPage = page{
		{Family{Name: "help_empty", HasHelp: true, Type: Gauge}, []Series{{Labels: labels()}}},
		{Family{Name: "help_none", Help: "Not shown.", Type: Gauge}, []Series{{Labels: labels()}}},
		{Family{Name: "help_special", Help: "back\\slash, line\nfeed, \"quotes\", größe, \\n", HasHelp: true, Type: Gauge}, []Series{{Labels: labels()}}},
		{Family{Name: "labels_special", Help: "x", HasHelp: true, Type: Gauge}, []Series{
			{Labels: labels("l", "back\\slash, line\nfeed, \"quotes\", größe, \\n, \r\t")},
		}},
	}

	utf8Page = page{
		{Family{Name: "http.requests", Help: "Dots.", HasHelp: true, Type: Counter}, []Series{
			{Labels: labels(), Value: 1},
			{Labels: labels("http.method", "a.b", "http_code", "200"), Value: 2},
		}},
		{Family{Name: "dauer_größe_s", Help: "Letters.", HasHelp: true, Type: Histogram}, []Series{
			{Labels: labels("straße", "a"), Dist: Distribution{Count: whole(1), Sum: 1, Buckets: []Bucket{bucket(1, 1)}}},
			{Labels: labels(), Dist: Distribution{Count: whole(1), Sum: 1, Buckets: []Bucket{bucket(1, 1)}}},
		}},
		{Family{Name: "quote\"back\\slash\nline", Help: "Special.", HasHelp: true, Type: Summary}, []Series{
			{Labels: labels("quote\"back\\slash\nline", "x"), Dist: Distribution{Count: whole(1), Sum: 1, Quantiles: []Quantile{{0.5, 1}}}},
		}},
		{Family{Name: "plain_name", Help: "Only a label.", HasHelp: true, Type: Gauge}, []Series{
			{Labels: labels("1st.label_name", "x")},
			{Labels: labels("plain_label", "x")},
		}},
	}

	metadataPage = page{
		{Family{Name: "counts_bytes_total", Help: "A \"counter\".", HasHelp: true, Unit: "bytes", Type: Counter}, []Series{{Labels: labels(), Value: 1}}},
		{Family{Name: "counts_without_suffix", Help: "A counter.", HasHelp: true, Type: Counter}, []Series{{Labels: labels("a", "b"), Value: 1e-9}}},
		{Family{Name: "total", Type: Counter}, []Series{{Labels: labels(), Value: 1}}},
		{Family{Name: "_total", Type: Counter}, []Series{{Labels: labels(), Value: 1}}},
		{Family{Name: "gauge_total", Unit: "total", Type: Gauge}, []Series{{Labels: labels(), Value: -100}}},
		{Family{Name: "lag_seconds", Unit: "seconds", Type: Summary}, []Series{{Labels: labels()}}},
		{Family{Name: "größe_m", Unit: "m", Type: Untyped}, []Series{{Labels: labels()}}},
	}

	// The reference writes units that make the page unreadable.
	badUnitsPage = page{
		{Family{Name: "lag", Unit: "seconds", Type: Gauge}, []Series{{Labels: labels()}}},
		{Family{Name: "lagseconds", Unit: "seconds", Type: Gauge}, []Series{{Labels: labels()}}},
		{Family{Name: "seconds", Unit: "seconds", Type: Gauge}, []Series{{Labels: labels()}}},
		{Family{Name: "bytes_total", Unit: "total", Type: Counter}, []Series{{Labels: labels()}}},
		{Family{Name: "x_größe", Unit: "größe", Type: Gauge}, []Series{{Labels: labels()}}},
	}

	exemplarsPage = page{
		{Family{Name: "requests_total", Type: Counter}, []Series{
			{Labels: labels("e", "none"), Value: 1},
			{Labels: labels("e", "labels"), Value: 1, Exemplar: &Exemplar{Labels: []Label{{"trace_id", "a\\b\"c\nd"}, {"a", ""}}, Value: 0.5}},
			{Labels: labels("e", "time"), Value: 1, Exemplar: &Exemplar{Labels: []Label{{"a", "b"}}, Value: 2, Time: UnixNano(1700000000123456789)}},
			{Labels: labels("e", "no labels"), Value: 1, Exemplar: &Exemplar{Value: 2, Time: UnixNano(1)}},
			{Labels: labels("e", "timestamps"), Value: 1, Exemplar: &Exemplar{Labels: []Label{{"a", "b"}}, Time: UnixNano(0)}, Timestamp: -1500, HasTimestamp: true},
		}},
		{Family{Name: "requests", Type: Counter}, []Series{
			{Labels: labels(), Value: 1, Exemplar: &Exemplar{Labels: []Label{{"a", "b"}}, Value: nan}},
		}},
		{Family{Name: "gauge", Type: Gauge}, []Series{ // has no place for one
			{Labels: labels(), Value: 1, Exemplar: &Exemplar{Labels: []Label{{"a", "b"}}, Value: 1}},
		}},
		{Family{Name: "took_seconds", Type: Histogram}, []Series{{Labels: labels(), Dist: Distribution{Count: whole(3), Sum: 9, Buckets: []Bucket{
			{UpperBound: 1, Count: whole(1), Exemplar: &Exemplar{Labels: []Label{{"a", "b"}}, Value: 0.25, Time: UnixNano(1e18)}},
			{UpperBound: 2.5, Count: whole(1)},
			{UpperBound: inf, Count: whole(3), Exemplar: &Exemplar{Labels: []Label{{"a", "b"}}, Value: 5}},
		}}}}},
	}

	// The reference does not escape the labels of exemplars.
	utf8ExemplarsPage = page{{Family{Name: "requests_total", Type: Counter}, []Series{
		{Labels: labels(), Exemplar: &Exemplar{Labels: []Label{{"trace.id", "1"}, {"a:b", "2"}, {"größe_x", "3"}}, Value: 1}},
	}}}

	// The reference writes a colon as it is, and no reader takes it.
	colonPage = page{{Family{Name: "a:b", Type: Gauge}, []Series{{Labels: labels("a:b", "1", "é:c", "2")}}}}

	// The reference writes the bytes as they are, and no reader takes them.
	notUTF8Page = page{{Family{Name: "a", Help: "x\xff\xfe", HasHelp: true, Type: Gauge}, []Series{{Labels: labels()}}}}

	createdPage = page{
		{Family{Name: "requests_total", Type: Counter}, []Series{
			{Labels: labels(), Value: 1, Created: UnixNano(1700000000123456789)},
			{Labels: labels("c", "none"), Value: 1},
			{Labels: labels("c", "epoch"), Value: 1, Created: UnixNano(0), Timestamp: 5, HasTimestamp: true},
			{Labels: labels("c", "before"), Value: 1, Created: UnixNano(-1)},
		}},
		{Family{Name: "requests", Type: Counter}, []Series{{Labels: labels(), Created: UnixNano(1e9)}}},
		{Family{Name: "größe_total", Type: Counter}, []Series{{Labels: labels("a", "b"), Created: UnixNano(1e9)}}},
		{Family{Name: "gauge", Type: Gauge}, []Series{{Labels: labels(), Created: UnixNano(1e9)}}}, // has no place for one
		{Family{Name: "summary", Type: Summary}, []Series{
			{Labels: labels("a", "b"), Created: UnixNano(1e9), Dist: Distribution{Quantiles: []Quantile{{0.5, nan}}}},
		}},
		{Family{Name: "histogram", Type: Histogram}, []Series{{Labels: labels("a", "b"), Created: UnixNano(1e9)}}},
		{Family{Name: "gauge_histogram", Type: GaugeHistogram}, []Series{{Labels: labels(), Created: UnixNano(1e9)}}},
	}

	nativePage = page{
		{Family{Name: "took_seconds", Type: Histogram}, []Series{
			{Labels: labels("n", "buckets"), Created: UnixNano(1e9), Dist: Distribution{
				Count: whole(1000), Sum: -1, Buckets: []Bucket{bucket(1, 7)},
				Native: &Native{
					Schema: -4, ZeroThreshold: 1e-128, ZeroCount: 300,
					Positive:  NativeBuckets{Spans: []Span{{-7, 2}, {3, 1}}, Deltas: []int64{1, -1, math.MaxInt64}},
					Negative:  NativeBuckets{Spans: []Span{{math.MinInt32, math.MaxUint32}}, Deltas: []int64{math.MinInt64, 0}},
					Exemplars: []*Exemplar{{Value: 1, Time: UnixNano(1)}, {Labels: []Label{{"trace.id", "1"}}, Value: 2, Time: UnixNano(2e9)}},
				},
			}},
			{Labels: labels("n", "zero threshold"), Dist: Distribution{Native: &Native{Schema: 8, ZeroThreshold: 1}}},
			{Labels: labels("n", "zero count"), Dist: Distribution{Native: &Native{ZeroCount: 1}}},
			{Labels: labels("n", "negative"), Dist: Distribution{Native: &Native{Negative: NativeBuckets{Spans: []Span{{0, 1}}, Deltas: []int64{1}}}}},
			{Labels: labels("n", "nothing"), Dist: Distribution{Native: &Native{}}},
			{Labels: labels("n", "nothing, and the span for it"), Dist: Distribution{Native: &Native{Positive: NativeBuckets{Spans: []Span{{}}}}}},
		}},
	}

	// pages are all of which every encoding has the bytes of the reference, but
	// for what is named with each.
	pages = []page{nil, typesPage, valuesPage, timestampsPage, helpPage, utf8Page, metadataPage, exemplarsPage, createdPage, nativePage}
)

func whole(n uint64) Count { return Count{Whole: n} }

func bucket(bound float64, n uint64) Bucket { return Bucket{UpperBound: bound, Count: whole(n)} }
