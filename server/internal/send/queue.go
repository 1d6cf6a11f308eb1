package send

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/rule"
)

// The pauses after attempts that failed: each is twice the one before. None but
// the first is longer than the resend delay either, so that trying again is never
// slower than waiting for the rule engine to send again.
const (
	firstPause = time.Second
	longPause  = 5 * time.Second
)

// resendDelays is for how many resend delays an alert without an end in the
// future is tried. A firing one is valid for at least as many.
const resendDelays = 4

// queue carries alerts to one Alertmanager.
//
// Anybody adds to it, and one goroutine, in run, takes from it. What that
// goroutine is delivering is not in the backlog; what could not be delivered
// goes back there, unless there are news of it by then. So the news of one alert
// leave in the order in which they came.
//
// A queue ends once it was stopped and is empty, or when the drain timeout after
// stop is over. Until then, resume makes it go on as if it had not been stopped:
// who discovers an Alertmanager again must not open a second queue, which could
// overtake the first.
type queue struct {
	url     *url.URL
	opts    Options
	logger  *slog.Logger
	metrics *queueMetrics

	transport atomic.Pointer[transport] // replaced by a reload

	added  chan struct{} // holds a token after something was added
	urgent chan struct{} // holds a token when there is a reason not to pause

	life  context.Context // done when what is left is to be given up
	abort context.CancelFunc

	mu       sync.Mutex // guards what follows
	backlog  backlog
	shown    int // its length in the metrics
	stopping bool
	deadline *time.Timer // calls abort; nil unless stopping
	ended    bool        // nothing runs any more, nor will
}

// message is an alert with the key of its labels.
type message struct {
	rule.Alert
	key string
}

// transport is how an Alertmanager is reached.
type transport struct {
	client  *http.Client
	timeout time.Duration
}

func newQueue(u *url.URL, opts Options, m *metrics) *queue {
	q := &queue{
		url:     u,
		opts:    opts,
		logger:  opts.Logger.With("alertmanager", u.Redacted()),
		metrics: m.acquire(u.Redacted()),
		added:   make(chan struct{}, 1),
		urgent:  make(chan struct{}, 1),
		backlog: newBacklog(opts.QueueCapacity),
	}
	q.life, q.abort = context.WithCancel(context.Background())
	return q
}

// signal leaves a token in a channel that holds one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// use makes the queue reach its Alertmanager in this way from now on. A batch
// that waits for its next attempt gets it at once.
func (q *queue) use(t transport) {
	if old := q.transport.Swap(&t); old != nil && *old != t {
		signal(q.urgent)
	}
}

// add queues alerts. When there is no room, the longest waiting go.
func (q *queue) add(alerts []message) {
	if len(alerts) == 0 {
		return
	}
	now := time.Now()
	replaced, dropped := 0, 0
	q.mu.Lock()
	for _, a := range alerts {
		r, d := q.backlog.add(waiting{Alert: a.Alert, key: a.key, until: q.until(a.Alert, now)})
		if r {
			replaced++
		}
		if d {
			dropped++
		}
	}
	q.settle(replaced, dropped)
	q.mu.Unlock()
	if dropped > 0 {
		q.logger.Warn("The queue for an Alertmanager is full, the oldest alerts are dropped",
			"dropped", dropped, "capacity", q.opts.QueueCapacity)
	}
	signal(q.added)
}

// until returns when it is too late to deliver an alert. A firing alert must not
// arrive after its end, which is a guess: it would be taken for resolved. Before
// that, news of it are to be expected, which take its place.
func (q *queue) until(a rule.Alert, now time.Time) time.Time {
	if a.EndsAt.After(now) {
		return a.EndsAt
	}
	return now.Add(resendDelays * q.opts.ResendDelay)
}

// settle makes the metrics tell of a change of the backlog. The caller holds mu.
func (q *queue) settle(replaced, dropped int) {
	q.metrics.replaced.Add(float64(replaced))
	q.metrics.dropped.Add(float64(dropped))
	q.metrics.queueLength.Add(float64(q.backlog.len() - q.shown))
	q.shown = q.backlog.len()
}

// stop makes the goroutine end when the queue is empty, but not later than the
// drain timeout from now; at once if nothing is to be drained.
func (q *queue) stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stopping {
		return
	}
	q.stopping = true
	if q.opts.DropOnStop {
		q.abort()
		return
	}
	q.deadline = time.AfterFunc(q.opts.DrainTimeout, q.abort)
	signal(q.urgent)
}

// resume undoes stop. It reports false if it is too late for that.
func (q *queue) resume() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended || q.deadline == nil || !q.deadline.Stop() {
		return false
	}
	q.stopping, q.deadline = false, nil
	return true
}

// run delivers what is queued until the queue is stopped.
func (q *queue) run() {
	defer q.end()
	pause, limit := firstPause, q.opts.BatchSize
	for q.life.Err() == nil {
		batch := q.take(limit)
		if len(batch) == 0 {
			if !q.idle() {
				return
			}
			continue
		}
		err := q.deliver(batch)
		switch {
		case err == nil:
			pause, limit = firstPause, min(2*limit, q.opts.BatchSize)
		case tooLarge(err) && len(batch) > 1:
			limit = len(batch) / 2
			q.putBack(batch)
		case !retryable(err) || q.isStopping():
			q.drop(len(batch), err.Error())
		default:
			q.logger.Warn("Sending alerts failed, it is tried again", "alerts", len(batch), "pause", pause, "err", err)
			q.putBack(batch)
			q.wait(pause)
			pause = min(2*pause, longPause, max(q.opts.ResendDelay, firstPause))
		}
	}
}

// take removes from the backlog what fits into a request.
func (q *queue) take(n int) []*waiting {
	q.mu.Lock()
	batch, late := q.backlog.take(n, time.Now())
	q.settle(0, 0)
	q.mu.Unlock()
	q.drop(late, "they are too old")
	return batch
}

// putBack returns to the backlog what was not delivered.
func (q *queue) putBack(batch []*waiting) {
	q.mu.Lock()
	replaced, dropped := q.backlog.putBack(batch)
	q.settle(replaced, 0)
	q.mu.Unlock()
	q.drop(dropped, "the queue is full")
}

// deliver tries once.
func (q *queue) deliver(batch []*waiting) error {
	t := q.transport.Load()
	start := time.Now()
	err := t.post(q.life, q.url, q.opts.UserAgent, batch)
	if err != nil {
		q.metrics.errors.Add(float64(len(batch)))
	} else {
		q.metrics.delivered(len(batch), time.Since(start))
	}
	if q.transport.Load() != t {
		t.client.CloseIdleConnections() // nobody else will, now that a reload has replaced it
	}
	return err
}

// drop counts alerts that are not delivered.
func (q *queue) drop(n int, why string) {
	if n > 0 {
		q.metrics.dropped.Add(float64(n))
		q.logger.Error("Alerts were not delivered and are dropped", "dropped", n, "reason", why)
	}
}

// idle waits for something to do. It reports false when there is nothing, and
// will be nothing.
func (q *queue) idle() bool {
	if q.finished() {
		return false
	}
	select {
	case <-q.added:
	case <-q.urgent:
	case <-q.life.Done():
	}
	return true
}

// finished reports whether the queue is stopped and empty. If so, it has ended:
// from then on, it cannot be resumed.
func (q *queue) finished() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = q.stopping && q.backlog.len() == 0
	return q.ended
}

// wait waits for d, or until there is a reason not to.
func (q *queue) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-q.urgent:
	case <-q.life.Done():
	}
}

func (q *queue) isStopping() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stopping
}

func (q *queue) hasEnded() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ended
}

// end gives up what is left, when nobody runs the queue any more.
func (q *queue) end() {
	q.abort()
	q.mu.Lock()
	left := q.backlog.len()
	q.backlog = newBacklog(q.opts.QueueCapacity)
	q.ended = true
	if q.deadline != nil {
		q.deadline.Stop()
	}
	q.settle(0, 0)
	q.mu.Unlock()
	q.drop(left, "it was stopped")
	q.metrics.release()
	if t := q.transport.Load(); t != nil {
		t.client.CloseIdleConnections()
	}
}
