package main

import (
	"slices"
	"strconv"
	"strings"
)

// How figures are written.

// number has as many digits as mean something.
func number(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return whole(v)
}

// whole is a number of things.
func whole(v float64) string { return thousands(int(v + 0.5)) }

func thousands(n int) string {
	digits := strconv.Itoa(n)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// ratioText has two digits that count, at least.
func ratioText(v float64) string {
	switch {
	case v < 0.00995: // the next one is rounded up to 0.010
		return strconv.FormatFloat(v, 'f', 4, 64)
	case v < 0.0995:
		return strconv.FormatFloat(v, 'f', 3, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// spread is the median, and what the runs lie between.
func spread(values []float64, text func(float64) string) string {
	middle, low, high := text(median(values)), text(slices.Min(values)), text(slices.Max(values))
	if low == high {
		return middle
	}
	return middle + " (" + low + ".." + high + ")"
}

// spreadOfRatio is the ratio of the medians, and what those of runs that followed
// upon each other lie between.
func spreadOfRatio(a, b *figure) string {
	low, high := ratiosOfRuns(a, b)
	middle, from, to := ratioText(ratioOf(a, b)), ratioText(low), ratioText(high)
	if from == to {
		return middle
	}
	return middle + " (" + from + ".." + to + ")"
}

func ratioOf(a, b *figure) float64 { return median(a.Values) / median(b.Values) }

func ratiosOfRuns(a, b *figure) (low, high float64) {
	var ratios []float64
	for i := range min(len(a.Values), len(b.Values)) {
		ratios = append(ratios, a.Values[i]/b.Values[i])
	}
	return slices.Min(ratios), slices.Max(ratios)
}
