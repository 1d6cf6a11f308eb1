package promhttp

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/proto"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/internal/message"
)

// everything is a registry with all types of metrics and everything that only
// some formats have: of metrics of ours, and of others.
func everything(t *testing.T) *prometheus.Registry {
	t.Helper()
	since := time.Unix(1700000000, 250e6)
	with := func(m prometheus.Metric, value float64) prometheus.Metric {
		return prometheus.MustNewMetricWithExemplars(m, prometheus.Exemplar{
			Value: value, Labels: prometheus.Labels{"trace": "4bf9"}, Timestamp: since.Add(time.Second),
		})
	}
	desc := func(name string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, "Help.", labels, nil)
	}
	live := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "live_joules_total", Help: "Help.", Unit: "joules"}, []string{"room.name", "floor"})
	live.WithLabelValues("kitchen", "1").(prometheus.ExemplarAdder).AddWithExemplar(2.5, prometheus.Labels{"trace": "4bf9"})
	live.WithLabelValues("kitchen", "2")
	classic := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "live_seconds", Buckets: []float64{1, 10}})
	native := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "live_native_seconds", NativeHistogramBucketFactor: 1.5})
	for _, v := range []float64{0.5, 5, 50, 0, -3, math.NaN()} {
		for _, h := range []prometheus.Histogram{classic, native} {
			h.(prometheus.ExemplarObserver).ObserveWithExemplar(v, prometheus.Labels{"trace": fmt.Sprint(v)})
		}
	}
	kept, keptSeconds, keptDotted := desc("kept_total", "kind"), desc("kept_seconds"), desc("kept.temperature", "room.name")
	objects := prometheus.NewObjectStore[int](kept, keptSeconds, keptDotted)
	if err := objects.Set(1,
		with(prometheus.MustNewConstMetricWithCreatedTimestamp(kept, prometheus.CounterValue, 3, since, "tea"), 1),
		prometheus.NewMetricWithTimestamp(since, prometheus.MustNewConstMetric(kept, prometheus.CounterValue, 4, "coffee")),
		with(prometheus.MustNewConstNativeHistogram(keptSeconds, 6, 9.5, map[int]int64{1: 2, 3: 1}, map[int]int64{0: 1}, 2, 2, 1e-9, since), 2),
		prometheus.MustNewConstMetric(keptDotted, prometheus.GaugeValue, -1.5, "kitchen"),
	); err != nil {
		t.Fatal(err)
	}
	return registryOf(live, classic, native, prometheus.NewSummary(prometheus.SummaryOpts{Name: "live_bytes"}), objects, collecting(
		with(prometheus.MustNewConstMetricWithCreatedTimestamp(desc("sold_total", "kind"), prometheus.CounterValue, 3, since, "tea"), 1),
		prometheus.MustNewConstMetric(desc("sold"), prometheus.CounterValue, 3),
		prometheus.MustNewConstMetric(desc("room.temperature", "room.name"), prometheus.GaugeValue, -1.5, "kitchen"),
		prometheus.MustNewConstMetric(desc("anything"), prometheus.UntypedValue, math.NaN()),
		with(prometheus.MustNewConstHistogramWithCreatedTimestamp(desc("seconds"), 3, 4.5, map[float64]uint64{1: 1, 2.5: 2}, since), 2),
		prometheus.MustNewConstSummaryWithCreatedTimestamp(desc("bytes"), 3, 1e6, map[float64]float64{0.5: 10, 0.99: 1e6}, since),
		with(prometheus.MustNewConstNativeHistogram(desc("native_seconds"), 6, 9.5, map[int]int64{1: 2, 3: 1}, map[int]int64{0: 1}, 2, 2, 1e-9, since), 2),
		prometheus.NewMetricWithTimestamp(time.UnixMilli(1700000001234), prometheus.MustNewConstMetric(desc("dated"), prometheus.GaugeValue, 1)),
	))
}

// reference is the page as expfmt writes it.
func reference(t *testing.T, g prometheus.Gatherer, contentType string, options ...expfmt.EncoderOption) string {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	encoder := expfmt.NewEncoder(&page, expfmt.Format(contentType), options...)
	for _, mf := range families {
		if err := encoder.Encode(mf); err != nil {
			t.Fatal(err)
		}
	}
	if err := encoder.(expfmt.Closer).Close(); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

func TestFormats(t *testing.T) {
	const (
		text        = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
		openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
		older       = "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=underscores"
		messages    = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "
		delimited   = messages + "encoding=delimited; escaping=underscores"
		protoText   = messages + "encoding=text; escaping=underscores"
		compact     = messages + "encoding=compact-text; escaping=underscores"
	)
	om := HandlerOpts{EnableOpenMetrics: true}
	omCreated := HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true}
	only := func(formats ...expfmt.Format) HandlerOpts { return HandlerOpts{AcceptedFormats: formats} }
	tests := []struct {
		opts         HandlerOpts
		accept, want string
		options      []expfmt.EncoderOption
	}{
		{accept: "", want: text},
		{accept: "application/openmetrics-text", want: text},
		{accept: strings.ReplaceAll(delimited, " ", ""), want: delimited},
		{accept: messages + "encoding=delimited;escaping=allow-utf-8", want: messages + "encoding=delimited; escaping=allow-utf-8"},
		{accept: messages + "encoding=delimited;escaping=values", want: messages + "encoding=delimited; escaping=values"},
		{accept: messages + "encoding=text", want: protoText},
		{accept: messages + "encoding=text;escaping=dots", want: messages + "encoding=text; escaping=dots"},
		{accept: messages + "encoding=compact-text", want: compact},
		{accept: "application/vnd.google.protobuf", want: text},
		{accept: "*/*", want: text},
		{accept: messages + "encoding=delimited;q=0.4,text/plain;q=0.5", want: text},

		{opts: om, accept: "", want: text},
		{opts: om, accept: "application/openmetrics-text;version=1.0.0,text/plain;q=0.5", want: openMetrics},
		{opts: om, accept: "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8", want: strings.ReplaceAll(openMetrics, "underscores", "allow-utf-8")},
		{opts: om, accept: "application/openmetrics-text;version=0.0.1", want: older},
		{opts: om, accept: "application/openmetrics-text", want: older},
		{opts: om, accept: "application/openmetrics-text;version=2.0.0,text/plain;q=0.5", want: text},
		{opts: om, accept: "text/plain,application/openmetrics-text;version=1.0.0;q=0.9", want: text},
		{opts: om, accept: "*/*", want: text}, // which has no version and so fits none
		{opts: om, accept: "*/*;version=1.0.0", want: openMetrics},
		{opts: omCreated, accept: "application/openmetrics-text;version=1.0.0", want: openMetrics, options: []expfmt.EncoderOption{expfmt.WithCreatedLines()}},
		{opts: omCreated, accept: "application/openmetrics-text;version=0.0.1", want: older, options: []expfmt.EncoderOption{expfmt.WithCreatedLines()}},
		{opts: omCreated, accept: "text/plain", want: text},
		{opts: omCreated, accept: messages + "encoding=delimited", want: delimited},

		{opts: only(expfmt.FmtProtoDelim), accept: "text/plain", want: delimited},
		{opts: only(expfmt.FmtOpenMetrics_0_0_1, "text/plain"), accept: "*/*", want: "text/plain; escaping=underscores"},
		{opts: only("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=text", expfmt.FmtText), accept: "image/png;q=0.9", want: text},
		{opts: only(expfmt.FmtOpenMetrics_0_0_1, expfmt.FmtText), accept: "image/png", want: text},
		{opts: only(expfmt.FmtOpenMetrics_0_0_1, expfmt.FmtProtoText), accept: "image/png", want: older},
		{opts: HandlerOpts{EnableOpenMetrics: true, AcceptedFormats: []expfmt.Format{expfmt.FmtText}}, accept: "application/openmetrics-text;version=1.0.0", want: text},
		{opts: only("text/plain"), accept: "", want: "text/plain; escaping=underscores"},
	}
	for _, test := range tests {
		for source, g := range map[string]prometheus.Gatherer{"registry": everything(t), "foreign": foreign(everything(t))} {
			name := fmt.Sprintf("%s, Accept %q", source, test.accept)
			w := get(HandlerFor(g, test.opts), "/", "Accept: "+test.accept)
			if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != test.want {
				t.Errorf("%s: got status %d, %s, want %s", name, w.Code, got, test.want)
				continue
			}
			if got, want := w.Body.String(), reference(t, g, test.want, test.options...); got != want {
				t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
			}
			// The same, of some families only.
			w = get(HandlerFor(g, test.opts), "/?name[]=seconds&name[]=live_joules_total", "Accept: "+test.accept)
			some := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
				families, err := g.Gather()
				return slices.DeleteFunc(families, func(mf *dto.MetricFamily) bool {
					return mf.GetName() != "seconds" && mf.GetName() != "live_joules_total"
				}), err
			})
			if got, want := w.Body.String(), reference(t, some, test.want, test.options...); got != want {
				t.Errorf("%s, by name: got\n%s\nwant\n%s", name, got, want)
			}
		}
	}
}

// TestExperimentalFormat is for OpenMetrics 2.0, which refuses what the others
// take.
func TestExperimentalFormat(t *testing.T) {
	const accept = "Accept: application/openmetrics-text;version=2.0.0"
	opts := HandlerOpts{AcceptedFormats: []expfmt.Format{expfmt.FmtOpenMetrics_2_0_0}, ErrorHandling: ContinueOnError}
	good := func() *prometheus.Registry {
		return registryOf(collecting(prometheus.MustNewConstMetric(prometheus.NewDesc("sold_total", "Help.", nil, nil), prometheus.CounterValue, 3)))
	}
	bad := good()
	bad.MustRegister(collecting(prometheus.MustNewConstMetric(prometheus.NewDesc("lost_total", "Help.", nil, nil), prometheus.CounterValue, -1)))
	want := reference(t, good(), string(expfmt.FmtOpenMetrics_2_0_0))
	for source, g := range map[string]prometheus.Gatherer{
		"good registry": good(), "good gatherer": foreign(good()), "bad registry": bad, "bad gatherer": foreign(bad),
	} {
		var log logged
		opts.ErrorLog = &log
		w := get(HandlerFor(g, opts), "/", accept)
		if got := w.Body.String(); w.Code != http.StatusOK || got != want {
			t.Errorf("%s: got status %d and body\n%s\nwant\n%s", source, w.Code, got, want)
		}
		if got := strings.Contains(strings.Join(log, ""), "counter value cannot be negative"); got != strings.HasPrefix(source, "bad") {
			t.Errorf("%s: logged %q", source, log)
		}
	}
}

// TestFamiliesThatDoNotFit: what a format cannot express costs that family
// alone, or the page, as ErrorHandling says; other formats have it.
func TestFamiliesThatDoNotFit(t *testing.T) {
	const (
		text      = "text/plain"
		om        = "application/openmetrics-text;version=1.0.0"
		delimited = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
		readable  = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text"
	)
	all := []string{text, om, delimited, readable}
	tests := []struct {
		name   string
		family *dto.MetricFamily
		refuse []string // the formats that cannot express it
		want   string   // part of the error
	}{
		{"no metrics", family("empty"), []string{text}, "MetricFamily has no metrics"},
		{"no name", family("", gaugeOf(1)), []string{text, om}, "MetricFamily has no name"},
		{"another type", family("down", &dto.Metric{Counter: &dto.Counter{}}), []string{text, om}, "expected gauge in metric down"},
		{"no value", family("down", &dto.Metric{}), []string{text, om}, "expected gauge in metric down"},
		{"no type", &dto.MetricFamily{Name: proto.String("down"), Type: dto.MetricType(17).Enum(), Metric: []*dto.Metric{gaugeOf(1)}}, []string{text, om}, "unknown metric type 17"},
		{"a metric that is nil", family("down", nil), all, "down"},
		{"nil", nil, []string{text, om}, "MetricFamily has no"},
	}
	for _, test := range tests {
		for _, accept := range all {
			refused := false
			for _, f := range test.refuse {
				refused = refused || f == accept
			}
			for _, mode := range []HandlerErrorHandling{HTTPErrorOnError, ContinueOnError} {
				var log logged
				h := HandlerFor(failing(nil, family("up", gaugeOf(0)), test.family), HandlerOpts{EnableOpenMetrics: true, ErrorHandling: mode, ErrorLog: &log})
				w := get(h, "/", "Accept: "+accept)
				name := fmt.Sprintf("%s, %s, mode %d", test.name, accept, mode)
				if refused == (len(log) == 0) || refused && !strings.Contains(log[0], test.want) {
					t.Errorf("%s: logged %q", name, log)
				}
				if want := map[bool]int{true: 500, false: 200}[refused && mode == HTTPErrorOnError]; w.Code != want {
					t.Errorf("%s: got status %d, want %d", name, w.Code, want)
				}
				if refused && mode == ContinueOnError && !strings.Contains(w.Body.String(), "up") {
					t.Errorf("%s: got body %q", name, w.Body)
				}
				// A family that is not asked for does no harm.
				log = nil
				if w := get(h, "/?name[]=up", "Accept: "+accept); w.Code != http.StatusOK || len(log) > 0 {
					t.Errorf("%s, not asked for: got status %d, logged %q", name, w.Code, log)
				}
			}
		}
	}
}

func TestUnknownFormatPanics(t *testing.T) {
	for source, g := range map[string]prometheus.Gatherer{"registry": some(), "foreign": foreign(some())} {
		_, panicked := getPanicking(HandlerFor(g, HandlerOpts{AcceptedFormats: []expfmt.Format{"image/png"}}))
		if err, _ := panicked.(error); err == nil || err.Error() != `expfmt.NewEncoder: unknown format "image/png; escaping=underscores"` {
			t.Errorf("%s: got panic %v", source, panicked)
		}
	}
}

// TestOptionsAreTheHandlersOwn: what a caller does with its slices later changes
// nothing.
func TestOptionsAreTheHandlersOwn(t *testing.T) {
	formats, offers := []expfmt.Format{expfmt.FmtProtoDelim}, []Compression{Gzip}
	h := HandlerFor(some(), HandlerOpts{AcceptedFormats: formats, OfferedCompressions: offers})
	formats[0], offers[0] = expfmt.FmtText, Identity
	w := get(h, "/", "Accept: */*", "Accept-Encoding: *")
	if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, "application/vnd.google.protobuf") {
		t.Errorf("got content type %q", got)
	}
	if got := w.Header().Get("Content-Encoding"); got != "gzip" {
		t.Errorf("got encoding %q, want gzip", got)
	}
}

// TestClientGoesAwayInEachFormat: an error of the writer is reported once,
// whatever writes to it.
func TestClientGoesAwayInEachFormat(t *testing.T) {
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "length"}, []string{"queue"})
	other := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "width"}, []string{"queue"})
	for i := range 2_500 {
		vec.WithLabelValues(fmt.Sprint(i)).Set(1)
		other.WithLabelValues(fmt.Sprint(i)).Set(1)
	}
	reg := registryOf(vec, other)
	for _, f := range append(expfmt.DefaultOpenMetricsAcceptedFormats(), expfmt.FmtOpenMetrics_2_0_0) {
		for source, g := range map[string]prometheus.Gatherer{"registry": reg, "foreign": foreign(reg)} {
			for _, mode := range []HandlerErrorHandling{HTTPErrorOnError, ContinueOnError} {
				var log logged
				h := HandlerFor(g, HandlerOpts{ErrorLog: &log, ErrorHandling: mode, AcceptedFormats: []expfmt.Format{f}})
				w := &gone{httptest.NewRecorder(), 1_000}
				h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
				if want := "error encoding and sending metric family: broken pipe\n"; len(log) != 1 || log[0] != want {
					t.Errorf("%s of a %s, mode %d: logged %q, want %q", f, source, mode, log, want)
				}
				if got := get(h, "/").Body.Len(); got < 100_000 {
					t.Errorf("%s of a %s, mode %d: the next client got %d bytes", f, source, mode, got)
				}
			}
		}
	}
}

// Choosing from many families by many names, of which none is there, must not
// compare each with each, which would take a minute. Anybody may ask for that.
func TestManyNames(t *testing.T) {
	var families []*dto.MetricFamily
	for i := range 50_000 {
		families = append(families, &dto.MetricFamily{
			Name: proto.String(fmt.Sprintf("family_of_some_name_%06d", i)), Type: dto.MetricType_GAUGE.Enum(),
			Metric: []*dto.Metric{{Gauge: &dto.Gauge{}}},
		})
	}
	var names []string
	for i := range 200_000 {
		names = append(names, fmt.Sprintf("family_of_some_name_%06d", 100_000+i))
	}
	start := time.Now()
	for kind, g := range map[string]gathered{"page": {page: message.Page(families)}, "families": {families: families}} {
		if found := g.messages(names); len(found) != 0 {
			t.Errorf("%s: got %d families, want none", kind, len(found))
		}
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}
