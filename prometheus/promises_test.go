package prometheus_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// The tests in the files promises_*_test.go hold the engine to what it promises
// whatever is done to make it fast. They see of it what its users see. To have them
// do ten times as much, which is some ten minutes:
//
//	go test -race -run TestPromise -timeout 2h ./prometheus -promises 10
var promises = flag.Int("promises", 1, "how many times as much the tests of promises do")

// patience is how long a test waits for what must happen at once.
const patience = 20 * time.Second

// A page is what one scrape tells.
type page struct {
	families map[string]*dto.MetricFamily
	rows     []row // in the order of the page
}

// A row is one series of a page. That of a distribution has the name of its count,
// and its value.
type row struct {
	name, labels string // the labels are as in the text format
	value        float64
}

// A view is a way to see what a registry has.
type view struct {
	name   string
	shared bool // what it shows may have been read before it was asked
	read   func() (page, error)
}

// viewsOf returns all ways to see what a registry has: messages, and each format of
// either handler.
func viewsOf(reg *prometheus.Registry) []view {
	views := []view{{name: "Gather", read: func() (page, error) {
		families, err := reg.Gather()
		return pageOfMessages(families), err
	}}}
	opts := promhttp.HandlerOpts{EnableOpenMetrics: true}
	shared := opts
	shared.CoalesceGather = true
	for _, h := range []struct {
		name   string
		shared bool
		http.Handler
	}{
		{"promhttp", false, promhttp.HandlerFor(reg, opts)},
		{"coalescing promhttp", true, promhttp.HandlerFor(reg, shared)},
		{"native handler", false, reg.Native().Handler()},
	} {
		for _, format := range formats {
			views = append(views, view{h.name + ", " + format.name, h.shared, func() (page, error) { return format.ask(h) }})
		}
	}
	return views
}

// A format is how a page is asked for and read.
type format struct {
	name             string
	accept, encoding string
	parse            func(io.Reader) (page, error)
}

var formats = []format{
	{"text", "text/plain", "identity", pageOfText},
	{"gzip", "text/plain", "gzip", func(r io.Reader) (page, error) {
		unzipped, err := gzip.NewReader(r)
		if err != nil {
			return page{}, err
		}
		return pageOfText(unzipped)
	}},
	{"OpenMetrics", "application/openmetrics-text;version=1.0.0", "identity", pageOfText},
	{"protobuf", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", "identity", pageOfProtobuf},
}

// request returns a request for a page in the format.
func (f format) request() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", f.accept)
	r.Header.Set("Accept-Encoding", f.encoding)
	return r
}

// ask returns what a handler answers.
func (f format) ask(h http.Handler) (page, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, f.request())
	if w.Code != http.StatusOK {
		return page{}, fmt.Errorf("status %d: %s", w.Code, w.Body)
	}
	return f.parse(w.Body)
}

// pageOfText reads the text format, and OpenMetrics without exemplars, in which
// counters are untyped metrics to this parser.
func pageOfText(r io.Reader) (p page, err error) {
	body, err := io.ReadAll(r)
	if err != nil {
		return p, err
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	if p.families, err = parser.TextToMetricFamilies(bytes.NewReader(body)); err != nil {
		return p, err
	}
	for line := range strings.Lines(string(body)) {
		if strings.HasPrefix(line, "#") || strings.Contains(line, "_bucket{") || strings.Contains(line, "quantile=") {
			continue
		}
		line = strings.TrimSpace(line)
		space := strings.LastIndexByte(line, ' ')
		series, value := line[:space], line[space+1:]
		name, labels, _ := strings.Cut(strings.TrimSuffix(series, "}"), "{")
		if strings.HasSuffix(name, "_sum") {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return p, err
		}
		p.rows = append(p.rows, row{name, labels, v})
	}
	return p, nil
}

func pageOfProtobuf(r io.Reader) (page, error) {
	decoder := expfmt.NewDecoder(r, expfmt.NewFormat(expfmt.TypeProtoDelim))
	var families []*dto.MetricFamily
	for {
		mf := new(dto.MetricFamily)
		switch err := decoder.Decode(mf); {
		case errors.Is(err, io.EOF):
			return pageOfMessages(families), nil
		case err != nil:
			return page{}, err
		}
		families = append(families, mf)
	}
}

func pageOfMessages(families []*dto.MetricFamily) page {
	p := page{families: map[string]*dto.MetricFamily{}}
	for _, mf := range families {
		p.families[mf.GetName()] = mf
		for _, m := range mf.GetMetric() {
			r := row{name: mf.GetName(), value: plainValue(m)}
			switch {
			case m.Histogram != nil:
				r.name, r.value = r.name+"_count", float64(m.GetHistogram().GetSampleCount())
			case m.Summary != nil:
				r.name, r.value = r.name+"_count", float64(m.GetSummary().GetSampleCount())
			}
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			r.labels = strings.Join(labels, ",")
			p.rows = append(p.rows, r)
		}
	}
	return p
}

// plainValue returns what a metric tells that is one number.
func plainValue(m *dto.Metric) float64 {
	return m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()
}

// checkOrder fails unless the series of a page are in order, none is there twice, and
// those of each family stand together.
func checkOrder(t *testing.T, p page) {
	t.Helper()
	for i, r := range p.rows[min(1, len(p.rows)):] {
		before := p.rows[i]
		if before.name > r.name || before.name == r.name && before.labels >= r.labels {
			t.Errorf("%s{%s} follows %s{%s}", r.name, r.labels, before.name, before.labels)
		}
	}
}

// withLabel returns the values of the series of a name by one of their labels.
func (p page) withLabel(name, label string) map[string]float64 {
	values := map[string]float64{}
	for _, r := range p.rows {
		if r.name != name {
			continue
		}
		pairs := strings.Split(r.labels, ",")
		at := slices.IndexFunc(pairs, func(pair string) bool { return strings.HasPrefix(pair, label+"=") })
		if at >= 0 {
			value, _ := strconv.Unquote(strings.TrimPrefix(pairs[at], label+"="))
			values[value] = r.value
		}
	}
	return values
}

// within fails the test if a function takes longer than what happens at once does.
// What the function waits for must be there in the end, or its goroutine stays.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(patience):
		t.Errorf("%s: still waiting after %v", what, patience)
	}
}
