package push_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"go.uber.org/goleak"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/push"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// received is what a Pushgateway got.
type received struct {
	method, path string
	header       http.Header
	body         []byte
}

// gateway answers everything with a status and keeps what it was sent last.
type gateway struct {
	status int
	answer string
	last   *received // nil if nothing came
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	g.last = &received{r.Method, r.URL.EscapedPath(), r.Header, body}
	w.WriteHeader(g.status)
	io.WriteString(w, g.answer)
}

// Do makes a gateway its own HTTP client.
func (g *gateway) Do(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	g.ServeHTTP(recorder, httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), r.Body))
	g.last.header = r.Header
	return recorder.Result(), nil
}

// start serves the gateway until the test ends and returns its address.
func (g *gateway) start(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(g)
	t.Cleanup(func() {
		server.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return server.URL
}

func gaugeOf(name string, value float64, labels prometheus.Labels) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: "Of a test.", ConstLabels: labels})
	g.Set(value)
	return g
}

// names returns which families there are in a body in delimited messages.
func names(t *testing.T, body []byte) string {
	t.Helper()
	decoder := expfmt.NewDecoder(bytes.NewReader(body), expfmt.NewFormat(expfmt.TypeProtoDelim))
	var all []string
	for {
		var family dto.MetricFamily
		err := decoder.Decode(&family)
		if errors.Is(err, io.EOF) {
			return strings.Join(all, " ")
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, family.GetName())
	}
}

func TestVerbs(t *testing.T) {
	const protobuf = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
	other := prometheus.NewRegistry()
	other.MustRegister(gaugeOf("c", 3, nil))
	tests := []struct {
		name        string
		send        func(*push.Pusher) error
		status      int
		method      string
		contentType string
		families    string
	}{
		{"Push", (*push.Pusher).Push, 200, http.MethodPut, protobuf, "a b c"},
		{"Push, accepted for later", (*push.Pusher).Push, 202, http.MethodPut, protobuf, "a b c"},
		{"PushContext", func(p *push.Pusher) error { return p.PushContext(t.Context()) }, 200, http.MethodPut, protobuf, "a b c"},
		{"Add", (*push.Pusher).Add, 200, http.MethodPost, protobuf, "a b c"},
		{"AddContext", func(p *push.Pusher) error { return p.AddContext(t.Context()) }, 202, http.MethodPost, protobuf, "a b c"},
		{"Delete", (*push.Pusher).Delete, 202, http.MethodDelete, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := &gateway{status: test.status}
			p := push.New(server.start(t)+"/", "backup").Grouping("zone", "west").Grouping("host", "one").Grouping("zone", "east").
				Collector(gaugeOf("b", 2, nil)).Collector(gaugeOf("a", 1, nil)).Gatherer(other).
				BasicAuth("ann", "hush")
			if err := test.send(p); err != nil {
				t.Fatal(err)
			}
			got := server.last
			if got.method != test.method {
				t.Errorf("got method %s, want %s", got.method, test.method)
			}
			if want := "/metrics/job/backup/host/one/zone/east"; got.path != want {
				t.Errorf("got path %s, want %s", got.path, want)
			}
			if got := got.header.Get("Content-Type"); got != test.contentType {
				t.Errorf("got content type %q, want %q", got, test.contentType)
			}
			if got, want := got.header.Get("Authorization"), "Basic YW5uOmh1c2g="; got != want {
				t.Errorf("got authorization %q, want %q", got, want)
			}
			if got := names(t, got.body); got != test.families {
				t.Errorf("got families %s, want %s", got, test.families)
			}
		})
	}
}

func TestAddressWithoutScheme(t *testing.T) {
	server := &gateway{status: 200}
	address := strings.TrimPrefix(server.start(t), "http://")
	if err := push.New(address, "backup").Push(); err != nil {
		t.Fatal(err)
	}
	if server.last.path != "/metrics/job/backup" || len(server.last.body) != 0 {
		t.Errorf("got %s with %q, want /metrics/job/backup with nothing", server.last.path, server.last.body)
	}
}

func TestFormats(t *testing.T) {
	openMetrics001, err := expfmt.NewOpenMetricsFormat(expfmt.OpenMetricsVersion_0_0_1)
	if err != nil {
		t.Fatal(err)
	}
	const lines = "# HELP a Of a test.\n# TYPE a gauge\n"
	tests := []struct {
		format expfmt.Format
		want   string
	}{
		{expfmt.NewFormat(expfmt.TypeTextPlain), lines + "a{l=\"v\"} 1\n"},
		{expfmt.NewFormat(expfmt.TypeOpenMetrics), lines + "a{l=\"v\"} 1.0\n# EOF\n"},
		{openMetrics001, lines + "a{l=\"v\"} 1.0\n# EOF\n"},
		{expfmt.NewFormat(expfmt.TypeProtoCompact), `name:"a" help:"Of a test." type:GAUGE metric:{label:{name:"l" value:"v"} gauge:{value:1}}` + "\n"},
		{expfmt.NewFormat(expfmt.TypeProtoText), `name: "a" help: "Of a test." type: GAUGE metric: { label: { name: "l" value: "v" } gauge: { value: 1 } }`},
	}
	for _, test := range tests {
		t.Run(string(test.format), func(t *testing.T) {
			server := &gateway{status: 200}
			err := push.New("gateway", "backup").Client(server).Format(test.format).
				Collector(gaugeOf("a", 1, prometheus.Labels{"l": "v"})).Push()
			if err != nil {
				t.Fatal(err)
			}
			if got := server.last.header.Get("Content-Type"); got != string(test.format) {
				t.Errorf("got content type %q", got)
			}
			if got := sameSpace(server.last.body); got != sameSpace([]byte(test.want)) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// sameSpace evens out the white space of messages as text, which varies on
// purpose.
func sameSpace(text []byte) string {
	return strings.Join(strings.Fields(string(text)), " ")
}

func TestUnknownFormatPanics(t *testing.T) {
	server := &gateway{status: 202}
	p := push.New("gateway", "backup").Client(server).Format("text/html")
	defer func() {
		err, _ := recover().(error)
		if err == nil || err.Error() != `expfmt.NewEncoder: unknown format "text/html"` {
			t.Errorf("got panic %v", err)
		}
		if server.last != nil {
			t.Errorf("got request %+v, want none", server.last)
		}
		if err := p.Delete(); err != nil {
			t.Errorf("Delete, which needs no format: %v", err)
		}
	}()
	p.Push()
}

func TestHeaderIsCopied(t *testing.T) {
	header := http.Header{"X-Scope": {"a"}, "Content-Type": {"text/plain"}}
	server := &gateway{status: 202}
	p := push.New("gateway", "backup").Client(server).Header(header).BasicAuth("ann", "hush")
	header.Set("X-Scope", "b")
	for name, send := range map[string]func() error{"Push": p.Push, "Add": p.Add, "Delete": p.Delete} {
		if err := send(); err != nil {
			t.Fatal(err)
		}
		if got := server.last.header.Get("X-Scope"); got != "a" {
			t.Errorf("%s: got X-Scope %q, want that of the call", name, got)
		}
	}
	if len(header) != 2 || header.Get("Content-Type") != "text/plain" {
		t.Errorf("the caller's header became %v", header)
	}
	if err := p.Header(nil).Push(); err != nil || server.last.header.Get("X-Scope") != "" {
		t.Errorf("without a header: got %v, %v", err, server.last.header)
	}
}
