package prometheus_test

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// service has a metric of each kind, and vectors with many series.
type service struct {
	reg       *prometheus.Registry
	subjects  []subject
	numbers   *numbers
	counters  *prometheus.CounterVec
	expiring  *prometheus.GaugeVec
	histogram *prometheus.HistogramVec
	own       *cresset.CounterVec[place]
	fresh     int // how many series have been made
}

// many is so many series that no page fits into what is buffered on its way.
const many = 5_000

func newService() *service {
	s := &service{
		reg:       prometheus.NewRegistry(),
		counters:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "many_total"}, []string{"n"}),
		expiring:  prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "expiring", TTL: time.Hour}, []string{"n"}),
		histogram: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "histograms", NativeHistogramBucketFactor: 1.1, Buckets: []float64{1}}, []string{"n"}),
	}
	s.subjects, s.numbers = subjectsOf(s.reg), numbersOf(s.reg)
	s.own = cresset.NewCounterVec[place](s.reg.Native(), "own_total", "")
	s.reg.MustRegister(s.counters, s.expiring, s.histogram)
	for i := range many {
		s.counters.WithLabelValues(strconv.Itoa(i)).Add(float64(i*i) + 0.25)
	}
	return s
}

// use updates everything, finds what there is, makes what there is not, and deletes
// it. It comes back, or something waits.
func (s *service) use() {
	for _, kind := range s.subjects {
		for _, v := range kind.values {
			kind.observe(v)
		}
	}
	s.numbers.counter.Inc()
	s.numbers.own.Add(0.5)
	s.numbers.up.Add(1)
	s.numbers.choice.Set(choices[0])
	s.fresh++
	for _, n := range []string{"0", "fresh " + strconv.Itoa(s.fresh)} {
		s.counters.WithLabelValues(n).Inc()
		s.expiring.With(prometheus.Labels{"n": n}).Set(1)
		s.histogram.WithLabelValues(n).Observe(same)
		s.own.With(place{n, 1}).Inc()
	}
	s.counters.DeleteLabelValues("fresh " + strconv.Itoa(s.fresh))
	s.expiring.DeletePartialMatch(prometheus.Labels{"n": "fresh " + strconv.Itoa(s.fresh)})
	s.own.Delete(place{"0", 1})
	s.histogram.Reset()
}

// A client that reads its page one byte at a time, and in between not at all, holds
// nothing up: not an update, nor a series that is made or deleted, nor another scrape.
func TestPromiseNothingWaitsForASlowClient(t *testing.T) {
	s := newService()
	for name, h := range map[string]http.Handler{
		"promhttp":       promhttp.HandlerFor(s.reg, promhttp.HandlerOpts{EnableOpenMetrics: true}),
		"coalescing":     promhttp.HandlerFor(s.reg, promhttp.HandlerOpts{EnableOpenMetrics: true, CoalesceGather: true}),
		"native handler": s.reg.Native().Handler(),
	} {
		for _, format := range formats {
			t.Run(name+", "+format.name, func(t *testing.T) { readSlowly(t, s, h, format) })
		}
	}
}

func readSlowly(t *testing.T, s *service, h http.Handler, format format) {
	body, w := io.Pipe() // whose writer waits until all is read
	served := make(chan struct{})
	go func() {
		defer close(served)
		h.ServeHTTP(&pipeResponse{w, http.Header{}}, format.request())
		w.Close()
	}()
	var begun []byte
	within(t, "what is done while a client reads slowly", func() {
		for range 20 {
			one := make([]byte, 1)
			if _, err := io.ReadFull(body, one); err != nil {
				t.Error(err)
			}
			begun = append(begun, one...)
			s.use()
		}
		if p, err := format.ask(h); err != nil || len(p.withLabel("many_total", "n")) != many {
			t.Errorf("another scrape: got %d series and error %v, want %d", len(p.withLabel("many_total", "n")), err, many)
		}
		if _, err := s.reg.Gather(); err != nil {
			t.Errorf("Gather: %v", err)
		}
	})
	select {
	case <-served:
		t.Error("the page has been sent, though nobody reads it")
	default:
	}
	p, err := format.parse(io.MultiReader(bytes.NewReader(begun), body))
	if err != nil {
		t.Fatal(err)
	}
	<-served
	checkOrder(t, p)
	for _, kind := range s.subjects {
		if _, err := kind.whole(only(t, p, kind.name)); err != nil {
			t.Errorf("%s on the page that was read slowly is torn: %v", kind.name, err)
		}
	}
	if got := len(p.withLabel("many_total", "n")); got != many {
		t.Errorf("the page that was read slowly has %d series, want %d", got, many)
	}
}

// pipeResponse is a response that is read while it is written.
type pipeResponse struct {
	io.Writer
	header http.Header
}

func (r *pipeResponse) Header() http.Header { return r.header }
func (r *pipeResponse) WriteHeader(int)     {}

// A Collector, or a function, that does not come back holds up the scrapes that ask it
// and nothing else.
func TestPromiseNothingWaitsForAHangingCollector(t *testing.T) {
	asked, goOn := make(chan struct{}, 10), make(chan struct{})
	hang := func() {
		asked <- struct{}{}
		<-goOn
	}
	for name, c := range map[string]prometheus.Collector{
		"a Collector": unchecked{func(chan<- prometheus.Metric) { hang() }},
		"a function": prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "hangs"}, func() float64 {
			hang()
			return 0
		}),
	} {
		t.Run(name, func(t *testing.T) {
			s := newService()
			s.reg.MustRegister(c)
			gathered := make(chan error)
			go func() {
				_, err := s.reg.Gather()
				gathered <- err
			}()
			within(t, "what is done while "+name+" hangs", func() {
				<-asked
				s.use()
				s.reg.Unregister(s.counters)
				s.reg.MustRegister(s.counters)
			})
			select {
			case err := <-gathered:
				t.Errorf("Gather came back with error %v, though the collector hangs", err)
			default:
				goOn <- struct{}{}
				if err := <-gathered; err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// Whoever reads a vector and pauses in the middle, or replaces its series and takes
// long, holds nothing up.
func TestPromiseNothingWaitsForAPausedReader(t *testing.T) {
	s := newService()
	scrape := func() {
		if _, err := s.reg.Gather(); err != nil {
			t.Error(err)
		}
	}
	vecs := map[string]prometheus.Collector{"counters": s.counters, "expiring": s.expiring, "histograms": s.histogram}
	s.use()
	for i := range 10 {
		s.histogram.WithLabelValues(strconv.Itoa(i))
		s.expiring.WithLabelValues(strconv.Itoa(i))
	}
	for name, vec := range vecs {
		t.Run("Collect of "+name, func(t *testing.T) {
			metrics := make(chan prometheus.Metric)
			go func() {
				defer close(metrics)
				vec.Collect(metrics)
			}()
			within(t, "what is done while a metric is looked at", func() {
				<-metrics
				s.use()
				scrape()
				for range metrics { // and now the rest
				}
			})
		})
	}
	for name, paused := range map[string]func(pause func()){
		"All": func(pause func()) {
			for range s.counters.All() {
				pause()
				return
			}
		},
		"All, native": func(pause func()) {
			s.own.With(place{"there", 2})
			for range s.own.All() {
				pause()
				return
			}
		},
		"DeleteFunc, native": func(pause func()) {
			s.own.DeleteFunc(func(place) bool { pause(); return false })
		},
		"Replace": func(pause func()) {
			s.expiring.Replace(func(next *prometheus.GaugeVec) {
				next.WithLabelValues("new").Set(1)
				pause()
			})
		},
		"Replace, native": func(pause func()) {
			s.own.Replace(func(next *cresset.CounterVec[place]) {
				next.With(place{"new", 1}).Inc()
				pause()
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			paused(func() {
				within(t, "what is done meanwhile", func() {
					s.use()
					scrape()
				})
			})
		})
	}
}
