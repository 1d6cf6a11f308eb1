package main

import (
	"fmt"
	"slices"
	"strings"
)

// The tables of a report.

// measured calls f for each row that has results.
func (r report) measured(groups []group, f func(row, *result)) {
	for _, g := range groups {
		for _, row := range g.rows {
			if result := r.row(row.name); result != nil {
				f(row, result)
			}
		}
	}
}

// Targets is the table of what was to be reached.
func (r report) Targets() string {
	t := newMarkdown("", "goroutines", "of", "to reach", "measured", "reached")
	r.measured(r.groups, func(row row, result *result) {
		name := row.name
		for _, v := range judge(row, result) {
			goroutines := fmt.Sprint(v.target.goroutines)
			if v.target.of == allocations {
				goroutines = ""
			}
			t.add(name, goroutines, string(v.target.of), v.target.String(), v.text, v.reached)
			name = ""
		}
	})
	return t.String()
}

// Missed lists the rows that miss a target, and why.
func (r report) Missed() string {
	var b strings.Builder
	r.measured(r.groups, func(row row, result *result) {
		if !slices.ContainsFunc(judge(row, result), func(v verdict) bool { return v.reached == reachedNo }) {
			return
		}
		why := row.why
		if why == "" {
			why = "not looked into yet."
		}
		fmt.Fprintf(&b, "- %s: %s\n", row.name, why)
	})
	if b.Len() == 0 {
		return "None.\n"
	}
	return b.String()
}

// Tables are the figures of all groups.
func (r report) Tables() string {
	var b strings.Builder
	for _, g := range r.groups {
		if t := r.table(g); len(t.lines) > 0 {
			fmt.Fprintf(&b, "### %s\n\n%s\n\n%s\n", g.name, g.note, t)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// table has a column for each library of a group; the ratio is that of the first two.
func (r report) table(g group) *markdown {
	libraries := g.libraries()
	header := []string{"", "goroutines", libraries[0], libraries[1], "ratio"}
	header = append(header, libraries[2:]...)
	counted := g.counted()
	for _, c := range counted {
		header = append(header, c.name)
	}
	t := newMarkdown(header...)
	add := func(name string, goroutines []int, result *result) {
		for _, n := range goroutines {
			line := []string{name, fmt.Sprint(n)}
			line = append(line, compared(result, n, libraries)...)
			for _, c := range counted {
				line = append(line, c.pair(result, n, libraries))
			}
			t.add(line...)
			name = ""
		}
	}
	r.measured([]group{g}, func(row row, result *result) {
		add(title(row), row.goroutines, result)
		if row.what == cpu {
			add(row.name+", "+string(wall), row.goroutines, result.byWall())
		}
	})
	return t
}

// byWall has the time of the wall clock in place of that of the CPU.
func (r *result) byWall() *result {
	other := *r
	other.Figures = slices.Clone(r.Figures)
	for i := range other.Figures {
		other.Figures[i].Values = other.Figures[i].Wall
	}
	return &other
}

// libraries returns those of a group's rows: the two that are compared first, the
// floor last.
func (g group) libraries() []string {
	var all []string
	for _, row := range g.rows {
		for _, s := range row.sides {
			if !slices.Contains(all, s.library) {
				all = append(all, s.library)
			}
		}
	}
	if i := slices.Index(all, floor); i >= 0 {
		all = append(slices.Delete(all, i, i+1), floor)
	}
	return all
}

// compared returns the cells of the libraries, with the ratio after the first two.
func compared(r *result, goroutines int, libraries []string) []string {
	var cells []string
	for _, library := range libraries {
		if f := r.figure(library, goroutines); f != nil {
			cells = append(cells, spread(f.Values, number))
		} else {
			cells = append(cells, "")
		}
	}
	ratio := ""
	if a, b := r.figure(libraries[0], goroutines), r.figure(libraries[1], goroutines); a != nil && b != nil {
		ratio = spreadOfRatio(a, b)
	}
	return slices.Insert(cells, 2, ratio)
}

// A count is a column that shows the first two libraries side by side.
type count struct {
	name string
	of   func(*figure) float64
}

// counted returns the counts that mean something for a group's rows.
func (g group) counted() []count {
	allocs := count{"allocations", func(f *figure) float64 { return f.Allocs }}
	size := count{"bytes", func(f *figure) float64 { return f.Size }}
	switch g.rows[0].what {
	case memory:
		return nil
	case wall, cpu:
		return []count{allocs}
	}
	return []count{allocs, size}
}

func (c count) pair(r *result, goroutines int, libraries []string) string {
	var both []string
	for _, library := range libraries[:2] {
		if f := r.figure(library, goroutines); f != nil {
			both = append(both, whole(c.of(f)))
		}
	}
	return strings.Join(both, " / ")
}

// title is the name of a row, with what its figures are where that is not ns of
// the wall clock.
func title(row row) string {
	if row.what == wall {
		return row.name
	}
	return row.name + ", " + string(row.what)
}

// Summary is the table for README.md: medians of the rows that are to reach a
// ratio to client_golang.
func (r report) Summary() string {
	t := newMarkdown("", cressetName, theirsName, "ratio", "contended: "+cressetName, theirsName, "ratio")
	medians := func(result *result, goroutines int) []string {
		a, b := result.figure(cressetName, goroutines), result.figure(theirsName, goroutines)
		if a == nil || b == nil {
			return []string{"", "", ""}
		}
		return []string{number(median(a.Values)), number(median(b.Values)), ratioText(ratioOf(a, b))}
	}
	r.measured(r.groups, func(row row, result *result) {
		if slices.ContainsFunc(row.targets, func(t target) bool { return t.of == ratio }) {
			t.add(slices.Concat([]string{title(row)}, medians(result, 1), medians(result, 2))...)
		}
	})
	return t.String()
}
