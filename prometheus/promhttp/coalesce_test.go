package promhttp

import (
	"context"
	"fmt"
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

	"github.com/cresset-metrics/cresset/prometheus"
)

// rounds is a TransactionalGatherer that counts, and whose gathers each wait
// until they are let go. The number of the gather is what it gathers.
type rounds struct {
	letGo    chan struct{}
	begun    atomic.Int64
	running  atomic.Int64
	overlaps atomic.Int64 // gathers that began while another one ran
	done     atomic.Int64
}

func newRounds() *rounds { return &rounds{letGo: make(chan struct{})} }

func (r *rounds) Gather() ([]*dto.MetricFamily, func(), error) {
	number := r.begun.Add(1)
	if r.running.Add(1) > 1 {
		r.overlaps.Add(1)
	}
	defer r.running.Add(-1)
	<-r.letGo
	return []*dto.MetricFamily{family("round", gaugeOf(float64(number))), family("up", gaugeOf(1))}, func() { r.done.Add(1) }, nil
}

func roundPage(number int) string {
	return fmt.Sprintf("# TYPE round gauge\nround %d\n# TYPE up gauge\nup 1\n", number)
}

func (r *rounds) expect(t *testing.T, begun, done int64) {
	t.Helper()
	if got := r.begun.Load(); got != begun {
		t.Errorf("gathered %d times, want %d", got, begun)
	}
	if got := r.done.Load(); got != done {
		t.Errorf("done %d times, want %d", got, done)
	}
}

func TestCoalescedRequestsShareAGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRounds()
		h := HandlerForTransactional(r, HandlerOpts{CoalesceGather: true})
		for round := 1; round <= 3; round++ {
			first, second := ask(h), ask(h)
			synctest.Wait()
			named := make(chan *httptest.ResponseRecorder, 1)
			go func() { named <- get(h, "/?name[]=up") }()
			other := make(chan *httptest.ResponseRecorder, 1)
			go func() {
				other <- get(h, "/", "Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited")
			}()
			synctest.Wait()
			r.expect(t, int64(round), int64(round-1))
			r.letGo <- struct{}{}
			expect(t, "first", <-first, http.StatusOK, roundPage(round))
			expect(t, "second", <-second, http.StatusOK, roundPage(round))
			expect(t, "by name", <-named, http.StatusOK, "# TYPE up gauge\nup 1\n")
			if w := <-other; !strings.HasPrefix(w.Header().Get("Content-Type"), "application/vnd.google.protobuf") || w.Body.Len() == 0 {
				t.Errorf("as protobuf: got %v, %d bytes", w.Header(), w.Body.Len())
			}
			synctest.Wait()
			r.expect(t, int64(round), int64(round))
		}
	})
}

// TestNobodyJoinsAGatherThatIsOver: a client that takes long to read its page
// does not keep others from newer ones. It does keep what it reads in use.
func TestNobodyJoinsAGatherThatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRounds()
		h := HandlerForTransactional(r, HandlerOpts{CoalesceGather: true})
		slow := stalled{httptest.NewRecorder(), make(chan struct{})}
		var wg sync.WaitGroup
		wg.Go(func() { h.ServeHTTP(slow, httptest.NewRequest(http.MethodGet, "/", nil)) })
		r.letGo <- struct{}{}
		synctest.Wait()
		r.expect(t, 1, 0)
		next := ask(h)
		r.letGo <- struct{}{}
		expect(t, "next", <-next, http.StatusOK, roundPage(2))
		synctest.Wait()
		r.expect(t, 2, 1)
		close(slow.goOn)
		wg.Wait()
		expect(t, "slow", slow.ResponseRecorder, http.StatusOK, roundPage(1))
		r.expect(t, 2, 2)
	})
}

// stalled is a client that does not read until it goes on.
type stalled struct {
	*httptest.ResponseRecorder
	goOn chan struct{}
}

func (s stalled) Write(b []byte) (int, error) {
	<-s.goOn
	return s.ResponseRecorder.Write(b)
}

// TestCoalescedRequestsSeeTheSameValues has each request change a metric before
// it writes its page.
func TestCoalescedRequestsSeeTheSameValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "answers"})
		vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "size", Buckets: []float64{1}}, []string{"of"})
		letGo := make(chan struct{})
		reg := registryOf(g, vec, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "slow"}, func() float64 { <-letGo; return 1 }))
		g.Set(7)
		vec.WithLabelValues("this").Observe(1)
		h := HandlerFor(reg, HandlerOpts{CoalesceGather: true})
		change := func() { g.Inc(); vec.WithLabelValues("this").Observe(1); vec.WithLabelValues("that").Observe(1) }
		var responses []changing
		var wg sync.WaitGroup
		for range 3 {
			w := changing{httptest.NewRecorder(), change}
			responses = append(responses, w)
			wg.Go(func() { h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil)) })
		}
		synctest.Wait()
		close(letGo)
		wg.Wait()
		const want = `# HELP answers 
# TYPE answers gauge
answers 7
# HELP size 
# TYPE size histogram
size_bucket{of="this",le="1"} 1
size_bucket{of="this",le="+Inf"} 1
size_sum{of="this"} 1
size_count{of="this"} 1
# HELP slow 
# TYPE slow gauge
slow 1
`
		for _, w := range responses {
			expect(t, "shared", w.ResponseRecorder, http.StatusOK, want)
		}
		if got := get(h, "/").Body.String(); strings.Contains(got, "answers 7\n") {
			t.Errorf("the next gather sees the old values:\n%s", got)
		}
	})
}

// changing has something change when the headers are set, which is after the
// gather and before the page is written.
type changing struct {
	*httptest.ResponseRecorder
	change func()
}

func (c changing) Header() http.Header {
	c.change()
	return c.ResponseRecorder.Header()
}

// ending is a TransactionalGatherer that waits and then ends in its own way.
type ending struct {
	letGo chan struct{}
	end   func()
}

func (e ending) Gather() ([]*dto.MetricFamily, func(), error) {
	<-e.letGo
	e.end()
	return []*dto.MetricFamily{family("up", gaugeOf(1))}, nil, nil
}

// TestCoalescedGatherThatPanics: whoever leads panics, those who joined get an
// error, and later requests are not concerned.
func TestCoalescedGatherThatPanics(t *testing.T) {
	for name, end := range map[string]func(){"panic": func() { panic("broken") }, "exit": runtime.Goexit} {
		synctest.Test(t, func(t *testing.T) {
			g := &ending{make(chan struct{}), end}
			var log logged
			h := HandlerForTransactional(g, HandlerOpts{CoalesceGather: true, MaxRequestsInFlight: 2, ErrorLog: &log})
			var panicked any
			var wg sync.WaitGroup
			wg.Go(func() {
				defer func() { panicked = recover() }()
				get(h, "/")
			})
			synctest.Wait()
			joined := ask(h)
			synctest.Wait()
			g.letGo <- struct{}{}
			wg.Wait()
			if want := map[string]any{"panic": "broken", "exit": nil}[name]; panicked != want {
				t.Errorf("%s: got panic %v, want %v", name, panicked, want)
			}
			expect(t, name, <-joined, http.StatusInternalServerError, "An error has occurred while serving metrics:\n\ncoalesced gather panicked\n")
			if len(log) != 1 || log[0] != "error gathering metrics: coalesced gather panicked\n" {
				t.Errorf("%s: logged %q", name, log)
			}
			g.end = func() {}
			close(g.letGo)
			for range 3 { // as many as there are slots, and one more
				expect(t, "after the "+name, get(h, "/"), http.StatusOK, slowPage)
			}
		})
	}
}

// TestCoalescedGatherThatHangs: there is never a second gather, and requests
// that wait for it are given up when their time is up, so that they take no slot.
func TestCoalescedGatherThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRounds()
		h := HandlerForTransactional(r, HandlerOpts{CoalesceGather: true, Timeout: 10 * time.Second, MaxRequestsInFlight: 2})
		leader := ask(h)
		synctest.Wait()
		for range 10 {
			expect(t, "while it hangs", get(h, "/"), http.StatusServiceUnavailable, overTime)
			synctest.Wait()
		}
		expect(t, "leader", <-leader, http.StatusServiceUnavailable, overTime)
		r.expect(t, 1, 0)
		r.letGo <- struct{}{}
		synctest.Wait()
		r.expect(t, 1, 1)
		next := ask(h)
		r.letGo <- struct{}{}
		expect(t, "after that", <-next, http.StatusOK, roundPage(2))
	})
}

func TestCoalescedRequestWhoseClientLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRounds()
		h := HandlerForTransactional(r, HandlerOpts{CoalesceGather: true})
		leader := ask(h)
		synctest.Wait()
		ctx, cancel := context.WithCancel(context.Background())
		left := make(chan *httptest.ResponseRecorder, 1)
		go func() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx))
			left <- w
		}()
		synctest.Wait()
		cancel()
		expect(t, "left", <-left, http.StatusServiceUnavailable, "gave up waiting for a gather that is under way: context canceled\n")
		r.letGo <- struct{}{}
		expect(t, "leader", <-leader, http.StatusOK, roundPage(1))
		synctest.Wait()
		r.expect(t, 1, 1)
	})
}

// TestCoalescingUnderLoad has many clients come and go as they like.
func TestCoalescingUnderLoad(t *testing.T) {
	r := newRounds()
	close(r.letGo)
	h := HandlerForTransactional(r, HandlerOpts{CoalesceGather: true})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 200 {
				ctx, cancel := context.WithCancel(context.Background())
				if (i+j)%3 == 0 {
					cancel()
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx))
				if gaveUp := strings.HasPrefix(w.Body.String(), "gave up"); w.Code != http.StatusOK && !gaveUp || gaveUp && (i+j)%3 != 0 {
					t.Errorf("got status %d and body %q", w.Code, w.Body)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if got := r.overlaps.Load(); got > 0 {
		t.Errorf("%d gathers began while another one ran", got)
	}
	r.expect(t, r.begun.Load(), r.begun.Load())
}
