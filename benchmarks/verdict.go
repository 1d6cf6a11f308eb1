package main

import "strconv"

// A verdict is what became of a target.
type verdict struct {
	target  target
	text    string // what was measured
	reached string
}

const (
	reachedYes   = "yes"
	reachedNo    = "no"
	reachedNoise = "within the spread"
)

// judge compares a row's result with its targets. Targets whose libraries were
// not measured have no verdict.
func judge(row row, r *result) []verdict {
	var all []verdict
	for _, t := range row.targets {
		if v, ok := judgeOne(row, r, t); ok {
			all = append(all, v)
		}
	}
	return all
}

func judgeOne(row row, r *result, t target) (v verdict, ok bool) {
	v.target = t
	ours := r.figure(row.sides[0].library, t.goroutines)
	if ours == nil {
		return v, false
	}
	switch t.of {
	case ratio, floorRatio:
		rival := row.sides[1].library
		if t.of == floorRatio {
			rival = floor
		}
		other := r.figure(rival, t.goroutines)
		if other == nil {
			return v, false
		}
		v.text = spreadOfRatio(ours, other)
		v.reached = t.verdict(ratioText(ratioOf(ours, other)))
		if low, _ := ratiosOfRuns(ours, other); v.reached == reachedNo && low <= t.limit {
			v.reached = reachedNoise
		}
	case sizeRatio:
		other := r.figure(row.sides[1].library, t.goroutines)
		if other == nil || other.Size == 0 {
			return v, false
		}
		v.text = ratioText(ours.Size / other.Size)
		v.reached = t.verdict(v.text)
	case heapBytes:
		v.text = number(median(ours.Values))
		v.reached = t.verdict(strconv.FormatFloat(median(ours.Values), 'f', 1, 64))
	case allocations:
		most := 0.0
		for _, goroutines := range row.goroutines {
			if f := r.figure(ours.Library, goroutines); f != nil {
				most = max(most, f.Allocs)
			}
		}
		v.text = whole(most)
		v.reached = t.verdict(strconv.FormatFloat(most, 'f', -1, 64))
	}
	return v, true
}

// verdict says whether a value is within the limit, as it is written: so the
// digits that a reader sees are those that decide.
func (t target) verdict(text string) string {
	value, err := strconv.ParseFloat(text, 64)
	if err == nil && (value < t.limit || !t.below && value == t.limit) {
		return reachedYes
	}
	return reachedNo
}
