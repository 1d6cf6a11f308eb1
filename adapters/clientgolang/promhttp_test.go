package clientgolang_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	theirs "github.com/prometheus/client_golang/prometheus"
	theirhttp "github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/prometheus/client_golang/prometheus/promhttp/zstd"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	ours "github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
	_ "github.com/cresset-metrics/cresset/prometheus/promhttp/zstd"
)

// handlerOptions are the options of a handler, as both libraries have them.
type handlerOptions struct {
	theirs        theirhttp.HandlerOpts
	transactional bool
}

func (o handlerOptions) ours() promhttp.HandlerOpts {
	var offers []promhttp.Compression
	for _, c := range o.theirs.OfferedCompressions {
		offers = append(offers, promhttp.Compression(c))
	}
	return promhttp.HandlerOpts{
		ErrorHandling:                       promhttp.HandlerErrorHandling(o.theirs.ErrorHandling),
		DisableCompression:                  o.theirs.DisableCompression,
		OfferedCompressions:                 offers,
		MaxRequestsInFlight:                 o.theirs.MaxRequestsInFlight,
		CoalesceGather:                      o.theirs.CoalesceGather,
		Timeout:                             o.theirs.Timeout,
		EnableOpenMetrics:                   o.theirs.EnableOpenMetrics,
		EnableOpenMetricsTextCreatedSamples: o.theirs.EnableOpenMetricsTextCreatedSamples,
		ProcessStartTime:                    o.theirs.ProcessStartTime,
		AcceptedFormats:                     o.theirs.AcceptedFormats,
	}
}

var handlers = map[string]handlerOptions{
	"nothing":  {},
	"continue": {theirs: theirhttp.HandlerOpts{ErrorHandling: theirhttp.ContinueOnError}},
	"panic":    {theirs: theirhttp.HandlerOpts{ErrorHandling: theirhttp.PanicOnError}},
	"plain":    {theirs: theirhttp.HandlerOpts{DisableCompression: true, EnableOpenMetrics: true}},
	"offers": {theirs: theirhttp.HandlerOpts{
		OfferedCompressions: []theirhttp.Compression{"br", theirhttp.Zstd, theirhttp.Gzip}, EnableOpenMetrics: true,
	}},
	"start, limit and timeout": {theirs: theirhttp.HandlerOpts{
		ProcessStartTime: time.Unix(1700000000, 0), MaxRequestsInFlight: 1, Timeout: time.Minute, EnableOpenMetrics: true,
	}},
	"OpenMetrics": {theirs: theirhttp.HandlerOpts{EnableOpenMetrics: true, ErrorHandling: theirhttp.ContinueOnError}},
	"created lines": {theirs: theirhttp.HandlerOpts{
		EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true, ErrorHandling: theirhttp.ContinueOnError,
	}},
	"created lines for nobody": {theirs: theirhttp.HandlerOpts{EnableOpenMetricsTextCreatedSamples: true}},
	"coalesced":                {theirs: theirhttp.HandlerOpts{CoalesceGather: true, EnableOpenMetrics: true, ErrorHandling: theirhttp.ContinueOnError}},
	"transactional":            {theirs: theirhttp.HandlerOpts{EnableOpenMetrics: true}, transactional: true},
	"transactional, coalesced, panic": {theirs: theirhttp.HandlerOpts{
		EnableOpenMetrics: true, CoalesceGather: true, ErrorHandling: theirhttp.PanicOnError,
	}, transactional: true},
	"only protobuf": {theirs: theirhttp.HandlerOpts{AcceptedFormats: []expfmt.Format{expfmt.FmtProtoDelim}, EnableOpenMetrics: true}},
	"only old OpenMetrics, created": {theirs: theirhttp.HandlerOpts{
		AcceptedFormats: []expfmt.Format{expfmt.FmtOpenMetrics_0_0_1, expfmt.FmtText}, EnableOpenMetricsTextCreatedSamples: true,
	}},
	"all formats and no versions": {theirs: theirhttp.HandlerOpts{AcceptedFormats: []expfmt.Format{
		"text/plain", expfmt.FmtOpenMetrics_2_0_0, expfmt.FmtOpenMetrics_1_0_0, expfmt.FmtProtoCompact, expfmt.FmtProtoText, "application/openmetrics-text; charset=utf-8",
	}, ErrorHandling: theirhttp.ContinueOnError}},
	"a format that is not known": {theirs: theirhttp.HandlerOpts{AcceptedFormats: []expfmt.Format{"image/png", expfmt.FmtOpenMetrics_1_0_0}}},
}

const (
	openMetrics = "application/openmetrics-text"
	protobuf    = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding="
)

var accepts = []string{
	"", "*/*", "text/plain", "text/plain;version=0.0.4;escaping=allow-utf-8", "text/plain;version=1.0.0;escaping=values,text/plain;version=0.0.4;q=0.5",
	"text/plain;escaping=dots", "text/*", "text/html", "nonsense", "image/png",
	openMetrics, openMetrics + ";version=1.0.0;escaping=dots", openMetrics + ";version=0.0.1,text/plain;q=0.4", openMetrics + ";version=2.0.0",
	openMetrics + ";version=1.0.0;q=0.2,text/plain;version=0.0.4;q=0.3;escaping=values",
	protobuf + "delimited", protobuf + "delimited;escaping=allow-utf-8", protobuf + "text", protobuf + "compact-text;escaping=dots", protobuf + "json",
	"application/vnd.google.protobuf",
	protobuf + "delimited;q=0.6," + openMetrics + ";version=1.0.0;q=0.5," + openMetrics + ";version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,*/*;q=0.1",
}

// TestHandlersAnswerAlike sends the same requests to both libraries' handlers of
// the same families and compares everything that a client can see, the log, and
// how often something was done.
//
// What only differs in how it is packed is not compared: what is compressed is
// not the same bytes in both.
func TestHandlersAnswerAlike(t *testing.T) {
	families := exampleFamilies(t)
	gatherers := map[string]func() ([]*dto.MetricFamily, error){
		"good":    func() ([]*dto.MetricFamily, error) { return families, nil },
		"empty":   func() ([]*dto.MetricFamily, error) { return nil, nil },
		"failing": func() ([]*dto.MetricFamily, error) { return nil, errors.New("broken") },
		"partial": func() ([]*dto.MetricFamily, error) { return families[:1], errors.New("broken") },
	}
	encodings := []string{"", "gzip", "gzip, deflate, br", "br;q=0.5,gzip;q=0.4", "identity", "*", "*;q=0", "gzip;q=0", "gzip;q=0,*", "deflate", "zstd", "gzip, zstd", "zstd, gzip;q=0.9"}
	queries := []string{"/", "/?name[]=requests_total", "/?name[]=room.temperature&name[]=seconds", "/?name[]=none", "/?name=seconds"}

	requests := 0
	for _, name := range slices.Sorted(maps.Keys(gatherers)) {
		for _, opt := range slices.Sorted(maps.Keys(handlers)) {
			pair := newPair(gatherers[name], handlers[opt])
			ask := func(query, accept, encoding string) {
				requests++
				got, want := seen(pair.ours, query, accept, encoding), seen(pair.theirs, query, accept, encoding)
				if got != want {
					t.Fatalf("%s, %s: GET %s, Accept %q, Accept-Encoding %q\ngot  %s\nwant %s", name, opt, query, accept, encoding, got, want)
				}
			}
			for _, accept := range accepts {
				for _, query := range queries {
					ask(query, accept, "")
				}
				for _, encoding := range encodings {
					ask("/", accept, encoding)
				}
			}
			pair.compare(t, name+", "+opt)
		}
	}
	t.Logf("%d requests", requests)
}

// exampleFamilies has all types, and what only some formats have room for.
func exampleFamilies(t *testing.T) []*dto.MetricFamily {
	t.Helper()
	source := theirs.NewRegistry()
	counter := theirs.NewCounterVec(theirs.CounterOpts{Name: "requests_total", Help: "Requests,\nby \"path\"."}, []string{"path"})
	histogram := theirs.NewHistogram(theirs.HistogramOpts{Name: "seconds", Help: "Durations.", Unit: "seconds"})
	native := theirs.NewHistogram(theirs.HistogramOpts{Name: "native_seconds", Help: "Durations.", NativeHistogramBucketFactor: 1.1})
	summary := theirs.NewSummary(theirs.SummaryOpts{Name: "wait_seconds", Objectives: map[float64]float64{0.5: 0.05, 1: 0}})
	gauge := theirs.NewGaugeVec(theirs.GaugeOpts{Name: "room.temperature"}, []string{"room.name", "floor"})
	untyped := theirs.NewUntypedFunc(theirs.UntypedOpts{Name: "anything"}, func() float64 { return math.NaN() })
	source.MustRegister(counter, histogram, native, summary, gauge, untyped)
	counter.WithLabelValues(`C:\"x"` + "\n").Inc()
	counter.WithLabelValues("/").(theirs.ExemplarAdder).AddWithExemplar(1e21, theirs.Labels{"trace": "\"4bf9\""})
	for _, v := range []float64{0.3, 30, 0, -2, math.Inf(1)} {
		histogram.(theirs.ExemplarObserver).ObserveWithExemplar(v, theirs.Labels{"trace": fmt.Sprint(v)})
		native.(theirs.ExemplarObserver).ObserveWithExemplar(v, theirs.Labels{"trace": fmt.Sprint(v)})
		summary.Observe(v)
	}
	gauge.WithLabelValues("kitchen", "1").Set(-1.5)
	families, err := source.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, mf := range families {
		if mf.GetName() == "seconds" { // the name does not end in the unit, which is a named difference
			mf.Unit = nil
		}
	}
	return families
}

// pair is a handler of each library, and what they wrote to their logs, counted
// in their registries, and did.
type pair struct {
	ours, theirs               http.Handler
	ourLog, theirLog           lines
	ourRegistry                *ours.Registry
	theirRegistry              *theirs.Registry
	ourGatherer, theirGatherer *transactional
}

func newPair(gather func() ([]*dto.MetricFamily, error), opt handlerOptions) *pair {
	p := &pair{
		ourRegistry: ours.NewRegistry(), theirRegistry: theirs.NewRegistry(),
		ourGatherer: &transactional{gather: gather}, theirGatherer: &transactional{gather: gather},
	}
	forUs, forThem := opt.ours(), opt.theirs
	forUs.ErrorLog, forThem.ErrorLog = &p.ourLog, &p.theirLog
	forUs.Registry, forThem.Registry = p.ourRegistry, p.theirRegistry
	if opt.transactional {
		p.ours = promhttp.HandlerForTransactional(p.ourGatherer, forUs)
		p.theirs = theirhttp.HandlerForTransactional(p.theirGatherer, forThem)
	} else {
		p.ours = promhttp.HandlerFor(ours.GathererFunc(gather), forUs)
		p.theirs = theirhttp.HandlerFor(theirs.GathererFunc(gather), forThem)
	}
	p.ours = promhttp.InstrumentMetricHandler(p.ourRegistry, p.ours)
	p.theirs = theirhttp.InstrumentMetricHandler(p.theirRegistry, p.theirs)
	return p
}

// transactional counts what was gathered and done.
type transactional struct {
	gather         func() ([]*dto.MetricFamily, error)
	gathered, done int
}

func (g *transactional) Gather() ([]*dto.MetricFamily, func(), error) {
	g.gathered++
	families, err := g.gather()
	return families, func() { g.done++ }, err
}

// compare compares what is left when all requests have been answered.
func (p *pair) compare(t *testing.T, name string) {
	t.Helper()
	if got, want := strings.Join(p.ourLog, ""), strings.Join(p.theirLog, ""); got != want {
		t.Errorf("%s: logged\ngot  %s\nwant %s", name, got, want)
	}
	us, them := promhttp.HandlerFor(p.ourRegistry, promhttp.HandlerOpts{}), theirhttp.HandlerFor(p.theirRegistry, theirhttp.HandlerOpts{})
	if got, want := seen(us, "/", "", ""), seen(them, "/", "", ""); got != want {
		t.Errorf("%s: the handlers' own metrics\ngot  %s\nwant %s", name, got, want)
	}
	if got, want := p.ourGatherer, p.theirGatherer; got.gathered != want.gathered || got.done != want.done || got.done != got.gathered {
		t.Errorf("%s: gathered %d times and done %d times, want %d and %d", name, got.gathered, got.done, want.gathered, want.done)
	}
}

// seen shows what a client sees of an answer.
func seen(h http.Handler, query, accept, encoding string) (answer string) {
	defer func() {
		if cause := recover(); cause != nil {
			answer = fmt.Sprint("panic: ", cause)
		}
	}()
	r := httptest.NewRequest(http.MethodGet, query, nil)
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	if encoding != "" {
		r.Header.Set("Accept-Encoding", encoding)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return fmt.Sprint(w.Code, w.Header(), "\n", decompressed(w))
}

func decompressed(w *httptest.ResponseRecorder) string {
	var reader io.Reader = w.Body
	switch w.Header().Get("Content-Encoding") {
	case "gzip":
		unzip, err := gzip.NewReader(w.Body)
		if err != nil {
			return err.Error()
		}
		reader = unzip
	case "zstd":
		decoder, err := zstd.NewReader(w.Body, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return err.Error()
		}
		defer decoder.Close()
		reader = decoder
	}
	text, err := io.ReadAll(reader)
	return fmt.Sprint(string(text), err)
}

// lines is a log.
type lines []string

func (l *lines) Println(v ...any) { *l = append(*l, fmt.Sprintln(v...)) }
