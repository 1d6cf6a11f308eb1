// Package diff shows how two texts differ, line by line, for tests to tell what
// they got and what they wanted.
package diff

import (
	"slices"
	"strings"
)

// maxEdits bounds the work and the memory that a difference may cost, which
// both grow with the square of the lines that differ. Nobody reads more.
const maxEdits = 2000

// Lines lists the lines of two texts: marked with "-" what only got has, with "+"
// what only want has, and with a blank what both have, so that as few as
// possible are marked. Texts that differ in more than maxEdits lines have only
// the lines in common listed so with which they begin and end.
func Lines(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	lines, ok := shortestEdit(a, b)
	if !ok {
		lines = replacement(a, b)
	}
	var out strings.Builder
	for i, l := range lines {
		if i > 0 {
			out.WriteByte('\n')
		}
		out.WriteByte(l.mark)
		out.WriteString(l.text)
	}
	return out.String()
}

// line is a line of either text or of both.
type line struct {
	mark byte // '-', '+' or ' '
	text string
}

// shortestEdit finds the fewest lines to mark, by the greedy algorithm of Eugene
// W. Myers ("An O(ND) Difference Algorithm and Its Variations", 1986). It looks
// for a path from (0, 0) to (len(a), len(b)) where a step along x takes a line of
// a away, a step along y adds a line of b, and a diagonal step, which is free,
// keeps a line that both have. Diagonal k is where x-y = k.
//
// It gives up, and returns false, after maxEdits steps that are not free.
func shortestEdit(a, b []string) ([]line, bool) {
	var fronts []front
	for edits := 0; edits <= maxEdits; edits++ {
		f := make(front, edits+1)
		for k := -edits; k <= edits; k += 2 {
			x := 0
			if edits > 0 {
				x, _ = fronts[edits-1].step(k)
			}
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			f.set(k, x)
			if x >= len(a) && x-k >= len(b) {
				return trace(a, b, fronts), true
			}
		}
		fronts = append(fronts, f)
	}
	return nil, false
}

// front holds how far, in x, one can get with some number of edits: on each of
// the diagonals that this number leads to, which are every second one from minus
// that number to that number.
type front []int

func (f front) edits() int           { return len(f) - 1 }
func (f front) at(k int) int         { return f[(k+f.edits())/2] }
func (f front) set(k int, reach int) { f[(k+f.edits())/2] = reach }

// step returns where, in x, diagonal k is reached by one more edit, and whether
// that edit adds a line. Of two ways it takes the one that gets farther, and
// takes a line away if there is no difference.
func (f front) step(k int) (x int, adds bool) {
	if k < -f.edits() || k < f.edits() && f.at(k-1) < f.at(k+1) {
		return f.at(k + 1), true
	}
	return f.at(k-1) + 1, false
}

// trace follows the path back from its end. The fronts are those of all numbers
// of edits that were not enough.
func trace(a, b []string, fronts []front) []line {
	var lines []line
	x, y := len(a), len(b)
	keepUntil := func(start int) {
		for ; x > start; x, y = x-1, y-1 {
			lines = append(lines, line{' ', a[x-1]})
		}
	}
	for _, f := range slices.Backward(fronts) {
		start, adds := f.step(x - y)
		keepUntil(start)
		if adds {
			y--
			lines = append(lines, line{'+', b[y]})
		} else {
			x--
			lines = append(lines, line{'-', a[x]})
		}
	}
	keepUntil(0)
	slices.Reverse(lines)
	return lines
}

// replacement marks all lines between the common beginning and the common end.
func replacement(a, b []string) []line {
	var begin, end int
	shorter := min(len(a), len(b))
	for begin < shorter && a[begin] == b[begin] {
		begin++
	}
	for end < shorter-begin && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	var lines []line
	mark := func(mark byte, texts []string) {
		for _, text := range texts {
			lines = append(lines, line{mark, text})
		}
	}
	mark(' ', a[:begin])
	mark('-', a[begin:len(a)-end])
	mark('+', b[begin:len(b)-end])
	mark(' ', a[len(a)-end:])
	return lines
}
