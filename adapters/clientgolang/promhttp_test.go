package clientgolang_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	theirs "github.com/prometheus/client_golang/prometheus"
	theirhttp "github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	ours "github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// TestHandlersAnswerAlike sends the same requests to both libraries' handlers of
// the same families and compares everything that a client can see, and the log.
//
// What only differs in how it is packed is not compared: the requests leave out
// protobuf and OpenMetrics, which ours does not serve yet, and gzip is not
// compressed to the same bytes by both.
func TestHandlersAnswerAlike(t *testing.T) {
	source := theirs.NewRegistry()
	counter := theirs.NewCounterVec(theirs.CounterOpts{Name: "requests_total", Help: "Requests,\nby \"path\"."}, []string{"path"})
	histogram := theirs.NewHistogram(theirs.HistogramOpts{Name: "seconds", Help: "Durations."})
	gauge := theirs.NewGaugeVec(theirs.GaugeOpts{Name: "room.temperature"}, []string{"room.name", "floor"})
	source.MustRegister(counter, histogram, gauge)
	counter.WithLabelValues(`C:\"x"` + "\n").Inc()
	histogram.Observe(0.3)
	gauge.WithLabelValues("kitchen", "1").Set(-1.5)
	families, err := source.Gather()
	if err != nil {
		t.Fatal(err)
	}

	gatherers := map[string]func() ([]*dto.MetricFamily, error){
		"good":    func() ([]*dto.MetricFamily, error) { return families, nil },
		"empty":   func() ([]*dto.MetricFamily, error) { return nil, nil },
		"failing": func() ([]*dto.MetricFamily, error) { return nil, errors.New("broken") },
		"partial": func() ([]*dto.MetricFamily, error) { return families[:1], errors.New("broken") },
	}
	type options struct {
		name   string
		ours   promhttp.HandlerOpts
		theirs theirhttp.HandlerOpts
	}
	start := time.Unix(1700000000, 0)
	opts := []options{
		{"none", promhttp.HandlerOpts{}, theirhttp.HandlerOpts{}},
		{"continue", promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}, theirhttp.HandlerOpts{ErrorHandling: theirhttp.ContinueOnError}},
		{"panic", promhttp.HandlerOpts{ErrorHandling: promhttp.PanicOnError}, theirhttp.HandlerOpts{ErrorHandling: theirhttp.PanicOnError}},
		{"plain", promhttp.HandlerOpts{DisableCompression: true}, theirhttp.HandlerOpts{DisableCompression: true}},
		{
			"offers", promhttp.HandlerOpts{OfferedCompressions: []promhttp.Compression{"br", promhttp.Gzip}},
			theirhttp.HandlerOpts{OfferedCompressions: []theirhttp.Compression{"br", theirhttp.Gzip}},
		},
		{
			"start, limit and timeout", promhttp.HandlerOpts{ProcessStartTime: start, MaxRequestsInFlight: 1, Timeout: time.Minute},
			theirhttp.HandlerOpts{ProcessStartTime: start, MaxRequestsInFlight: 1, Timeout: time.Minute},
		},
	}
	accepts := []string{
		"", "*/*", "text/plain", "text/plain;version=0.0.4;escaping=allow-utf-8", "text/plain;version=1.0.0;escaping=values,text/plain;version=0.0.4;q=0.5",
		"text/plain;escaping=dots", "text/*", "text/html", "nonsense",
	}
	encodings := []string{"", "gzip", "gzip, deflate, br", "br;q=0.5,gzip;q=0.4", "identity", "*", "*;q=0", "gzip;q=0", "gzip;q=0,*", "deflate"}
	queries := []string{"/", "/?name[]=requests_total", "/?name[]=room.temperature&name[]=seconds", "/?name[]=none", "/?name=seconds"}

	for _, name := range slices.Sorted(maps.Keys(gatherers)) {
		for _, opt := range opts {
			var ourLog, theirLog lines
			opt.ours.ErrorLog, opt.theirs.ErrorLog = &ourLog, &theirLog
			ourErrors, theirErrors := ours.NewRegistry(), theirs.NewRegistry()
			opt.ours.Registry, opt.theirs.Registry = ourErrors, theirErrors
			us := promhttp.InstrumentMetricHandler(ourErrors, promhttp.HandlerFor(ours.GathererFunc(gatherers[name]), opt.ours))
			them := theirhttp.InstrumentMetricHandler(theirErrors, theirhttp.HandlerFor(theirs.GathererFunc(gatherers[name]), opt.theirs))
			for _, query := range queries {
				for _, accept := range accepts {
					for _, encoding := range encodings {
						got, want := seen(us, query, accept, encoding), seen(them, query, accept, encoding)
						if got != want {
							t.Fatalf("%s, %s: GET %s, Accept %q, Accept-Encoding %q\ngot  %s\nwant %s", name, opt.name, query, accept, encoding, got, want)
						}
					}
				}
			}
			if got, want := strings.Join(ourLog, ""), strings.Join(theirLog, ""); got != want {
				t.Errorf("%s, %s: logged\ngot  %s\nwant %s", name, opt.name, got, want)
			}
			got, want := promhttp.HandlerFor(ourErrors, promhttp.HandlerOpts{}), theirhttp.HandlerFor(theirErrors, theirhttp.HandlerOpts{})
			if got, want := seen(got, "/", "", ""), seen(want, "/", "", ""); got != want {
				t.Errorf("%s, %s: the handlers' own metrics\ngot  %s\nwant %s", name, opt.name, got, want)
			}
		}
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
	body := w.Body.String()
	if w.Header().Get("Content-Encoding") == "gzip" {
		body = gunzipped(w)
	}
	return fmt.Sprint(w.Code, w.Header(), "\n", body)
}

func gunzipped(w *httptest.ResponseRecorder) string {
	reader, err := gzip.NewReader(w.Body)
	if err != nil {
		return err.Error()
	}
	text, err := io.ReadAll(reader)
	return fmt.Sprint(string(text), err)
}

// lines is a log.
type lines []string

func (l *lines) Println(v ...any) { *l = append(*l, fmt.Sprintln(v...)) }
