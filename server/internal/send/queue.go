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

// The pauses between two attempts to deliver a batch: each is twice the one
// before.
const (
	firstPause = time.Second
	longPause  = 15 * time.Second
)

// queue holds the alerts that wait for one Alertmanager.
//
// Anybody adds to it, and one goroutine, in run, takes from it. What that
// goroutine has taken out to deliver is no longer in the queue.
type queue struct {
	url     *url.URL
	opts    Options
	logger  *slog.Logger
	metrics *queueMetrics

	transport atomic.Pointer[transport] // replaced by a reload
	renewed   chan struct{}             // holds a token after that

	added    chan struct{} // holds a token after something was added
	stopping chan struct{} // closed by stop
	// expired is done when what is left is to be given up: the drain timeout after
	// stop.
	expired context.Context
	expire  context.CancelFunc

	mu     sync.Mutex // guards alerts
	alerts []queued   // oldest first, never more than opts.QueueCapacity
}

// queued is an alert that waits to be delivered.
type queued struct {
	rule.Alert
	until time.Time // too late from here on
}

// transport is how an Alertmanager is reached.
type transport struct {
	client  *http.Client
	timeout time.Duration
}

func newQueue(u *url.URL, opts Options, m *metrics) *queue {
	q := &queue{
		url:      u,
		opts:     opts,
		logger:   opts.Logger.With("alertmanager", u.Redacted()),
		metrics:  m.acquire(u.Redacted()),
		renewed:  make(chan struct{}, 1),
		added:    make(chan struct{}, 1),
		stopping: make(chan struct{}),
	}
	q.expired, q.expire = context.WithCancel(context.Background())
	return q
}

// use makes the queue reach its Alertmanager in this way from now on. A batch
// that waits for its next attempt gets it at once.
func (q *queue) use(t transport) {
	if old := q.transport.Swap(&t); old != nil && *old != t {
		signal(q.renewed)
	}
}

// signal leaves a token in a channel that holds one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// add queues alerts. When there is no room, the oldest go.
func (q *queue) add(alerts []rule.Alert) {
	if len(alerts) == 0 {
		return
	}
	now := time.Now()
	q.mu.Lock()
	for _, a := range alerts {
		q.alerts = append(q.alerts, queued{Alert: a, until: q.deadline(a, now)})
	}
	tooMany := max(len(q.alerts)-q.opts.QueueCapacity, 0)
	clear(q.alerts[:tooMany]) // so that they can be collected
	q.alerts = q.alerts[tooMany:]
	q.mu.Unlock()

	q.metrics.queued(len(alerts) - tooMany)
	if tooMany > 0 {
		q.metrics.dropped.Add(float64(tooMany))
		q.logger.Warn("The queue for an Alertmanager is full, the oldest alerts are dropped",
			"dropped", tooMany, "capacity", q.opts.QueueCapacity)
	}
	signal(q.added)
}

// deadline returns when it is too late to deliver an alert. A firing alert must
// not arrive after its end, which is a guess: it would be taken for resolved.
func (q *queue) deadline(a rule.Alert, now time.Time) time.Time {
	until := now.Add(q.opts.RetryFor)
	if a.EndsAt.After(now) && a.EndsAt.Before(until) {
		return a.EndsAt
	}
	return until
}

// take removes the oldest alerts from the queue, as many as fit into a request.
func (q *queue) take() []queued {
	q.mu.Lock()
	n := min(len(q.alerts), q.opts.BatchSize)
	batch := make([]queued, n)
	copy(batch, q.alerts)
	clear(q.alerts[:n])
	q.alerts = q.alerts[n:]
	q.mu.Unlock()
	q.metrics.queued(-n)
	return batch
}

// stop makes the goroutine end when the queue is empty, but not later than the
// drain timeout from now. It must be called once.
func (q *queue) stop() {
	close(q.stopping)
	time.AfterFunc(q.opts.DrainTimeout, q.expire)
}

// run delivers what is queued until the queue is stopped.
func (q *queue) run() {
	defer q.discard()
	for q.expired.Err() == nil {
		if batch := q.take(); len(batch) > 0 {
			q.deliver(batch)
			continue
		}
		select {
		case <-q.added:
		case <-q.stopping:
			if q.empty() {
				return
			}
		}
	}
}

// discard gives up what is left, when nobody runs the queue any more.
func (q *queue) discard() {
	q.expire()
	q.mu.Lock()
	left := len(q.alerts)
	q.alerts = nil
	q.mu.Unlock()
	q.metrics.queued(-left)
	q.drop(left, "it was stopped")
	q.metrics.release()
}

func (q *queue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.alerts) == 0
}

func (q *queue) isStopping() bool {
	select {
	case <-q.stopping:
		return true
	default:
		return false
	}
}

// drop counts alerts that are not delivered.
func (q *queue) drop(n int, why string) {
	if n > 0 {
		q.metrics.dropped.Add(float64(n))
		q.logger.Error("Alerts were not delivered and are dropped", "dropped", n, "reason", why)
	}
}

// deliver sends a batch. It tries again until it is too late for each of the
// alerts; a queue that is being stopped tries once.
func (q *queue) deliver(batch []queued) {
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		var late int
		batch, late = inTime(batch, time.Now())
		q.drop(late, "they are too old")
		if len(batch) == 0 {
			return
		}
		start := time.Now()
		err := q.transport.Load().post(q.expired, q.url, q.opts.UserAgent, batch)
		if err == nil {
			q.metrics.delivered(len(batch), time.Since(start))
			return
		}
		q.metrics.errors.Add(float64(len(batch)))
		if !retryable(err) || q.isStopping() {
			q.drop(len(batch), err.Error())
			return
		}
		q.logger.Warn("Sending alerts failed, it is tried again", "alerts", len(batch), "pause", pause, "err", err)
		q.wait(pause)
	}
}

// wait waits for d, or until there is a reason not to.
func (q *queue) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-q.renewed:
	case <-q.stopping:
	}
}

// inTime returns the alerts that can still be delivered, and the number of the
// others.
func inTime(batch []queued, now time.Time) (left []queued, late int) {
	for _, a := range batch {
		if now.Before(a.until) {
			left = append(left, a)
		}
	}
	return left, len(batch) - len(left)
}

// queues are queues by URL. The same URL may be there several times, in
// different sets.
type queues map[string][]*queue

func (qs queues) put(q *queue) {
	u := q.url.String()
	qs[u] = append(qs[u], q)
}

// take removes a queue and returns it, or nil if there is none.
func (qs queues) take(u string) *queue {
	all := qs[u]
	if len(all) == 0 {
		return nil
	}
	qs[u] = all[1:]
	return all[0]
}
