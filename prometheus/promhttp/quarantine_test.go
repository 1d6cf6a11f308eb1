package promhttp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/cresset-metrics/cresset/prometheus"
)

// safeLog is a Logger that any number of goroutines may use.
type safeLog struct {
	mu    sync.Mutex
	lines []string
}

func (l *safeLog) Println(v ...any) {
	line, _, _ := strings.Cut(fmt.Sprintln(v...), "\n") // what follows is a stack
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

func (l *safeLog) expect(t *testing.T, want ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if got := strings.Join(l.lines, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("logged:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
	l.lines = nil
}

// hanging is a Collector that hangs while it is told to.
type hanging struct {
	hang   atomic.Bool
	goOn   chan struct{}
	called atomic.Int64
}

func newHanging() *hanging { return &hanging{goOn: make(chan struct{})} }

var hangingDesc = prometheus.NewDesc("hanging", "", nil, nil)

func (h *hanging) Describe(ch chan<- *prometheus.Desc) { ch <- hangingDesc }

func (h *hanging) Collect(ch chan<- prometheus.Metric) {
	h.called.Add(1)
	if h.hang.Load() {
		<-h.goOn
	}
	ch <- prometheus.MustNewConstMetric(hangingDesc, prometheus.GaugeValue, 1)
}

// samples returns the lines of a page that are samples, but for those that say
// how long collectors took.
func samples(w *httptest.ResponseRecorder) string {
	var kept strings.Builder
	for line := range strings.Lines(w.Body.String()) {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "cresset_collector_duration_seconds{") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// errorsCounted returns what promhttp_metric_handler_errors_total says.
func errorsCounted(reg *prometheus.Registry) string {
	return strings.ReplaceAll(samples(get(HandlerFor(reg, HandlerOpts{}), "/")), "promhttp_metric_handler_errors_total", "")
}

const scrapeTimeout = "X-Prometheus-Scrape-Timeout-Seconds: "

// A Collector that hangs holds up neither a handler in quarantine nor one of a
// registry in quarantine for longer than the scraper waits, and nobody for longer
// than once.
func TestAHangingCollector(t *testing.T) {
	var log *safeLog
	var counted *prometheus.Registry
	byHandler := func(opts HandlerOpts) func(prometheus.Collector) http.Handler {
		return func(c prometheus.Collector) http.Handler {
			opts.ErrorHandling, opts.ErrorLog, opts.Registry = QuarantineOnError, log, counted
			return HandlerFor(registryOf(c, up()), opts)
		}
	}
	together := func(c prometheus.Collector) http.Handler {
		return HandlerFor(prometheus.Gatherers{prometheus.Gatherers{registryOf(c)}, registryOf(up())},
			HandlerOpts{ErrorHandling: QuarantineOnError, ErrorLog: log, Registry: counted})
	}
	byRegistry := func(opts HandlerOpts, q prometheus.QuarantineOpts) func(prometheus.Collector) http.Handler {
		return func(c prometheus.Collector) http.Handler {
			q.Logger = slog.New(slog.NewTextHandler(&lineWriter{log}, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
			reg := prometheus.NewRegistryWith(prometheus.RegistryOpts{Quarantine: &q})
			reg.MustRegister(c, up())
			opts.ErrorLog, opts.Registry = log, counted
			return HandlerFor(reg, opts)
		}
	}
	const byHandlerLog = "error gathering metrics: collector *promhttp.hanging left out (timeout): has not come back after %v, and is not asked again until it has"
	const byRegistryLog = `level=WARN msg="left out of the metrics" collector=*promhttp.hanging reason=timeout error="has not come back after %v, and is not asked again until it has"`
	tests := []struct {
		name    string
		handler func(prometheus.Collector) http.Handler
		header  string
		lasts   time.Duration
		log     string
		counted int
	}{
		{"by the handler", byHandler(HandlerOpts{}), scrapeTimeout + "10", 9500 * time.Millisecond, byHandlerLog, 5},
		{"with a header that says nothing", byHandler(HandlerOpts{}), scrapeTimeout + "soon", time.Minute, byHandlerLog, 5},
		{"with a timeout of the handler", byHandler(HandlerOpts{Timeout: 2 * time.Second}), "", 1500 * time.Millisecond, byHandlerLog, 5},
		{"with both", byHandler(HandlerOpts{Timeout: 20 * time.Second}), scrapeTimeout + "10", 9500 * time.Millisecond, byHandlerLog, 5},
		{"sharing gathers", byHandler(HandlerOpts{CoalesceGather: true}), scrapeTimeout + "10", 9500 * time.Millisecond, byHandlerLog, 5},
		{"among gatherers", together, scrapeTimeout + "10", 9500 * time.Millisecond, byHandlerLog, 5},
		{"by the registry", byRegistry(HandlerOpts{}, prometheus.QuarantineOpts{}), scrapeTimeout + "10", 9500 * time.Millisecond, byRegistryLog, 0},
		{"by both", byRegistry(HandlerOpts{ErrorHandling: QuarantineOnError}, prometheus.QuarantineOpts{}), scrapeTimeout + "10", 9500 * time.Millisecond, byRegistryLog, 0},
		{"by the registry's timeout", byRegistry(HandlerOpts{}, prometheus.QuarantineOpts{Timeout: time.Second}), scrapeTimeout + "10", time.Second, byRegistryLog, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log, counted = &safeLog{}, prometheus.NewRegistry()
				c := newHanging()
				h := test.handler(c)
				page := func(failures int, fresh bool) string {
					lines := fmt.Sprintf("cresset_collector_failures_total{collector=\"*promhttp.hanging\",reason=\"timeout\"} %d\n", failures)
					if fresh {
						return lines + "cresset_collector_success{collector=\"*promhttp.hanging\"} 1\nhanging 1\nup 1\n"
					}
					return lines + "cresset_collector_success{collector=\"*promhttp.hanging\"} 0\nup 1\n"
				}
				c.hang.Store(true)
				for i := range 5 {
					began := time.Now()
					w := get(h, "/", test.header)
					lasts := test.lasts
					if i > 0 {
						lasts = 0
					}
					if got, want := samples(w), page(i+1, false); w.Code != http.StatusOK || got != want || time.Since(began) != lasts {
						t.Errorf("scrape %d: got status %d after %v:\n%s\nwant 200 after %v:\n%s", i, w.Code, time.Since(began), got, lasts, want)
					}
				}
				if got := c.called.Load(); got != 1 {
					t.Errorf("called %d times, want 1", got)
				}
				log.expect(t, fmt.Sprintf(test.log, test.lasts))
				want := fmt.Sprintf("{cause=\"encoding\"} 0\n{cause=\"gathering\"} %d\n", test.counted)
				if got := errorsCounted(counted); got != want {
					t.Errorf("counted:\n%s\nwant:\n%s", got, want)
				}
				c.hang.Store(false)
				c.goOn <- struct{}{}
				synctest.Wait()
				if got, want := samples(get(h, "/", test.header)), page(5, true); got != want {
					t.Errorf("got:\n%s\nwant:\n%s", got, want)
				}
			})
		})
	}
}

func up() prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "up"})
	g.Set(1)
	return g
}

// lineWriter gives a log what is written.
type lineWriter struct{ log *safeLog }

func (w *lineWriter) Write(b []byte) (int, error) {
	w.log.Println(strings.TrimSuffix(string(b), "\n"))
	return len(b), nil
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// A strict registry is as it was, whatever the scraper says.
func TestAStrictHandlerWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, opts := range []HandlerOpts{{}, {ErrorHandling: ContinueOnError}, {CoalesceGather: true}} {
			c := newHanging()
			c.hang.Store(true)
			h := HandlerFor(registryOf(c), opts)
			answers := make(chan *httptest.ResponseRecorder, 2)
			for _, timeout := range []string{"10", "5"} {
				go func() { answers <- get(h, "/", scrapeTimeout+timeout) }()
				synctest.Wait()
			}
			time.Sleep(time.Hour)
			if len(answers) > 0 {
				t.Errorf("%+v: got %q, want no answer", opts, (<-answers).Body)
			}
			want := int64(2)
			if opts.CoalesceGather {
				want = 1
			}
			if got := c.called.Load(); got != want {
				t.Errorf("%+v: called %d times, want %d", opts, got, want)
			}
			close(c.goOn)
			for range 2 {
				if got := samples(<-answers); got != "hanging 1\n" {
					t.Errorf("%+v: got %q", opts, got)
				}
			}
		}
	})
}

func TestQuarantineOnError(t *testing.T) {
	desc := prometheus.NewDesc("queue_length", "Jobs.", nil, nil)
	length := func(v float64) prometheus.Metric {
		return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v)
	}
	unreachable := prometheus.NewInvalidMetric(desc, errors.New("queue unreachable"))
	const (
		name   = `collector="*promhttp.sending"`
		failed = "cresset_collector_success{" + name + "} 0\n"
	)
	tests := []struct {
		name     string
		gatherer prometheus.Gatherer
		status   int
		cause    string
		want     string // the samples of the third page, or the beginning of the body
		log      string
	}{
		{"nothing is wrong", registryOf(sendingOf(length(1)), up()), 200, "",
			"cresset_collector_success{" + name + "} 1\nqueue_length 1\nup 1\n", ""},
		{"a collector reports an error", registryOf(sendingOf(unreachable), up()), 200, "gathering",
			failed + "cresset_quarantined_series_total{family=\"queue_length\",reason=\"error\"} 3\nup 1\n",
			`error gathering metrics: metric family "queue_length" left out (error): error collecting metric ` + desc.String() + `: queue unreachable`},
		{"the same metric twice", registryOf(sendingOf(length(1), length(2)), up()), 200, "gathering",
			"cresset_collector_success{" + name + "} 1\ncresset_quarantined_series_total{family=\"queue_length\",reason=\"duplicate\"} 3\nqueue_length 1\nup 1\n",
			`error gathering metrics: metric family "queue_length" left out (duplicate): collected metric "queue_length" { gauge:{value:2}} was collected before with the same name and label values`},
		{"all that there is", registryOf(sendingOf(unreachable)), 200, "gathering",
			failed + "cresset_quarantined_series_total{family=\"queue_length\",reason=\"error\"} 3\n",
			`error gathering metrics: metric family "queue_length" left out (error): error collecting metric ` + desc.String() + `: queue unreachable`},
		{"a foreign gatherer is well", failing(nil, family("up", gaugeOf(1))), 200, "", "up 1\n", ""},
		{"a foreign gatherer fails in part", failing(errors.New("broken pipe"), family("up", gaugeOf(1))), 200, "gathering", "up 1\n",
			"error gathering metrics: broken pipe"},
		{"a foreign gatherer has two errors", failing(prometheus.MultiError{errors.New("broken pipe"), errors.New("no disk")}, family("up", gaugeOf(1))), 200, "gathering", "up 1\n",
			"error gathering metrics: broken pipe\nerror gathering metrics: no disk"},
		{"a foreign gatherer fails", failing(errors.New("broken pipe")), 500, "gathering", "An error has occurred while serving metrics:\n\nbroken pipe\n",
			"error gathering metrics: broken pipe"},
		{"a foreign gatherer panics", prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { panic("no such device") }), 500, "gathering",
			"An error has occurred while serving metrics:\n\nthe gatherer panicked: no such device\nstack trace=",
			"error gathering metrics: the gatherer panicked: no such device"},
		{"a foreign gatherer exits", prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { runtime.Goexit(); return nil, nil }), 500, "gathering",
			"An error has occurred while serving metrics:\n\ncoalesced gather panicked\n",
			"error gathering metrics: coalesced gather panicked"},
		{"a family without a name", failing(nil, family("up", gaugeOf(1)), family("", gaugeOf(1))), 200, "encoding", "up 1\n",
			"error encoding and sending metric family: MetricFamily has no name: name:\"\" type:GAUGE metric:{gauge:{value:1}}"},
		{"a family of another type", failing(nil, family("up", gaugeOf(1)), family("down", &dto.Metric{Counter: &dto.Counter{}})), 200, "encoding", "up 1\n",
			"error encoding and sending metric family: expected gauge in metric down counter:{}"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			log, counted := &safeLog{}, prometheus.NewRegistry()
			h := HandlerFor(test.gatherer, HandlerOpts{ErrorHandling: QuarantineOnError, ErrorLog: log, Registry: counted})
			get(h, "/")
			get(h, "/?name[]=queue_length") // what it does not ask for has not ended
			w := get(h, "/")
			if test.status != http.StatusOK {
				if body := w.Body.String(); w.Code != test.status || !strings.HasPrefix(body, test.want) {
					t.Errorf("got status %d and body\n%s\nwant %d and\n%s", w.Code, body, test.status, test.want)
				}
			} else if got := samples(w); w.Code != test.status || got != test.want {
				t.Errorf("got status %d and:\n%s\nwant %d and:\n%s", w.Code, got, test.status, test.want)
			}
			for i, line := range log.lines { // messages are shown with one blank or two
				log.lines[i] = strings.ReplaceAll(line, "  ", " ")
			}
			if test.log == "" {
				log.expect(t)
			} else {
				log.expect(t, strings.Split(test.log, "\n")...)
			}
			counts := map[string]int{test.cause: 3}
			if test.cause == "encoding" {
				counts[test.cause] = 2 // one did not ask for it
			}
			want := fmt.Sprintf("{cause=\"encoding\"} %d\n{cause=\"gathering\"} %d\n", counts["encoding"], counts["gathering"])
			if got := errorsCounted(counted); got != want {
				t.Errorf("counted:\n%s\nwant:\n%s", got, want)
			}
			get(HandlerFor(test.gatherer, HandlerOpts{ErrorHandling: QuarantineOnError}), "/") // without any log
		})
	}
}

// sending is a Collector that describes nothing.
type sending []prometheus.Metric

func sendingOf(metrics ...prometheus.Metric) *sending { s := sending(metrics); return &s }

func (*sending) Describe(chan<- *prometheus.Desc) {}

func (s *sending) Collect(ch chan<- prometheus.Metric) {
	for _, m := range *s {
		ch <- m
	}
}

// Of several Gatherers, each that is no Registry is on its own.
func TestGatherersInQuarantine(t *testing.T) {
	reg := registryOf(up())
	const name = `collector="promhttp.member"`
	failedBy := func(reason string) string {
		return fmt.Sprintf("cresset_collector_failures_total{%s,reason=%q} 2\ncresset_collector_success{%s} 0\n", name, reason, name)
	}
	leftOut := func(family, reason string) string {
		return fmt.Sprintf("cresset_quarantined_series_total{family=%q,reason=%q} 2\n", family, reason)
	}
	const well, unwell = "cresset_collector_success{" + name + "} 1\n", "cresset_collector_success{" + name + "} 0\n"
	tests := []struct {
		name   string
		member prometheus.Gatherer
		want   string
	}{
		{"is well", failing(nil, family("b", gaugeOf(1))), "b 1\n" + well},
		{"fails", failing(errors.New("broken pipe")), failedBy("error")},
		{"fails in part", failing(errors.New("broken pipe"), family("b", gaugeOf(1))), "b 1\n" + failedBy("error")},
		{"has two errors", failing(prometheus.MultiError{errors.New("broken pipe"), errors.New("no disk")}), failedBy("error")},
		{"panics", prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { panic("no such device") }), failedBy("panic")},
		{"has a nil family", failing(nil, nil, family("b", gaugeOf(1))), "b 1\n" + failedBy("invalid")},
		{"has a metric of another type", failing(nil, family("b", &dto.Metric{Counter: &dto.Counter{}}, gaugeOf(1))), "b 1\n" + unwell + leftOut("b", "invalid")},
		{"has what is there", failing(nil, family("up", gaugeOf(2))), well + leftOut("up", "duplicate")},
		{"has another help", failing(nil, &dto.MetricFamily{Name: proto.String("up"), Help: proto.String("no"), Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{gaugeOf(2)}}), well + leftOut("up", "conflict")},
		{"is a registry that has what is there", registryOf(up()), leftOut("up", "duplicate")},
		{"is the same registry", reg, leftOut("up", "duplicate")},
		{"is a registry inside a type of its own", embedding{registryOf(up())}, strings.ReplaceAll(well, name, `collector="promhttp.embedding"`)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			second := test.member
			if f, ok := second.(prometheus.GathererFunc); ok {
				second = member{f}
			}
			h := HandlerFor(prometheus.Gatherers{reg, second}, HandlerOpts{ErrorHandling: QuarantineOnError})
			get(h, "/")
			w := get(h, "/")
			if got, want := samples(w), test.want+"up 1\n"; w.Code != http.StatusOK || got != want {
				t.Errorf("got status %d:\n%s\nwant:\n%s", w.Code, got, want)
			}
		})
	}
}

// member is a Gatherer of a type that has a name.
type member struct{ prometheus.Gatherer }

// embedding has a Gather of its own.
type embedding struct{ *prometheus.Registry }

func (embedding) Gather() ([]*dto.MetricFamily, error) { return nil, nil }

// What cannot be expressed in one format is told for that one, and again when it
// has ended and begun anew.
func TestQuarantineTellsOfEachFormat(t *testing.T) {
	var families []*dto.MetricFamily
	odd := family("odd", &dto.Metric{Counter: &dto.Counter{}})
	log := &safeLog{}
	h := HandlerFor(prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return families, nil }),
		HandlerOpts{ErrorHandling: QuarantineOnError, ErrorLog: log, EnableOpenMetrics: true})
	ask := func() {
		for range 2 {
			get(h, "/")
			get(h, "/", "Accept: application/openmetrics-text;version=1.0.0")
		}
		for i, line := range log.lines { // messages are shown with one blank or two
			log.lines[i] = strings.ReplaceAll(line, "  ", " ")
		}
	}
	const message = "error encoding and sending metric family: expected gauge in metric odd counter:{}"
	families = []*dto.MetricFamily{family("up", gaugeOf(1))}
	ask()
	log.expect(t)
	families = append(families, odd)
	ask()
	log.expect(t, message, message)
	families = families[:1]
	ask()
	log.expect(t, "no longer: "+message, "no longer: "+message)
	families = families[:2]
	ask()
	log.expect(t, message, message)
}

// A foreign Gatherer that hangs is waited for once, and gathered from again when it
// has come back. It is told when what it gave is no longer needed.
func TestAForeignGathererThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRounds()
		log, counted := &safeLog{}, prometheus.NewRegistry()
		h := HandlerForTransactional(r, HandlerOpts{ErrorHandling: QuarantineOnError, ErrorLog: log, Registry: counted, MaxRequestsInFlight: 2})
		const late = "the gatherer has not come back in time, and is not called again until it has\n"
		for i := range 4 {
			began := time.Now()
			lasts := time.Duration(0)
			if i == 0 {
				lasts = 9500 * time.Millisecond
			}
			w := get(h, "/", scrapeTimeout+"10")
			expect(t, "hanging", w, http.StatusServiceUnavailable, late)
			if time.Since(began) != lasts {
				t.Errorf("answered after %v, want %v", time.Since(began), lasts)
			}
		}
		r.expect(t, 1, 0)
		log.expect(t, "error gathering metrics: "+strings.TrimSpace(late))

		// One who has more time waits for the same gather.
		patient := make(chan *httptest.ResponseRecorder, 1)
		go func() { patient <- get(h, "/", scrapeTimeout+"30") }()
		synctest.Wait()
		r.letGo <- struct{}{}
		expect(t, "patient", <-patient, http.StatusOK, roundPage(1))
		synctest.Wait()
		r.expect(t, 1, 1)
		log.expect(t, "no longer: error gathering metrics: "+strings.TrimSpace(late))
		if got, want := errorsCounted(counted), "{cause=\"encoding\"} 0\n{cause=\"gathering\"} 4\n"; got != want {
			t.Errorf("counted:\n%s\nwant:\n%s", got, want)
		}

		// Without a deadline, it has a minute. A result that nobody waits for any
		// more is given back.
		began := time.Now()
		expect(t, "hanging", get(h, "/"), http.StatusServiceUnavailable, late)
		if time.Since(began) != time.Minute {
			t.Errorf("answered after %v, want a minute", time.Since(began))
		}
		r.expect(t, 2, 1)
		r.letGo <- struct{}{}
		synctest.Wait()
		r.expect(t, 2, 2)
		close(r.letGo)
		expect(t, "well", get(h, "/"), http.StatusOK, roundPage(3))
		synctest.Wait()
		r.expect(t, 3, 3)
		if got := r.overlaps.Load(); got != 0 {
			t.Errorf("%d gathers overlapped", got)
		}
	})
}

// Who has less time than the gather under way does not wait for it.
func TestCoalescedRequestsKeepTheirDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newHanging()
		c.hang.Store(true)
		h := HandlerFor(registryOf(c, up()), HandlerOpts{ErrorHandling: QuarantineOnError, CoalesceGather: true})
		type result struct {
			samples string
			after   time.Duration
		}
		ask := func(timeout string) <-chan result {
			c := make(chan result, 1)
			go func() {
				began := time.Now()
				w := get(h, "/", scrapeTimeout+timeout)
				c <- result{samples(w), time.Since(began)}
			}()
			return c
		}
		long := ask("20.5")
		synctest.Wait()
		same := ask("30.5")
		short := ask("2.5")
		if r := <-short; r.after != 2*time.Second || !strings.HasSuffix(r.samples, "\nup 1\n") {
			t.Errorf("short: got after %v:\n%s", r.after, r.samples)
		}
		time.Sleep(8 * time.Second)
		c.goOn <- struct{}{}
		for name, answer := range map[string]<-chan result{"long": long, "same": same} {
			if r := <-answer; r.after != 10*time.Second || !strings.HasSuffix(r.samples, "\nhanging 1\nup 1\n") {
				t.Errorf("%s: got after %v:\n%s", name, r.after, r.samples)
			}
		}
		if got := c.called.Load(); got != 1 {
			t.Errorf("called %d times, want 1", got)
		}
	})
}

// A client that leaves is not a Gatherer that hangs.
func TestAClientThatLeavesIsNoFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRounds()
		log := &safeLog{}
		h := HandlerForTransactional(r, HandlerOpts{ErrorHandling: QuarantineOnError, ErrorLog: log, Timeout: time.Second})
		expect(t, "late", get(h, "/"), http.StatusServiceUnavailable, "the gatherer has not come back in time, and is not called again until it has\n")
		log.expect(t, "error gathering metrics: the gatherer has not come back in time, and is not called again until it has")
		r.letGo <- struct{}{}
		synctest.Wait()

		h = HandlerForTransactional(r, HandlerOpts{ErrorHandling: QuarantineOnError, ErrorLog: log})
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		ctx, leave := context.WithCancel(request.Context())
		answered := make(chan int, 1)
		go func() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, request.WithContext(ctx))
			answered <- w.Code
		}()
		synctest.Wait()
		leave()
		if code := <-answered; code != http.StatusServiceUnavailable {
			t.Errorf("got status %d", code)
		}
		log.expect(t)
		r.letGo <- struct{}{}
		synctest.Wait()
		r.expect(t, 2, 2)
	})
}

// However hard it is scraped while Collectors come, go, hang, panic and come back,
// each page has what is well, whole.
func TestQuarantineWhileItIsScraped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "well"}, []string{"l"})
		for _, l := range []string{"a", "b", "c"} {
			vec.WithLabelValues(l).Set(1)
		}
		reg := registryOf(vec, sendingOf(prometheus.MustNewConstMetric(prometheus.NewDesc("sent", "", nil, nil), prometheus.GaugeValue, 1)))
		h := HandlerFor(reg, HandlerOpts{ErrorHandling: QuarantineOnError, ErrorLog: &safeLog{}})
		var stop atomic.Bool
		var wg sync.WaitGroup
		for i := range 3 {
			var calls atomic.Int64
			bad := prometheus.WrapCollectorWith(prometheus.Labels{"i": fmt.Sprint(i)}, &misbehaving{collect: func(ch chan<- prometheus.Metric) {
				ch <- prometheus.MustNewConstMetric(hangingDesc, prometheus.GaugeValue, 1)
				switch calls.Add(1) % 4 {
				case 0:
					time.Sleep(time.Second)
				case 1:
					panic("no such device")
				case 2:
					ch <- nil
				}
				ch <- prometheus.MustNewConstMetric(hangingDesc, prometheus.GaugeValue, 1)
			}})
			wg.Go(func() {
				for !stop.Load() {
					reg.MustRegister(bad)
					time.Sleep(time.Duration(100*(i+1)) * time.Millisecond)
					reg.Unregister(bad)
				}
			})
		}
		for range 4 {
			wg.Go(func() {
				for !stop.Load() {
					w := get(h, "/", scrapeTimeout+"0.2")
					if got := samples(w); w.Code != http.StatusOK || !strings.HasSuffix(got, "\nsent 1\nwell{l=\"a\"} 1\nwell{l=\"b\"} 1\nwell{l=\"c\"} 1\n") {
						t.Errorf("got status %d:\n%s", w.Code, got)
					}
					time.Sleep(5 * time.Millisecond)
				}
			})
		}
		time.Sleep(20 * time.Second)
		stop.Store(true)
		wg.Wait()
		time.Sleep(time.Minute) // for those that hang
	})
}

// misbehaving is a Collector that describes itself as hanging does.
type misbehaving struct {
	collect func(chan<- prometheus.Metric)
}

func (*misbehaving) Describe(ch chan<- *prometheus.Desc)   { ch <- hangingDesc }
func (m *misbehaving) Collect(ch chan<- prometheus.Metric) { m.collect(ch) }

// An error that tells a time or a port is the same one at each request.
func TestQuarantineKnowsErrorsByTheirWords(t *testing.T) {
	requests := 0
	log := &safeLog{}
	h := HandlerFor(prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		if requests++; requests > 3 {
			return []*dto.MetricFamily{family("up", gaugeOf(1))}, nil
		}
		return nil, fmt.Errorf("no answer after 10.0%ds from port 4017%d", requests, requests)
	}), HandlerOpts{ErrorHandling: QuarantineOnError, ErrorLog: log})
	for range 5 {
		get(h, "/")
	}
	log.expect(t, "error gathering metrics: no answer after 10.01s from port 40171",
		"no longer: error gathering metrics: no answer after #.#s from port #")
}
