package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
)

// dataFile holds the results that RESULTS.md and README's table are made of.
const dataFile = "results.json"

// results are what was measured last, row by row.
type results struct {
	Machine  machine           `json:"machine"`
	Versions map[string]string `json:"versions"`          // by library
	LeftOut  map[string]string `json:"leftOut,omitempty"` // why, by library
	Rows     []result          `json:"rows"`
}

// A result is what was measured of a row.
type result struct {
	Name    string   `json:"name"`
	Date    string   `json:"date"`
	Figures []figure `json:"figures"`
}

// A figure is what one library did on so many goroutines, in several runs. The
// ith runs of all libraries followed upon each other.
type figure struct {
	Library    string    `json:"library"`
	Goroutines int       `json:"goroutines"`
	Values     []float64 `json:"values"`           // of what the row compares
	Wall       []float64 `json:"wall,omitempty"`   // ns of the wall clock, where that is CPU time
	Allocs     float64   `json:"allocs,omitempty"` // median
	Size       float64   `json:"size,omitempty"`   // bytes of a page
}

func (r *result) figure(library string, goroutines int) *figure {
	for i := range r.Figures {
		if f := &r.Figures[i]; f.Library == library && f.Goroutines == goroutines {
			return f
		}
	}
	return nil
}

func (r *results) row(name string) *result {
	for i := range r.Rows {
		if r.Rows[i].Name == name {
			return &r.Rows[i]
		}
	}
	return nil
}

// merge puts the rows of a newer run in the place of those of this name. Rows of
// different machines or versions do not stand beside each other.
func (r *results) merge(newer *results, groups []group) (*results, error) {
	all := &results{newer.Machine, newer.Versions, newer.LeftOut, nil}
	same := r.Machine == newer.Machine && maps.Equal(r.Versions, newer.Versions)
	var old []string
	for _, g := range groups {
		for _, row := range g.rows {
			switch now, before := newer.row(row.name), r.row(row.name); {
			case now != nil:
				all.Rows = append(all.Rows, *now)
			case before != nil:
				all.Rows = append(all.Rows, *before)
				old = append(old, row.name)
			}
		}
	}
	if !same && len(old) > 0 {
		return nil, fmt.Errorf("%s is of another machine or other versions, and has rows that this run has not: measure all rows (leave out -rows)", dataFile)
	}
	return all, nil
}

func readData(path string) (*results, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var r results
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &r, nil
}

// write writes a line for each figure, so that a difference shows which changed.
func (r *results) write(path string) error {
	var errs []error
	line := func(v any) string {
		text, err := json.Marshal(v)
		errs = append(errs, err)
		return string(text)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "{\n\"machine\": %s,\n\"versions\": %s,\n", line(r.Machine), line(r.Versions))
	if len(r.LeftOut) > 0 {
		fmt.Fprintf(&b, "\"leftOut\": %s,\n", line(r.LeftOut))
	}
	b.WriteString("\"rows\": [")
	for i, row := range r.Rows {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, "\n{\"name\": %s, \"date\": %s, \"figures\": [", line(row.Name), line(row.Date))
		for j, f := range row.Figures {
			if j > 0 {
				b.WriteString(",")
			}
			b.WriteString("\n  " + line(f))
		}
		b.WriteString("]}")
	}
	b.WriteString("]\n}\n")
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

// rounded keeps four digits: more are noise.
func rounded(v float64) float64 {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	return v
}
