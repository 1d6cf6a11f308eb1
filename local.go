package cresset

import "github.com/cresset-metrics/cresset/internal/cell"

// LocalCounter counts for a hot loop of one goroutine, without any
// synchronisation. What it has counted appears in its counter when it is flushed,
// and never by itself.
type LocalCounter struct {
	into  Counter
	ones  uint64  // what Inc has added, which is quicker as a whole number
	total float64 // what Add has added
}

// Local returns a counter for one goroutine, which adds to this one when it is
// flushed.
func (c Counter) Local() *LocalCounter { return &LocalCounter{into: c} }

// Inc adds one.
func (l *LocalCounter) Inc() { l.ones++ }

// Add adds an amount as Counter.Add does.
func (l *LocalCounter) Add(amount float64) {
	if amount >= 0 {
		l.total += amount
	} else {
		l.into.family.refuse(amount)
	}
}

// Flush adds to the counter what has come together since the last time. If that
// is nothing, the counter is not updated.
func (l *LocalCounter) Flush() {
	if total := float64(l.ones) + l.total; total > 0 {
		l.into.series.Add(total)
		l.ones, l.total = 0, 0
	}
}

// LocalHistogram counts observations for a hot loop of one goroutine, without any
// synchronisation. They appear in its histogram when it is flushed, and never by
// themselves.
//
// For a histogram with classic buckets alone it holds a number for each bucket;
// for a native one, the observations, so that its memory grows until it is
// flushed.
type LocalHistogram struct {
	into    histogramSeries
	batches batches // into, if it takes in many observations in one step
	bounds  *cell.Bounds
	counts  []uint64
	sum     float64
	values  []float64 // if it does not
}

// batches is what takes in many observations in one step.
type batches interface {
	Bounds() *cell.Bounds
	Add(counts []uint64, sum float64)
}

// Local returns a histogram for one goroutine, which adds its observations to
// this one when it is flushed.
func (h Histogram) Local() *LocalHistogram {
	l := &LocalHistogram{into: h.series}
	if b, ok := h.series.(batches); ok {
		l.batches, l.bounds = b, b.Bounds()
		l.counts = make([]uint64, len(l.bounds.Upper())+1)
	}
	return l
}

// Observe counts one observation.
func (l *LocalHistogram) Observe(v float64) {
	if l.batches == nil {
		l.values = append(l.values, v)
		return
	}
	l.counts[l.bounds.Bucket(v)]++
	l.sum += v
}

// Flush adds to the histogram what has come together since the last time: for
// one with classic buckets alone in one step for every scrape. If that is nothing,
// the histogram is not updated.
func (l *LocalHistogram) Flush() {
	if l.batches != nil {
		l.flushCounts()
		return
	}
	for _, v := range l.values {
		l.into.Observe(v)
	}
	l.values = l.values[:0]
}

func (l *LocalHistogram) flushCounts() {
	for _, n := range l.counts {
		if n > 0 {
			l.batches.Add(l.counts, l.sum)
			clear(l.counts)
			l.sum = 0
			return
		}
	}
}
