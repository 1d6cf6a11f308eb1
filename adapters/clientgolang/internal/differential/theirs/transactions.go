package theirs

import (
	"errors"
	"net/http"
	"net/http/httptest"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// transaction is a gatherer that notes when it is told that it is done.
type transaction struct {
	*script.Trace
	name     string
	families []*dto.MetricFamily
	err      error
}

func (g transaction) Gather() ([]*dto.MetricFamily, func(), error) {
	return g.families, func() { g.Note("done", g.name) }, g.err
}

func gauges(names ...string) []*dto.MetricFamily {
	var out []*dto.MetricFamily
	for _, name := range names {
		out = append(out, family(name, "h", dto.MetricType_GAUGE, gaugeWith("l", name)))
	}
	return out
}

var transactions = []script.Scenario{
	{Name: "several gatherers of transactions", Run: func(t *script.Trace) {
		a, b := transaction{Trace: t, name: "a", families: gauges("a", "d", "e")}, transaction{Trace: t, name: "b", families: gauges("b", "d")}
		broken := transaction{Trace: t, name: "broken", families: gauges("c"), err: errors.New("broken")}
		twice := transaction{Trace: t, name: "twice", err: prometheus.MultiError{errors.New("one"), errors.New("two")}}
		for _, gatherers := range [][]prometheus.TransactionalGatherer{nil, {a}, {b, a}, {a, broken, b}, {broken, twice}, {twice}} {
			families, done, err := prometheus.NewMultiTRegistry(gatherers...).Gather()
			t.Gathered(families, each(err)...)
			t.Note("done?", done != nil, err)
			done()
		}
	}},
	{Name: "a gatherer as one of transactions", Run: func(t *script.Trace) {
		for _, err := range []error{nil, errors.New("broken")} {
			families, done, err := prometheus.ToTransactionalGatherer(given(err, gauges("z", "a")...)).Gather()
			t.Gathered(families, each(err)...)
			done()
			done()
		}
	}},
	{Name: "pages of transactions", Run: func(t *script.Trace) {
		for _, err := range []error{nil, errors.New("broken")} {
			for _, handling := range []promhttp.HandlerErrorHandling{promhttp.HTTPErrorOnError, promhttp.ContinueOnError, promhttp.PanicOnError} {
				for _, found := range [][]*dto.MetricFamily{nil, gauges("a", "b")} {
					for _, coalesce := range []bool{false, true} {
						g := transaction{Trace: t, name: "page", families: found, err: err}
						errorCounts := prometheus.NewRegistry()
						handler := promhttp.HandlerForTransactional(g, promhttp.HandlerOpts{
							ErrorHandling: handling, EnableOpenMetrics: true, CoalesceGather: coalesce, ErrorLog: logger{t}, Registry: errorCounts, MaxRequestsInFlight: 2,
						})
						for _, accept := range []string{"", "application/openmetrics-text", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"} {
							t.Try("serving", func() {
								r := httptest.NewRequest(http.MethodGet, "/?name[]=b", nil)
								r.Header.Set("Accept", accept)
								w := httptest.NewRecorder()
								handler.ServeHTTP(w, r)
								t.Note("answer", w.Code, w.Header(), w.Body)
							})
						}
						showIn(t, errorCounts, script.Format{MediaType: script.Text, Escaping: "underscores"})
					}
				}
			}
		}
	}},
	{Name: "formats that a handler accepts", Run: func(t *script.Trace) {
		r := prometheus.NewRegistry()
		r.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "c_total", Help: "h"}))
		for _, open := range []bool{false, true} {
			handler := promhttp.HandlerFor(r, promhttp.HandlerOpts{EnableOpenMetrics: open})
			for _, accept := range []string{
				"", "*/*", "text/html", "text/plain", "text/plain;version=0.0.1", "text/plain;version=1.0.0", "application/json", "application/openmetrics-text",
				"application/openmetrics-text;version=0.0.1", "application/openmetrics-text;version=1.0.0", "application/openmetrics-text;version=2.0.0", "application/openmetrics-text;version=3",
				"application/vnd.google.protobuf", "application/vnd.google.protobuf;proto=other;encoding=delimited",
				"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=strange",
				"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.9", "text/plain;q=0", "application/openmetrics-text;version=1.0.0;escaping=dots,text/plain;escaping=values;q=0.1",
				"text/plain;escaping=unheard-of", "application/openmetrics-text; version=1.0.0; charset=utf-8", "TEXT/PLAIN", ";;,,",
			} {
				request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
				request.Header.Set("Accept", accept)
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, request)
				t.Note(accept, w.Code, w.Header(), w.Body)
			}
		}
	}},
}
