// Package metric holds what one series of each kind is: the cell that counts,
// when counting began, the exemplars, and how all of that is shown. It is what
// the drop-in and the native API have in common; names, labels and the contracts
// of the two stay with them.
//
// Any number of goroutines may update a metric and show it at the same time.
package metric

import (
	"sync/atomic"
	"time"

	"github.com/cresset-metrics/cresset/internal/cell"
	"github.com/cresset-metrics/cresset/internal/exposition"
)

// Counter is a value that only grows.
type Counter struct {
	value    cell.Counter
	created  int64                               // in nanoseconds since the Unix epoch
	exemplar atomic.Pointer[exposition.Exemplar] // nil until there is one
}

// NewCounter returns a counter that begins now, at zero.
func NewCounter() Counter { return Counter{created: time.Now().UnixNano()} }

// Inc adds one.
func (c *Counter) Inc() { c.value.Inc() }

// Add adds an amount, which must not be negative and must be a number.
func (c *Counter) Add(amount float64) { c.value.Add(amount) }

// SetExemplar keeps the exemplar of an amount that was added.
func (c *Counter) SetExemplar(e *exposition.Exemplar) { c.exemplar.Store(e) }

// Fill stores the state into s, all of whose fields it sets but Labels.
func (c *Counter) Fill(s *exposition.Series) {
	s.SetValue(c.value.Value())
	s.Created = exposition.UnixNano(c.created)
	s.Exemplar = c.exemplar.Load()
}

// Touch looks at the counter, so that it comes into the cache while others do, before
// they are filled from. What it returns is only there to be used.
func (c *Counter) Touch() bool { return c.value.Value() > 0 && c.exemplar.Load() != nil }
