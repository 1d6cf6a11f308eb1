package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"
)

// A runner measures rows.
type runner struct {
	rows, libraries *regexp.Regexp // which
	runs            int            // of each library
	duration        time.Duration  // of a run
	out             io.Writer      // what was measured
	progress        io.Writer      // what is being measured
}

// measure returns the results of the rows that were asked for.
func (r *runner) measure(groups []group) ([]result, error) {
	var all []result
	for _, g := range groups {
		for _, row := range g.rows {
			if !r.rows.MatchString(row.name) {
				continue
			}
			if row.what == cpu && cpuTime() == 0 {
				fmt.Fprintf(r.out, "%s is left out: this system does not tell CPU time\n", row.name)
				continue
			}
			fmt.Fprintln(r.out, title(row))
			measured := result{Name: row.name, Date: time.Now().UTC().Format(time.DateOnly)}
			for _, goroutines := range row.goroutines {
				figures, err := r.measureRow(row, goroutines)
				if err != nil {
					return nil, fmt.Errorf("%s, %d goroutines: %w", row.name, goroutines, err)
				}
				r.print(goroutines, figures)
				measured.Figures = append(measured.Figures, figures...)
			}
			all = append(all, measured)
		}
	}
	return all, nil
}

// measureRow lets the libraries of a row take turns.
func (r *runner) measureRow(row row, goroutines int) ([]figure, error) {
	type turn struct {
		side
		subject subject
		n       int
		samples []sample
	}
	var turns []*turn
	for _, s := range row.sides {
		if s.subject == nil || !r.libraries.MatchString(s.library) {
			continue
		}
		t := &turn{side: s, subject: s.subject(), n: row.n}
		if t.n == 0 {
			r.say("%s, %d goroutines: %s is calibrated", row.name, goroutines, s.library)
			var err error
			if t.n, err = calibrate(t.subject, goroutines, r.duration); err != nil {
				return nil, fmt.Errorf("%s: %w", s.library, err)
			}
		}
		turns = append(turns, t)
	}
	for i := range r.runs {
		r.say("%s, %d goroutines: run %d of %d", row.name, goroutines, i+1, r.runs)
		for _, t := range turns {
			s, err := t.subject.run(goroutines, t.n)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t.library, err)
			}
			t.samples = append(t.samples, s)
		}
	}
	r.say("")
	var figures []figure
	for _, t := range turns {
		figures = append(figures, summarize(row.what, t.library, goroutines, t.samples))
	}
	return figures, nil
}

// summarize returns what the samples are in terms of the row.
func summarize(what measure, library string, goroutines int, samples []sample) figure {
	f := figure{Library: library, Goroutines: goroutines}
	var allocs, sizes []float64
	for _, s := range samples {
		value := s.ns
		switch what {
		case memory:
			value = s.size
		case cpu:
			value = s.cpu
			f.Wall = append(f.Wall, rounded(s.ns))
		}
		f.Values = append(f.Values, rounded(value))
		allocs, sizes = append(allocs, s.allocs), append(sizes, s.size)
	}
	if what != memory {
		f.Allocs, f.Size = median(allocs), median(sizes)
	}
	return f
}

func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	if len(s) == 0 {
		return 0
	}
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// print shows the figures of a row for so many goroutines.
func (r *runner) print(goroutines int, figures []figure) {
	fmt.Fprintf(r.out, "  %2d goroutines:", goroutines)
	for _, f := range figures {
		fmt.Fprintf(r.out, "  %s %s", f.Library, spread(f.Values, number))
	}
	if len(figures) > 1 {
		fmt.Fprintf(r.out, "  %s / %s %s", figures[0].Library, figures[1].Library, spreadOfRatio(&figures[0], &figures[1]))
	}
	fmt.Fprintln(r.out)
}

// say replaces the line that says what is under way.
func (r *runner) say(format string, args ...any) {
	fmt.Fprint(r.progress, "\r\x1b[K")
	fmt.Fprintf(r.progress, format, args...)
}
