package exposition

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
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
		text := p.text(t, e)
		if want := p.referenceText(t, e); text != want {
			t.Fatalf("%s: got:\n%q\nwant:\n%q", e, text, want)
		}
		escaped := EscapeName(label, e)
		if !utf8.ValidString(value) || !utf8.ValidString(help) || IsLegacyName(escaped) && strings.Contains(escaped, ":") || strings.HasPrefix(escaped, "__") {
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
