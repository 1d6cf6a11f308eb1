package exposition

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/encoding/protodelim"
)

// FuzzText writes a family of anything that may be a name, a help text, a label
// or a value: the reference implementation writes the same bytes, and reads one
// family with one metric out of ours.
func FuzzText(f *testing.F) {
	f.Add("requests_total", "Requests.", "code", "200", 1.0, uint8(0))
	f.Add("http.requests", "Dots and \\ and\nlines.", "http.code", "\"quoted\"", 0.1, uint8(1))
	f.Add("größe", "", "ß", "\\", 1e300, uint8(2))
	f.Add("花火\n\"", "größe", "1st", "\n\n", -5.0, uint8(3))
	f.Add("a:b", "# TYPE x counter\n", "a:b", "a\xffb", 999999.0, uint8(1))
	f.Add("x", "\xff\xfe", "{", "}", 1e6, uint8(1))
	f.Fuzz(func(t *testing.T, name, help, label, value string, v float64, escaping uint8) {
		if name == "" || !utf8.ValidString(name) || label == "" || !utf8.ValidString(label) || strings.HasPrefix(label, "__") {
			t.Skip("not a name that can be registered")
		}
		one := Series{Labels: labels(label, value), Value: v}
		p := page{{Family{Name: name, Help: help, HasHelp: true, Type: Gauge}, []Series{one}}}
		e := Escaping(escaping % 4)
		text := p.in(t, asText, e)
		readable := utf8.ValidString(help) && !strings.Contains(label, ":") // as the reference writes it
		if want := p.reference(t, asText, e); readable && text != want {
			t.Fatalf("%s: got:\n%q\nwant:\n%q", e, text, want)
		}
		if !utf8.ValidString(value) || strings.HasPrefix(string(appendLabelName(nil, label, e)), "__") {
			return // what was written is as the reference has it, but cannot be read
		}
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(strings.NewReader(text))
		if err != nil {
			t.Fatalf("%v in:\n%s", err, text)
		}
		mf := families[EscapeName(name, e)]
		if len(families) != 1 || len(mf.GetMetric()) != 1 || len(mf.GetMetric()[0].GetLabel()) != 1 {
			t.Fatalf("got %v, want one family with one metric with one label, from:\n%s", families, text)
		}
		if got := mf.GetMetric()[0].GetLabel()[0].GetValue(); got != value {
			t.Errorf("got label value %q, want %q", got, value)
		}
	})
}

// FuzzOpenMetrics writes a family of anything that may be a name, a help text, a
// unit, a label, an exemplar or a value: the reference implementation writes the
// same bytes, and the page has the lines that it must have.
func FuzzOpenMetrics(f *testing.F) {
	f.Add("requests_total", "Requests.", "", "code", "200", 1.0, int64(0), uint8(0), uint8(1))
	f.Add("http.requests.total", "Dots and \\ and\nlines.", "total", "http.code", "\"quoted\"", 0.1, int64(-1), uint8(1), uint8(4))
	f.Add("größe", "", "größe", "ß", "\\", 1e300, int64(1700000000123456789), uint8(2), uint8(3))
	f.Add("花火\n\"_total", "größe", "花火", "1st", "\n\n", -5.0, int64(1e9), uint8(3), uint8(1))
	f.Add("a:b_seconds", "# EOF\n", "seconds", "a:b", "a\xffb", 999999.0, int64(1e18), uint8(1), uint8(5))
	f.Add("a_b_total", "", "b", "a", "b", 1.0, int64(0), uint8(0), uint8(2))
	f.Add("_total", "\xff\xfe", "_total", "{", "}", 1e6, int64(0), uint8(1), uint8(1))
	f.Fuzz(func(t *testing.T, name, help, unit, label, value string, v float64, nanos int64, escaping, typ uint8) {
		if name == "" || !utf8.ValidString(name) || label == "" || !utf8.ValidString(label) {
			t.Skip("not a name that can be registered")
		}
		p := fuzzedPage(name, help, unit, label, value, v, nanos, typ)
		e := Escaping(escaping % 4)
		text := p.in(t, asCreated, e)
		for i, line := range strings.SplitAfter(text, "\n") {
			if line == "# EOF\n" != (i == strings.Count(text, "\n")-1) {
				t.Fatalf("line %d is %q, in:\n%s", i, line, text)
			}
		}
		family := EscapeName(name, e)
		if p[0].Type == Counter {
			family = strings.TrimSuffix(family, total)
		}
		if !utf8.ValidString(help) || strings.Contains(label, ":") || !isLegacyLabel(label) && e != AllowUTF8 ||
			unit != "" && !strings.HasSuffix(family, "_"+unit) {
			return // the reference writes what no reader takes
		}
		if want := p.reference(t, asCreated, e); text != want {
			t.Fatalf("%s: got:\n%q\nwant:\n%q", e, text, want)
		}
	})
}

// FuzzProtobuf writes the same families: the reference implementation writes the
// same bytes, if the help is UTF-8, and reads the family out of ours.
func FuzzProtobuf(f *testing.F) {
	f.Add("requests_total", "Requests.", "", "code", "200", 1.0, int64(0), uint8(0), uint8(1))
	f.Add("http.requests", "Dots.", "total", "http.code", "\"quoted\"", 0.1, int64(-1), uint8(1), uint8(4))
	f.Add(strings.Repeat("größe", 30), "\xff", "größe", "ß", strings.Repeat("x", 127), 1e300, int64(1e9), uint8(2), uint8(3))
	f.Add("a:b_seconds", "", "seconds", "a:b", "a\xffb", 999999.0, int64(1e18), uint8(1), uint8(5))
	f.Fuzz(func(t *testing.T, name, help, unit, label, value string, v float64, nanos int64, escaping, typ uint8) {
		if name == "" || !utf8.ValidString(name) || label == "" || !utf8.ValidString(label) {
			t.Skip("not a name that can be registered")
		}
		p := fuzzedPage(name, help, unit, label, value, v, nanos, typ)
		e := Escaping(escaping % 4)
		got := p.in(t, asProtobuf, e)
		help = strings.ToValidUTF8(help, "\uFFFD")
		readable := fuzzedPage(name, help, unit, label, value, v, nanos, typ)
		if want := readable.reference(t, asProtobuf, e); got != want && (e == AllowUTF8 || !strings.Contains(label, ":")) {
			t.Fatalf("%s: got:\n%q\nwant:\n%q", e, got, want)
		}
		in := bytes.NewBufferString(got)
		var mf dto.MetricFamily
		if err := protodelim.UnmarshalFrom(in, &mf); err != nil || in.Len() > 0 {
			t.Fatalf("got error %v and %d bytes beyond the family, want none, of %q", err, in.Len(), got)
		}
		if got, want := mf.GetName(), EscapeName(name, e); got != want || mf.GetHelp() != help || mf.GetUnit() != unit {
			t.Errorf("got name %q, help %q and unit %q, want %q, %q and %q", got, mf.GetHelp(), mf.GetUnit(), want, help, unit)
		}
		if got := mf.GetMetric()[0].GetLabel()[0].GetValue(); got != value {
			t.Errorf("got label value %q, want %q", got, value)
		}
	})
}

// fuzzedPage is a family with one series that has everything.
func fuzzedPage(name, help, unit, label, value string, v float64, nanos int64, typ uint8) page {
	e := &Exemplar{Labels: []Label{{label, value}}, Value: v, Time: UnixNano(nanos)}
	return page{{Family{Name: name, Help: help, HasHelp: true, Unit: unit, Type: Type(typ % 6)}, []Series{{
		Labels:    labels(label, value),
		Value:     v,
		Exemplar:  e,
		Timestamp: nanos, HasTimestamp: nanos%2 == 0,
		Created: UnixNano(nanos),
		Dist: Distribution{
			Count: whole(uint64(nanos)), Sum: v,
			Quantiles: []Quantile{{v, v}},
			Buckets:   []Bucket{{UpperBound: v, Count: whole(uint64(nanos)), Exemplar: e}},
			Native: &Native{
				Schema: int32(nanos), ZeroThreshold: v, ZeroCount: uint64(nanos), Exemplars: []*Exemplar{e},
				Positive: NativeBuckets{Spans: []Span{{int32(nanos), uint32(nanos)}}, Deltas: []int64{nanos, -nanos}},
			},
		},
	}}}}
}
