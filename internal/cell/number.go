// Package cell holds one number or one distribution, updated and read without
// locks in an update's way. It knows no names and no labels.
package cell

import (
	"math"
	"sync/atomic"
)

// Counter is a number that only grows. Its zero value is ready and is zero.
//
// Whole amounts, which are nearly all there are, go to an integer that one
// atomic addition moves; others to floats, which there are from the first of them
// on. Any number of goroutines may write and read. All of these only grow, so a
// reader that sees them a moment apart still gets a value the counter had, or
// passed, in between.
type Counter struct {
	whole     atomic.Uint64
	fractions atomic.Pointer[fractions]
}

// Inc adds one.
func (c *Counter) Inc() { c.whole.Add(1) }

// Add adds an amount, which must not be negative.
func (c *Counter) Add(amount float64) {
	// Below 2^53 every whole number is exact in both forms.
	if amount < 1<<53 {
		if whole := uint64(amount); float64(whole) == amount {
			c.whole.Add(whole)
			return
		}
	}
	if f := c.fractions.Load(); f == nil || !f.tryAdd(amount) {
		c.addFraction(amount)
	}
}

func (c *Counter) addFraction(amount float64) {
	if c.fractions.Load() == nil {
		c.fractions.CompareAndSwap(nil, new(fractions))
	}
	c.fractions.Load().add(amount)
}

// Value returns the sum of everything added.
func (c *Counter) Value() float64 {
	v := float64(c.whole.Load())
	if f := c.fractions.Load(); f != nil {
		v += f.value()
	}
	return v
}

// Float is a floating-point number that can be set and added to from any
// number of goroutines. Its zero value is ready and is zero.
type Float struct{ bits atomic.Uint64 }

// Set replaces the number.
func (f *Float) Set(v float64) { f.bits.Store(math.Float64bits(v)) }

// Load returns the number.
func (f *Float) Load() float64 { return math.Float64frombits(f.bits.Load()) }

// Add adds to the number. It tries again, without waiting, whenever another
// goroutine was faster.
func (f *Float) Add(v float64) {
	for !f.tryAdd(v) {
	}
}

// tryAdd adds to the number unless another goroutine was faster, and tells whether
// it did.
func (f *Float) tryAdd(v float64) bool {
	old := f.bits.Load()
	return f.bits.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+v))
}
