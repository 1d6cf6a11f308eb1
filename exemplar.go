package cresset

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
)

// Label is a name with a value.
type Label struct{ Name, Value string }

// MaxExemplarRunes is how many runes the names and values of an exemplar's
// labels may have together.
const MaxExemplarRunes = 128

// Exemplars lets updates that are given a context keep an exemplar of it: the
// labels that the function returns, the ID of a trace for instance, which lead
// from a page to one of the things that were counted. The function returns nil
// for a context that has none. Exemplars appear in OpenMetrics and protobuf pages.
//
// The sampler tells of which updates an exemplar is kept; nil means of all. The
// function is called for those alone.
//
// What cannot be an exemplar is left out: names that are not valid or occur
// twice, values that are not UTF-8, and more than MaxExemplarRunes of both.
func Exemplars(of func(context.Context) []Label, sampler Sampler) ExemplarOption {
	return ExemplarOption{option: option{func(c *config) {
		if of == nil {
			c.refuse("Exemplars has no function")
			return
		}
		c.exemplars = &exemplarSource{of, sampler}
	}}}
}

// Sampler tells whether it is an update's turn to have an exemplar. It may be
// called by any number of goroutines at once.
type Sampler func() bool

// OneIn returns a sampler that chooses one of n updates at random. All are chosen
// if n is one or less.
func OneIn(n int) Sampler {
	return func() bool { return n <= 1 || rand.IntN(n) == 0 }
}

// AtMostEvery returns a sampler that chooses the first update after each time
// that this duration has passed since the last one it chose.
func AtMostEvery(interval time.Duration) Sampler {
	start := time.Now()
	var next atomic.Int64 // in nanoseconds since start
	return func() bool {
		now, due := int64(time.Since(start)), next.Load()
		if now < due {
			return false
		}
		after := now + int64(interval)
		if interval > 0 && after < 0 { // later than any time
			after = math.MaxInt64
		}
		return next.CompareAndSwap(due, after)
	}
}

// exemplarSource makes exemplars of contexts.
type exemplarSource struct {
	of      func(context.Context) []Label
	sampler Sampler
}

// exemplar returns an exemplar of an update, nil if there is none.
func (f *family) exemplar(ctx context.Context, value float64) *exposition.Exemplar {
	x := f.exemplars
	if x == nil || x.sampler != nil && !x.sampler() {
		return nil
	}
	labels := x.of(ctx)
	if len(labels) == 0 {
		return nil
	}
	e, err := newExemplar(value, labels)
	if err != nil {
		f.desc.Misused(registry.InvalidExemplar, err)
		return nil
	}
	return e
}

// newExemplar returns an exemplar of what happens now.
func newExemplar(value float64, labels []Label) (*exposition.Exemplar, error) {
	e := &exposition.Exemplar{Value: value, Time: exposition.TimeOf(time.Now())}
	runes := 0
	for _, l := range labels {
		if !registry.ValidLabelName(l.Name) {
			return nil, fmt.Errorf("exemplar label name %q is not valid", l.Name)
		}
		if !utf8.ValidString(l.Value) {
			return nil, fmt.Errorf("exemplar label value %q is not valid UTF-8", l.Value)
		}
		runes += utf8.RuneCountInString(l.Name) + utf8.RuneCountInString(l.Value)
		e.Labels = append(e.Labels, exposition.Label{Name: strings.Clone(l.Name), Value: strings.Clone(l.Value)})
	}
	if runes > MaxExemplarRunes {
		return nil, fmt.Errorf("exemplar labels have %d runes, and %d is the most", runes, MaxExemplarRunes)
	}
	slices.SortFunc(e.Labels, func(a, b exposition.Label) int { return cmp.Compare(a.Name, b.Name) })
	for i := 1; i < len(e.Labels); i++ {
		if e.Labels[i].Name == e.Labels[i-1].Name {
			return nil, fmt.Errorf("exemplar label name %q occurs twice", e.Labels[i].Name)
		}
	}
	return e, nil
}
