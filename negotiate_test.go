package cresset

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

func TestNegotiate(t *testing.T) {
	const (
		om100 = "application/openmetrics-text; version=1.0.0; charset=utf-8"
		om001 = "application/openmetrics-text; version=0.0.1; charset=utf-8"
	)
	tests := []struct {
		accept   []string
		want     string
		escaping exposition.Escaping
	}{
		{nil, textFormat, exposition.Underscores},
		{[]string{""}, textFormat, exposition.Underscores},
		{[]string{"*/*"}, textFormat, exposition.Underscores},
		{[]string{"text/html, application/xhtml+xml, */*;q=0.8"}, textFormat, exposition.Underscores},
		{[]string{"application/openmetrics-text"}, om001, exposition.Underscores},
		{[]string{"application/openmetrics-text;version=1.0.0"}, om100, exposition.Underscores},
		{[]string{"Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8"}, om100, exposition.Underscores},
		{[]string{"application/openmetrics-text;version=2.0.0"}, textFormat, exposition.Underscores},
		{[]string{`application/openmetrics-text;version="1.0.0"`}, om100, exposition.Underscores},
		{[]string{`text/x;a="b, application/openmetrics-text;version=1.0.0"`}, textFormat, exposition.Underscores},
		{[]string{`text/x;a="\", application/openmetrics-text;version=1.0.0"`}, textFormat, exposition.Underscores},
		{[]string{"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.6"}, textFormat, exposition.Underscores},
		{[]string{"application/openmetrics-text;version=1.0.0;q=0, text/plain;q=0.1"}, textFormat, exposition.Underscores},
		{[]string{"application/openmetrics-text;version=1.0.0;q=0"}, textFormat, exposition.Underscores},
		{[]string{"application/openmetrics-text;version=1.0.0;q=many"}, textFormat, exposition.Underscores},
		{[]string{"application/openmetrics-text;version=1.0.0;q=NaN"}, textFormat, exposition.Underscores},
		{[]string{"application/*;version=1.0.0"}, om100, exposition.Underscores},
		{[]string{"application/*;version=0.0.4"}, textFormat, exposition.Underscores},
		{[]string{"text/*;version=0.0.4;escaping=values"}, textFormat, exposition.Values},
		{[]string{"*/*;version=0.0.1"}, om001, exposition.Underscores},
		{[]string{"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"}, delimitedProtobuf, exposition.Underscores},
		{[]string{"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text"}, textFormat, exposition.Underscores},
		{[]string{"application/vnd.google.protobuf"}, textFormat, exposition.Underscores},
		{[]string{"text/plain;escaping=allow-utf-8"}, textFormat, exposition.AllowUTF8},
		{[]string{"text/plain;escaping=none"}, textFormat, exposition.Underscores},
		{[]string{"text/html;escaping=dots, application/openmetrics-text;version=1.0.0"}, om100, exposition.Dots},
		{[]string{"application/openmetrics-text;version=1.0.0, text/plain;escaping=dots"}, om100, exposition.Underscores},
		{[]string{"text/html;escaping=dots;q=0"}, textFormat, exposition.Underscores},
		{[]string{"text/html", "application/openmetrics-text;version=1.0.0;q=0.1"}, om100, exposition.Underscores},
		{[]string{ // of Prometheus 3 with native histograms
			"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8;q=0.6," +
				"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4," +
				"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
		}, delimitedProtobuf, exposition.AllowUTF8},
		{[]string{ // of Prometheus 2.42
			"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		}, om100, exposition.Underscores},
		{[]string{",,text/plain;,application/openmetrics-text;version=1.0.0;,"}, textFormat, exposition.Underscores},
	}
	for _, test := range tests {
		got, escaping := negotiate(http.Header{"Accept": test.accept}, formats)
		if got.contentType != test.want || escaping != test.escaping {
			t.Errorf("%q:\ngot  %s, %s\nwant %s, %s", test.accept, got.contentType, escaping, test.want, test.escaping)
		}
	}
}

// FuzzNegotiate looks for headers that are not understood in the same way when
// they are written in another.
func FuzzNegotiate(f *testing.F) {
	for _, seed := range []string{
		"", "*", "*/*", "text/plain;q=0.5", `a/b;c="d,e\"",text/plain`, "application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1",
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=dots", "gzip;q=0.5, identity",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		chosen, escaping := negotiate(http.Header{"Accept": {accept}}, formats)
		if i := slices.IndexFunc(formats, func(f format) bool { return f.contentType == chosen.contentType }); i < 0 {
			t.Fatalf("got %q, which is no offer", chosen.contentType)
		}
		same := func(how string, header http.Header) {
			again, otherwise := negotiate(header, formats)
			if again.contentType != chosen.contentType || otherwise != escaping {
				t.Errorf("%s: got %s, %s instead of %s, %s", how, again.contentType, otherwise, chosen.contentType, escaping)
			}
		}
		var parts []string
		for part := range splitList(accept) {
			parts = append(parts, part)
		}
		if joined := strings.Join(parts, ","); joined != accept {
			t.Fatalf("got parts of %q", joined)
		}
		same("nothing in front", http.Header{"Accept": {"", accept}})
		same("something unknown in front", http.Header{"Accept": {"image/png;q=0.001", accept}})
		if !strings.ContainsAny(accept, `"\`) { // the quotes are closed
			same("a line for each part", http.Header{"Accept": parts})
			same("blanks", http.Header{"Accept": {" " + strings.Join(parts, " ,\t") + " "}})
			same("unacceptable things", http.Header{"Accept": {accept, "application/openmetrics-text;version=1.0.0;escaping=values;q=0"}})
		}
		acceptsGzip(http.Header{"Accept-Encoding": {accept}})
		for _, e := range elements(http.Header{"A": {accept}}, "A") {
			if !(0 <= e.quality && e.quality <= 1) || e.value != strings.ToLower(e.value) {
				t.Errorf("got element %+v", e)
			}
		}
	})
}
