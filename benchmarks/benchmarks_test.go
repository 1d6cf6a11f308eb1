package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestRendered fails when RESULTS.md or README.md's table is not what the data
// file gives.
func TestRendered(t *testing.T) {
	page, readme, err := rendering(table(full, nil))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]byte{resultsFile: page, readmeFile: readme} {
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what %s gives; mend it with: cd benchmarks && go run . -render", path, dataFile)
		}
	}
}

// TestDataIsComplete fails when the data file misses a row or a figure, or has one
// that there is no row for.
func TestDataIsComplete(t *testing.T) {
	data, err := readData(dataFile)
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]bool)
	for _, g := range table(full, nil) {
		for _, row := range g.rows {
			known[row.name] = true
			measured := data.row(row.name)
			if measured == nil {
				t.Errorf("%q was never measured; do so with: cd benchmarks && go run . -write -rows %q", row.name, "^"+regexp.QuoteMeta(row.name)+"$")
				continue
			}
			for _, s := range row.sides {
				for _, goroutines := range row.goroutines {
					if f := measured.figure(s.library, goroutines); s.library != rust && (f == nil || len(f.Values) == 0) {
						t.Errorf("%q has no figure of %s on %d goroutines; measure it with: cd benchmarks && go run . -write -rows %q", row.name, s.library, goroutines, "^"+regexp.QuoteMeta(row.name)+"$")
					}
				}
			}
		}
	}
	for _, row := range data.Rows {
		if !known[row.Name] {
			t.Errorf("%s has %q, which is no row; measure any row with -write to be rid of it", dataFile, row.Name)
		}
	}
}

// TestTargets holds the rows to what they are to reach.
func TestTargets(t *testing.T) {
	const counters = "scraping 100,000 counters with three labels, "
	want := map[string]string{
		"Counter.Inc":                                                 "1: ratio ≤ 1; 2: ratio ≤ 1; 1: ratio to the floor ≤ 1.15; 2: ratio to the floor ≤ 1.15",
		"Counter.Add of a fraction":                                   "2: ratio ≤ 0.5",
		"Gauge.Add":                                                   "2: ratio ≤ 0.5",
		"Gauge.Set":                                                   "1: ratio ≤ 1; 2: ratio ≤ 1",
		"Histogram.Observe, default buckets":                          "1: ratio ≤ 0.6; 2: ratio ≤ 0.1",
		"native Histogram.Observe, factor 1.1":                        "1: ratio ≤ 0.2; 2: ratio ≤ 0.12",
		"vec.WithLabelValues(two).Inc":                                "1: ratio ≤ 0.25; 2: ratio ≤ 0.2; 1: allocations ≤ 0",
		"vec.With(Labels literal of two).Inc":                         "1: ratio ≤ 0.3; 1: allocations ≤ 0",
		"a new child, three labels":                                   "1: ratio ≤ 0.6",
		counters + "whole numbers, text":                              "1: ratio ≤ 0.008; 1: allocations < 100",
		counters + "whole numbers, OpenMetrics":                       "1: ratio ≤ 0.01; 1: allocations < 100",
		counters + "whole numbers, protobuf":                          "1: ratio ≤ 0.02; 1: allocations < 100",
		counters + "whole numbers, text, gzip":                        "1: ratio ≤ 0.1; 1: ratio of the compressed sizes ≤ 1.1",
		counters + "fractions, text":                                  "1: ratio ≤ 0.016",
		"heap per counter child with three labels":                    "1: ratio ≤ 0.32; 1: bytes < 200",
		"Summary.Observe, objectives 0.5±0.05, 0.9±0.01, 0.99±0.001":  "1: ratio ≤ 0.06; 2: ratio ≤ 0.06",
		"heap per summary after 5,000 observations, three objectives": "1: ratio ≤ 0.27",
		"scraping 5,000 classic histograms with three labels, text":   "1: ratio ≤ 0.06",
	}
	for _, g := range table(full, nil) {
		for _, row := range g.rows {
			var got []string
			for _, target := range row.targets {
				if !slices.Contains(row.goroutines, target.goroutines) {
					t.Errorf("%s: a target is for %d goroutines, which are not measured", row.name, target.goroutines)
				}
				got = append(got, fmt.Sprintf("%d: %s %s", target.goroutines, target.of, target))
			}
			if want, ok := want[row.name]; ok && strings.Join(got, "; ") != want {
				t.Errorf("%s: got targets %s, want %s", row.name, strings.Join(got, "; "), want)
			}
			delete(want, row.name)
		}
	}
	for name := range want {
		t.Errorf("there is no row %q", name)
	}
}

// TestUpdatesAreMeasuredInCrowds wants every row that can be contended on 1, 2, 8
// and 64 goroutines.
func TestUpdatesAreMeasuredInCrowds(t *testing.T) {
	for _, g := range table(full, nil)[:2] {
		for _, row := range g.rows {
			if row.n == full.children {
				continue // each child is made once
			}
			if want := []int{1, 2, 8, 64}; !slices.Equal(row.goroutines, want) {
				t.Errorf("%s: got %v goroutines, want %v", row.name, row.goroutines, want)
			}
		}
	}
}

// TestProse wants what is written by hand to have no figures, which would not
// change when those of the data do.
func TestProse(t *testing.T) {
	figures := regexp.MustCompile(`\d`)
	for _, g := range table(full, nil) {
		for _, row := range g.rows {
			if figures.MatchString(row.why) {
				t.Errorf("%s: the reason has a figure: %s", row.name, row.why)
			}
		}
		if figures.MatchString(g.note) {
			t.Errorf("%s: the note has a figure: %s", g.name, g.note)
		}
	}
}

// TestRowsRun does what every row does, a few times.
func TestRowsRun(t *testing.T) {
	small := sizes{series: 40, histograms: 10, children: 20, objects: 5, summaries: 2, observations: 600}
	r := runner{runs: 2, duration: time.Microsecond, progress: io.Discard}
	r.rows, r.libraries = regexp.MustCompile(""), regexp.MustCompile("")
	for _, g := range table(small, nil) {
		for _, row := range g.rows {
			t.Run(row.name, func(t *testing.T) {
				for _, goroutines := range row.goroutines {
					got, err := r.measureRow(row, goroutines)
					if err != nil {
						t.Fatal(err)
					}
					for _, f := range got {
						if len(f.Values) != r.runs || f.Goroutines != goroutines {
							t.Errorf("%s: got %d runs on %d goroutines, want %d on %d", f.Library, len(f.Values), f.Goroutines, r.runs, goroutines)
						}
						if row.what == series && f.Size == 0 {
							t.Errorf("%s: the page has no bytes", f.Library)
						}
					}
				}
			})
		}
	}
}

// TestRustKnowsItsTasks wants rust-prometheus to be asked for tasks that its
// program has.
func TestRustKnowsItsTasks(t *testing.T) {
	source, err := os.ReadFile("rust/src/main.rs")
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, g := range table(full, &rustPeer{binary: "none"}) {
		for _, row := range g.rows {
			for _, s := range row.sides {
				if s.library != rust {
					continue
				}
				asked++
				task := s.subject().(rustTask).task
				if !strings.Contains(string(source), `"`+task+`" =>`) {
					t.Errorf("%s: its program has no task %q", row.name, task)
				}
			}
		}
	}
	if asked == 0 {
		t.Error("rust-prometheus is asked for nothing")
	}
}
