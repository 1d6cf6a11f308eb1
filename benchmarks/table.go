package main

import "fmt"

// Names of libraries, as columns have them.
const (
	cressetName = "cresset"
	theirsName  = "client_golang"
	victoria    = "VictoriaMetrics"
	otel        = "OpenTelemetry"
	rust        = "rust-prometheus"
	floor       = "floor"
)

// A group is a table of results: rows that the same libraries do.
type group struct {
	name string
	note string // what a reader must know of it, without figures
	rows []row
}

// A row is one task that several libraries do side by side. The first side is
// ours, the second the one that the ratio is to.
type row struct {
	name       string
	what       measure // what is compared
	goroutines []int
	n          int // how often the task is done in a run; 0: as often as the time allows
	sides      []side
	targets    []target
	why        string // why a target is missed: printed only where one is, and without figures
}

// A side is how one library does it.
type side struct {
	library string
	subject func() subject
}

// A measure is what is compared of a row's samples.
type measure string

const (
	wall   measure = "ns"
	cpu    measure = "ns of CPU, all goroutines counted"
	series measure = "ns per series"
	memory measure = "bytes"
)

// A target is what a row is to reach.
type target struct {
	of         quantity
	goroutines int
	limit      float64
	below      bool // less than the limit, rather than at most
}

// A quantity is what a target limits.
type quantity string

const (
	ratio       quantity = "ratio"
	floorRatio  quantity = "ratio to the floor"
	allocations quantity = "allocations"
	sizeRatio   quantity = "ratio of the compressed sizes"
	heapBytes   quantity = "bytes"
)

func (t target) String() string {
	if t.below {
		return fmt.Sprintf("< %v", t.limit)
	}
	return fmt.Sprintf("≤ %v", t.limit)
}

// alone and contended are targets of the ratio on one goroutine, and on two that
// have a core each.
func alone(limit float64) target     { return target{of: ratio, goroutines: 1, limit: limit} }
func contended(limit float64) target { return target{of: ratio, goroutines: 2, limit: limit} }

// noAllocation holds with however many goroutines.
func noAllocation() target { return target{of: allocations, goroutines: 1} }

var (
	crowds = []int{1, 2, 8, 64}
	single = []int{1}
)

// sizes are how many things the large rows are about.
type sizes struct {
	series       int // on a page, or on the heap
	histograms   int // on a page
	children     int // made in a run
	objects      int // whose series are on a page
	summaries    int // on the heap
	observations int // of a summary, in a run
}

var full = sizes{
	series:       100_000,
	histograms:   5_000,
	children:     50_000,
	objects:      10_000,
	summaries:    100,
	observations: 1_000_000,
}

// table returns all there is to measure.
func table(s sizes, peer *rustPeer) []group {
	return []group{
		updates(s, peer),
		lookups(s, peer),
		pages(s, peer),
		heaps(s, peer),
		lifetimes(),
		natives(),
		objectPages(s),
	}
}
