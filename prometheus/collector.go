package prometheus

import (
	"context"
	"errors"
)

// Collector is whatever a registry collects metrics from. The metrics and
// vectors of this package are Collectors; a Collector of your own is for values
// that somebody else keeps, or that are only worth having when they are asked
// for.
type Collector interface {
	// Describe sends the Descs of everything that Collect will ever send,
	// always the same ones, and returns when it has. A Collector that sends
	// none is not checked when it is registered.
	Describe(chan<- *Desc)
	// Collect sends every metric there is now and returns when it has. It may
	// be called by several goroutines at once. Two metrics may not have the
	// same name and labels.
	Collect(chan<- Metric)
}

// ContextCollector is a Collector that wants to know when nobody waits for it any
// longer. A gather in quarantine, which does not wait for ever, calls
// CollectContext instead of Collect. Its context ends when the last scrape that
// waits gives up; what is sent is not used after that. All other gathers call
// Collect.
//
// The context is not that of a request: several scrapes may share what one call
// sends.
type ContextCollector interface {
	Collector
	CollectContext(context.Context, chan<- Metric)
}

// DescribeByCollect is a Describe for Collectors that always send the same
// kinds of metrics: it collects, and sends the Descs of what comes.
func DescribeByCollect(c Collector, descs chan<- *Desc) {
	for _, m := range receive(c.Collect) {
		descs <- m.Desc()
	}
}

// receive returns all that foreign code sends. A panic of it comes out here,
// where somebody can catch it.
func receive[T any](send func(chan<- T)) []T {
	var all []T
	relay(send, func(v T) { all = append(all, v) })
	return all
}

// relay hands on all that foreign code sends. A panic of it comes out here too,
// as does any other way to end but returning.
func relay[T any](send func(chan<- T), hand func(T)) {
	ch := make(chan T)
	ended := start(ch, send)
	defer func() {
		for range ch { // should hand panic, the sender must not wait for ever
		}
	}()
	for v := range ch {
		hand(v)
	}
	if cause := <-ended; cause != nil {
		panic(cause)
	}
}

// How foreign code may end, besides by returning or by a panic.
var (
	errExited = errors.New("runtime.Goexit was called where the function should return")
	errClosed = errors.New("the channel was closed, which is not for the sender to do")
)

// start runs foreign code on a goroutine of its own and closes ch when it has
// ended. What it returns then tells how: nil if the code has returned and left the
// channel open, otherwise what it panicked with or one of the errors above.
func start[T any](ch chan T, send func(chan<- T)) (ended <-chan any) {
	return startUntil(func() bool { return closeOpen(ch) }, ch, send)
}

// startUnclosed is start, but says that it is the end by the metric last, if the
// channel is to stay open.
func startUnclosed(ch chan Metric, stayOpen bool, send func(chan<- Metric)) (ended <-chan any) {
	if !stayOpen {
		return start(ch, send)
	}
	return startUntil(func() bool { return sendLast(ch) }, ch, send)
}

// startUntil runs foreign code that sends on ch, and end after it, which tells
// whether the channel was open.
func startUntil[T any](end func() (open bool), ch chan<- T, send func(chan<- T)) (ended <-chan any) {
	how := make(chan any, 1)
	go func() {
		var cause any = errExited
		defer func() {
			if panicked := recover(); panicked != nil {
				cause = panicked
			}
			if !end() && cause == nil {
				cause = errClosed
			}
			how <- cause
		}()
		send(ch)
		cause = nil
	}()
	return how
}

// sendLast sends the metric last and tells whether the channel was open.
func sendLast(ch chan<- Metric) (open bool) {
	defer func() { open = recover() == nil }()
	ch <- last{}
	return
}

// closeOpen closes a channel and tells whether it was open.
func closeOpen[T any](ch chan T) (open bool) {
	defer func() { open = recover() == nil }()
	close(ch)
	return
}

// CollectorFunc is a Collect method that describes itself by collecting.
type CollectorFunc func(chan<- Metric)

// Collect calls the function.
func (f CollectorFunc) Collect(ch chan<- Metric) { f(ch) }

// Describe sends the Descs of what the function sends.
func (f CollectorFunc) Describe(ch chan<- *Desc) { DescribeByCollect(f, ch) }
