package replace_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	ours "github.com/cresset-metrics/cresset/prometheus"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/graphite"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// What is of one package is of the other.
var (
	_ ours.Collector         = prometheus.NewCounterVec(prometheus.CounterOpts{}, nil)
	_ *prometheus.CounterVec = ours.NewCounterVec(ours.CounterOpts{}, nil)
)

// A program may replace the defaults, and what goes by them does so from then on.
func TestDefaultsMayBeReplaced(t *testing.T) {
	registerer, gatherer := prometheus.DefaultRegisterer, prometheus.DefaultGatherer
	defer func() { prometheus.DefaultRegisterer, prometheus.DefaultGatherer = registerer, gatherer }()
	if registerer != ours.DefaultRegisterer || gatherer != ours.DefaultGatherer {
		t.Error("the defaults are not ours at the start")
	}

	reg := prometheus.NewRegistry()
	prometheus.DefaultRegisterer, prometheus.DefaultGatherer = reg, reg
	function := func() float64 { return 1 }
	promauto.NewCounter(prometheus.CounterOpts{Name: "counter"})
	promauto.NewCounterFunc(prometheus.CounterOpts{Name: "counter_func"}, function)
	promauto.NewCounterVec(prometheus.CounterOpts{Name: "counter_vec"}, []string{"l"}).WithLabelValues("v")
	promauto.NewGauge(prometheus.GaugeOpts{Name: "gauge"})
	promauto.NewGaugeFunc(prometheus.GaugeOpts{Name: "gauge_func"}, function)
	promauto.NewGaugeVec(prometheus.GaugeOpts{Name: "gauge_vec"}, []string{"l"}).WithLabelValues("v")
	promauto.NewHistogram(prometheus.HistogramOpts{Name: "histogram"})
	promauto.NewHistogramVec(prometheus.HistogramOpts{Name: "histogram_vec"}, []string{"l"}).WithLabelValues("v")
	promauto.NewSummary(prometheus.SummaryOpts{Name: "summary"})
	promauto.NewSummaryVec(prometheus.SummaryOpts{Name: "summary_vec"}, []string{"l"}).WithLabelValues("v")
	promauto.NewUntypedFunc(prometheus.UntypedOpts{Name: "untyped_func"}, function)
	prometheus.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "must_register"}))
	gone := prometheus.NewGauge(prometheus.GaugeOpts{Name: "gone"})
	if err := prometheus.Register(gone); err != nil {
		t.Error(err)
	}
	if !prometheus.Unregister(gone) {
		t.Error("what was registered cannot be unregistered")
	}

	w := httptest.NewRecorder()
	promhttp.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	var names []string
	for line := range strings.Lines(w.Body.String()) {
		if name, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, _, _ = strings.Cut(name, " ")
			names = append(names, name)
		}
	}
	want := "counter counter_func counter_vec gauge gauge_func gauge_vec histogram histogram_vec must_register " +
		"promhttp_metric_handler_requests_in_flight promhttp_metric_handler_requests_total summary summary_vec untyped_func"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("the page has\n%s, want\n%s", got, want)
	}
}

// So does a bridge that is given no Gatherer.
func TestBridgeSendsTheDefault(t *testing.T) {
	gatherer := prometheus.DefaultGatherer
	defer func() { prometheus.DefaultGatherer = gatherer }()
	reg := prometheus.NewRegistry()
	promauto.With(reg).NewGauge(prometheus.GaugeOpts{Name: "gauge"})
	prometheus.DefaultGatherer = reg

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	config := graphite.Config{URL: l.Addr().String(), Prefix: "p"}
	bridge, err := graphite.NewBridge(&config)
	if err != nil {
		t.Fatal(err)
	}
	if config.Gatherer != nil {
		t.Error("the caller's Config has changed")
	}
	if err := bridge.Push(); err != nil {
		t.Fatal(err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	sent, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(sent), "p.gauge 0 ") || strings.Count(string(sent), "\n") != 1 {
		t.Errorf("sent %q, %v, want one gauge", sent, err)
	}
}
