package main

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"text/template"
)

const (
	resultsFile = "RESULTS.md"
	readmeFile  = "../README.md"
)

// What stands around the tables is written by hand, without figures of its own.
//
//go:embed results.md.tmpl
var resultsText string

//go:embed readme.md.tmpl
var readmeText string

// The part of README.md that is made here stands between these lines.
const (
	readmeBegin = "<!-- made by `go run . -render` in benchmarks: begin -->\n"
	readmeEnd   = "<!-- end -->\n"
)

// A report is what the templates show.
type report struct {
	*results
	groups []group
}

// renderAll writes what is made of the data file.
func renderAll(groups []group) error {
	page, readme, err := rendering(groups)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(resultsFile, page, 0o644), os.WriteFile(readmeFile, readme, 0o644))
}

// rendering returns RESULTS.md and README.md as the data file has them.
func rendering(groups []group) (page, readme []byte, err error) {
	data, err := readData(dataFile)
	if err != nil {
		return nil, nil, err
	}
	r := report{data, groups}
	text, err := r.execute(resultsText)
	if err != nil {
		return nil, nil, err
	}
	part, err := r.execute(readmeText)
	if err != nil {
		return nil, nil, err
	}
	whole, err := os.ReadFile(readmeFile)
	if err != nil {
		return nil, nil, err
	}
	before, rest, ok := strings.Cut(string(whole), readmeBegin)
	_, after, ok2 := strings.Cut(rest, readmeEnd)
	if !ok || !ok2 {
		return nil, nil, fmt.Errorf("%s has no lines %q and %q, between which the table stands", readmeFile, readmeBegin, readmeEnd)
	}
	return []byte(text), []byte(before + readmeBegin + part + readmeEnd + after), nil
}

func (r report) execute(text string) (string, error) {
	t, err := template.New("").Parse(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, r)
	return b.String(), err
}

// fullNames are what columns have no room for.
var fullNames = map[string]string{
	theirsName: theirsName,
	victoria:   "VictoriaMetrics/metrics",
	otel:       "OpenTelemetry's SDK for Go",
	rust:       rust,
}

// Libraries lists what was measured, with versions.
func (r report) Libraries() string {
	var all []string
	for _, name := range []string{theirsName, victoria, otel, rust} {
		if version, ok := r.Versions[name]; ok {
			all = append(all, fullNames[name]+" "+version)
		}
	}
	return strings.Join(all, "; ")
}

// Without says what was left out.
func (r report) Without() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(r.LeftOut)) {
		all = append(all, name+" was left out: "+r.LeftOut[name]+".")
	}
	return strings.Join(all, " ")
}

// Dates are those of the oldest and of the newest row.
func (r report) Dates() string {
	var all []string
	for _, row := range r.Rows {
		all = append(all, row.Date)
	}
	if len(all) == 0 {
		return ""
	}
	first, last := slices.Min(all), slices.Max(all)
	if first == last {
		return first
	}
	return first + " to " + last
}

// Runs is of how many runs the figures are medians: the fewest of any.
func (r report) Runs() int {
	least := 0
	for _, row := range r.Rows {
		for _, f := range row.Figures {
			if least == 0 || len(f.Values) < least {
				least = len(f.Values)
			}
		}
	}
	return least
}
