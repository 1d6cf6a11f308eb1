package promhttp

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// transaction is a TransactionalGatherer that remembers how many bytes had been
// written each time that it was done.
type transaction struct {
	families []*dto.MetricFamily
	err      error
	written  func() int

	gathered int
	doneAt   []int
}

func (tx *transaction) Gather() ([]*dto.MetricFamily, func(), error) {
	tx.gathered++
	return tx.families, func() { tx.doneAt = append(tx.doneAt, tx.written()) }, tx.err
}

func TestDoneIsCalledOnceAfterThePage(t *testing.T) {
	good := []*dto.MetricFamily{family("up", gaugeOf(1))}
	broken := errors.New("broken")
	tests := []struct {
		name     string
		families []*dto.MetricFamily
		err      error
		mode     HandlerErrorHandling
		accept   string
		left     int // bytes that the client reads
		panics   bool
	}{
		{name: "page", families: good},
		{name: "compressed", families: good, accept: "gzip"},
		{name: "nothing"},
		{name: "error", families: good, err: broken},
		{name: "error that is passed over", families: good, err: broken, mode: ContinueOnError},
		{name: "error that panics", families: good, err: broken, mode: PanicOnError, panics: true},
		{name: "malformed", families: []*dto.MetricFamily{family("empty")}},
		{name: "malformed, panics", families: []*dto.MetricFamily{family("empty")}, mode: PanicOnError, panics: true},
		{name: "client leaves", families: good, left: 3},
		{name: "client leaves, panics", families: good, left: 3, mode: PanicOnError, panics: true},
	}
	for _, test := range tests {
		for _, coalesce := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				w := &gone{httptest.NewRecorder(), 1 << 20}
				if test.left > 0 {
					w.left = test.left
				}
				tx := &transaction{families: test.families, err: test.err, written: w.Body.Len}
				r := httptest.NewRequest(http.MethodGet, "/", nil)
				r.Header.Set("Accept-Encoding", test.accept)
				h := HandlerForTransactional(tx, HandlerOpts{ErrorHandling: test.mode, CoalesceGather: coalesce})
				panicked := func() (cause any) {
					defer func() { cause = recover() }()
					h.ServeHTTP(w, r)
					return nil
				}()
				if test.panics != (panicked != nil) {
					t.Errorf("got panic %v", panicked)
				}
				if tx.gathered != 1 || len(tx.doneAt) != 1 || tx.doneAt[0] != w.Body.Len() {
					t.Errorf("gathered %d times; done after %d bytes, want once after all %d", tx.gathered, tx.doneAt, w.Body.Len())
				}
			})
		}
	}
}

func TestNothingIsDoneIfNothingWasGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRounds()
		h := HandlerForTransactional(r, HandlerOpts{MaxRequestsInFlight: twoAtATime})
		first, second := ask(h), ask(h)
		synctest.Wait()
		expect(t, "third", get(h, "/"), http.StatusServiceUnavailable, overLimit)
		r.expect(t, 2, 0)
		close(r.letGo)
		<-first
		<-second
		r.expect(t, 2, 2)
	})
}

// TestTimedOutGatherIsDone: nobody waits for the page any more, but its gatherer
// waits for done.
func TestTimedOutGatherIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRounds()
		h := HandlerForTransactional(r, HandlerOpts{Timeout: 10 * time.Second})
		expect(t, "slow", get(h, "/"), http.StatusServiceUnavailable, overTime)
		r.expect(t, 1, 0)
		close(r.letGo)
		synctest.Wait()
		r.expect(t, 1, 1)
	})
}

func TestTransactionWithoutDone(t *testing.T) {
	g := ending{make(chan struct{}), func() {}}
	close(g.letGo)
	for _, coalesce := range []bool{false, true} {
		expect(t, "page", get(HandlerForTransactional(g, HandlerOpts{CoalesceGather: coalesce}), "/"), http.StatusOK, slowPage)
	}
}
