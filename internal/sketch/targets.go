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

// room returns how uncertain a rank may be that lies between low and high, among
// count observations.
func (t *Targets) room(low, high, count uint64) uint64 {
	least := float64(maxRoom / 2)
	for _, l := range t.lines {
		base := l.level * float64(count)
		least = min(least, l.slope*float64(low)+base, l.slope*float64(high)+base)
	}
	return 2 * uint64(max(least, 0))
}

// maxRoom keeps gaps and slacks within 32 bits.
const maxRoom = 1 << 31
