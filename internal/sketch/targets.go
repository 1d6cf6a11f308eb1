package sketch

import (
	"maps"
	"math"
	"slices"
)

// Targets are the quantiles that are asked for, and how exactly. They do not
// change, and any number of Windows may have the same.
type Targets struct {
	ranks []float64 // in increasing order
	lines []line    // none of them is above another one everywhere
}

// line is the error in ranks that an objective leaves at each rank, in shares
// of the number of observations. It is never negative between the ranks 0
// and 1.
type line struct{ slope, level float64 }

// NewTargets returns the targets of a map from ranks (0 to 1) to their errors
// (0 to 1). Ranks outside are taken as the nearest end, and an error that is
// negative or not a number as 0.
//
// An error of 0 asks for the exact value. At the ranks 0 and 1 it costs nothing;
// between them all different values must be kept.
func NewTargets(errors map[float64]float64) *Targets {
	t := &Targets{ranks: slices.Sorted(maps.Keys(errors))}
	for _, rank := range t.ranks {
		t.add(lineOf(rank, errors[rank]))
	}
	return t
}

// Ranks returns the ranks in increasing order; they must not be written to.
func (t *Targets) Ranks() []float64 { return t.ranks }

// add keeps a line unless there is one below it, and drops those above it.
func (t *Targets) add(l line) {
	if slices.ContainsFunc(t.lines, func(other line) bool { return other.below(l) }) {
		return
	}
	t.lines = append(slices.DeleteFunc(t.lines, l.below), l)
}

func (l line) below(other line) bool {
	return l.level <= other.level && l.slope+l.level <= other.slope+other.level
}

// level is the part of an objective's error that is left at the nearer end of
// the ranks; the line rises towards the other end as steeply as that allows. With
// less, ordinary streams would need a little less memory; streams that are
// made to need much, more.
const level = 0.5

// lineOf returns a line that has the height e at the rank q.
func lineOf(q, e float64) line {
	if !(e >= 0) {
		e = 0
	}
	if math.IsNaN(q) {
		q = 1 // is answered NaN, whatever is kept
	}
	q = min(max(q, 0), 1)
	if q < 0.5 {
		slope, low := lean(q, e)
		return line{slope, low}
	}
	slope, low := lean(1-q, e)
	return line{-slope, slope + low}
}

// lean returns the slope of a line that has the height e at the distance d from
// the nearer end, and its height at that end. Steeper than 1 it need not be.
func lean(d, e float64) (slope, low float64) {
	slope = 1
	if d > 0 {
		slope = min(1, (1-level)*e/d)
	}
	return slope, e - slope*d
}

// bounds say how uncertain ranks may be in a generation of some size.
type bounds struct {
	lines []line // as those of the Targets, in observations instead of shares
}

// set makes them those of a generation of so many observations.
func (b *bounds) set(t *Targets, count uint64) {
	b.lines = b.lines[:0]
	for _, l := range t.lines {
		b.lines = append(b.lines, line{l.slope, l.level * float64(count)})
	}
}

// allow tells whether a tuple may leave so many ranks uncertain, if they begin after
// this one: at most twice the error, rounded down, at each of them. A line is lowest
// at one of the ends.
func (b *bounds) allow(uncertain, after uint64) bool {
	need := float64((uncertain + 1) / 2)
	low, high := float64(after), float64(after+uncertain)
	for _, l := range b.lines {
		at := low
		if l.slope < 0 {
			at = high
		}
		if !(l.slope*at+l.level >= need) {
			return false
		}
	}
	return uncertain <= maxRoom
}

// maxRoom keeps gaps and slacks within 32 bits.
const maxRoom = 1 << 31
