package objects

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// String shows the series in an error message.
func (s *Series) String() string { return show(s.Desc.Name, s.Labels) }

func show(name string, l *exposition.Labels) string { return name + "{" + l.Text() + "}" }

// check tells why a series cannot be one of a family (nil if there is none for its
// desc), if it cannot.
func (s *Series) check(f *family) error {
	if err := s.Desc.Err; err != nil {
		return fmt.Errorf("descriptor %s is invalid: %w", s.Desc, err)
	}
	if f == nil {
		return fmt.Errorf("series %s is of a descriptor that the store was not made with: %s", s, s.Desc)
	}
	if !f.desc.Schema.Matches(s.Labels) {
		return fmt.Errorf("labels of series %s are inconsistent with descriptor %s", s, f.desc)
	}
	for name, value := range s.Labels.All() {
		if !utf8.ValidString(value) {
			return fmt.Errorf("series %s: value %q of label %s is not valid UTF-8", s, value, name)
		}
	}
	if reserved := ownLabel[s.Type]; slices.Contains(s.Labels.Names(), reserved) {
		return fmt.Errorf("series %s: a %s has a label %q of its own, so that no other can have that name", s, s.Type, reserved)
	}
	if err := s.checkValue(); err != nil {
		return fmt.Errorf("series %s: %w", s, err)
	}
	return nil
}

// ownLabel is the label by which the lines of a series differ; no label has an
// empty name.
var ownLabel = map[exposition.Type]string{
	exposition.Summary:        "quantile",
	exposition.Histogram:      "le",
	exposition.GaugeHistogram: "le",
}

// checkValue finds values that a reader would refuse or misunderstand.
func (s *Series) checkValue() error {
	switch s.Type {
	case exposition.Counter:
		if !(s.Value >= 0) {
			return fmt.Errorf("the value of a counter is %v, and must not be negative or NaN", s.Value)
		}
	case exposition.Histogram, exposition.GaugeHistogram:
		return checkBuckets(&s.Dist)
	case exposition.Summary:
		return checkQuantiles(s.Dist.Quantiles)
	}
	return nil
}

func checkBuckets(d *exposition.Distribution) error {
	bound, count := math.Inf(-1), 0.0
	for i, b := range d.Buckets {
		n := b.Count.Value()
		switch {
		case math.IsNaN(b.UpperBound):
			return errors.New("the bound of a bucket is NaN")
		case i > 0 && b.UpperBound <= bound:
			return fmt.Errorf("the bounds of buckets must increase, but %v follows %v", b.UpperBound, bound)
		case n < count:
			return fmt.Errorf("the bucket up to %v has %v observations, fewer than the %v of the one before", b.UpperBound, n, count)
		case n > d.Count.Value():
			return fmt.Errorf("the bucket up to %v has %v observations, more than the %v of the histogram", b.UpperBound, n, d.Count.Value())
		}
		bound, count = b.UpperBound, n
	}
	return nil
}

func checkQuantiles(quantiles []exposition.Quantile) error {
	for i, q := range quantiles {
		switch {
		case !(q.Rank >= 0 && q.Rank <= 1):
			return fmt.Errorf("the rank of a quantile is %v, and must be in the range of 0 to 1", q.Rank)
		case i > 0 && q.Rank <= quantiles[i-1].Rank:
			return fmt.Errorf("the ranks of quantiles must increase, but %v follows %v", q.Rank, quantiles[i-1].Rank)
		}
	}
	return nil
}
