package exposition

import (
	"bytes"
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// page is families with their series, as an encoder is given them.
type page []struct {
	Family
	series []Series
}

func (p page) text(t interface{ Fatal(...any) }, escaping Escaping) string {
	var out bytes.Buffer
	e := NewText(&out, escaping)
	for _, f := range p {
		e.Family(&f.Family)
		for i := range f.series {
			e.Series(&f.series[i])
		}
	}
	if err := e.Close(); err != nil {
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
)

func TestTextGolden(t *testing.T) {
	tests := []struct {
		file     string
		page     page
		escaping Escaping
	}{
		{"empty.txt", nil, Underscores},
		{"types.txt", typesPage, Underscores},
		{"values.txt", valuesPage, Underscores},
		{"timestamps.txt", timestampsPage, Underscores},
		{"help.txt", helpPage, Underscores},
		{"utf8-underscores.txt", utf8Page, Underscores},
		{"utf8-allow-utf-8.txt", utf8Page, AllowUTF8},
		{"utf8-dots.txt", utf8Page, Dots},
		{"utf8-values.txt", utf8Page, Values},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			got := test.page.text(t, test.escaping)
			file := filepath.Join("testdata", "text", test.file)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v; run the test with -update to write it", err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant, as in %s:\n%s", got, file, want)
			}
		})
	}
}

// chunks is a writer that fails after some writes.
type chunks struct {
	written []string
	fail    int // the number of the write that fails, counted from one; 0 for none
	calls   int
}

var errGone = errors.New("gone")

func (c *chunks) Write(p []byte) (int, error) {
	c.calls++
	if c.calls == c.fail {
		return 0, errGone
	}
	c.written = append(c.written, string(p))
	return len(p), nil
}

func bigPage(lines int) page {
	p := page{{Family: Family{Name: "big", Type: Gauge}}}
	for i := range lines {
		p[0].series = append(p[0].series, Series{Labels: labels("l", strings.Repeat("x", 90)), Value: float64(i)})
	}
	return p
}

func TestTextHandsOnInChunks(t *testing.T) {
	var w chunks
	e := NewText(&w, Underscores)
	p := bigPage(5_000)
	e.Family(&p[0].Family)
	for i := range p[0].series {
		e.Series(&p[0].series[i])
	}
	if len(w.written) == 0 {
		t.Error("nothing was handed on before the end")
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(w.written, ""), p.text(t, Underscores); got != want {
		t.Error("the chunks are not the page")
	}
	for i, chunk := range w.written {
		if len(chunk) > 2*textChunk || len(chunk) < textChunk && i < len(w.written)-1 {
			t.Errorf("got a chunk of %d bytes, want about %d", len(chunk), textChunk)
		}
	}
}

func TestTextKeepsTheFirstErrorOfItsWriter(t *testing.T) {
	for fail := 1; fail <= 3; fail++ {
		w := chunks{fail: fail}
		e := NewText(&w, Underscores)
		p := bigPage(5_000)
		e.Family(&p[0].Family)
		for i := range p[0].series {
			e.Series(&p[0].series[i])
		}
		if err := e.Close(); !errors.Is(err, errGone) {
			t.Errorf("write %d fails: got error %v, want %v", fail, err, errGone)
		}
		if w.calls != fail {
			t.Errorf("write %d fails: got %d writes, want none after it", fail, w.calls)
		}
	}
}

func TestSeriesSetCopies(t *testing.T) {
	from := Series{Labels: labels("a", "b"), Dist: Distribution{Count: whole(2), Buckets: []Bucket{bucket(1, 1), bucket(2, 2)}}, HasTimestamp: true}
	to := Series{Value: 5, Dist: Distribution{Buckets: make([]Bucket, 0, 10)}}
	before := &to.Dist.Buckets[:1][0]
	to.Set(&from)
	if to.Value != 0 || to.Dist.Count != whole(2) || len(to.Dist.Buckets) != 2 || !to.HasTimestamp || to.Labels != from.Labels {
		t.Errorf("got %+v, want %+v", to, from)
	}
	if &to.Dist.Buckets[0] != before {
		t.Error("the memory that was there was not used again")
	}
	to.Dist.Buckets[0].Count = whole(9)
	if from.Dist.Buckets[0].Count != whole(1) {
		t.Error("the copy shares its points with the original")
	}
}

func whole(n uint64) Count { return Count{Whole: n} }

func bucket(bound float64, n uint64) Bucket { return Bucket{UpperBound: bound, Count: whole(n)} }
