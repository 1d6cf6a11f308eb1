package simulate

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/prometheus/prometheus/util/junitxml"
)

// Report writes outcomes for people.
type Report struct {
	Out   io.Writer // what passed, and sums
	Err   io.Writer // what failed, and warnings
	Color bool      // show differences in the colours of a terminal
}

// File writes the outcome of a file.
func (r Report) File(f *File) {
	for _, w := range f.Warnings {
		fmt.Fprintf(r.Err, "  WARNING: %s\n", clean(w))
	}
	if f.Passed() {
		fmt.Fprintf(r.Out, "%s:\n  SUCCESS\n\n", f.Path)
		return
	}
	fmt.Fprintf(r.Err, "%s:\n  FAILED:\n", f.Path)
	if f.Err != nil {
		r.indented("    ", f.Err.Error())
	}
	for _, t := range f.Tests {
		if len(t.Failures) == 0 {
			continue
		}
		fmt.Fprintf(r.Err, "    test %q:\n", t.Name)
		for _, failure := range t.Failures {
			r.indented("      ", failure.text())
			r.lines("        ", failure.Detail)
		}
	}
	fmt.Fprintln(r.Err)
}

func (f Failure) text() string {
	if f.Where == "" {
		return f.What
	}
	return f.Where + ": " + f.What
}

func (r Report) indented(indent, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		fmt.Fprintf(r.Err, "%s%s\n", indent, clean(line))
	}
}

// clean is text without what could change the state of a terminal: names may come
// from anybody's files.
func clean(text string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return unicode.ReplacementChar
		}
		return c
	}, text)
}

func (r Report) lines(indent string, d Difference) {
	for _, line := range d.Lines() {
		text := fmt.Sprintf("%c %s", line.Kind, line.Text)
		switch {
		case r.Color && line.Kind == LineExpected:
			text = "\x1b[31m" + text + "\x1b[0m"
		case r.Color && line.Kind == LineFound:
			text = "\x1b[32m" + text + "\x1b[0m"
		}
		fmt.Fprintf(r.Err, "%s%s\n", indent, text)
	}
}

// Debug writes how long each test took and, if it was asked for, its series.
func (r Report) Debug(f *File) {
	for _, t := range f.Tests {
		fmt.Fprintf(r.Err, "DEBUG: %s: test %s took %v\n", f.Path, t.Name, t.Took)
		if t.Dump != "" {
			fmt.Fprintf(r.Err, "DEBUG: test %s: %s\n", t.Name, t.Dump)
		}
	}
}

// Sum writes how many files and tests there were, and how many of the rules are
// covered, in one line.
func (r Report) Sum(files []*File) {
	tests, failed, broken := 0, 0, 0
	for _, f := range files {
		if f.Err != nil {
			broken++
		}
		for _, t := range f.Tests {
			tests++
			if len(t.Failures) > 0 {
				failed++
			}
		}
	}
	fmt.Fprintf(r.Out, "%d %s in %d %s: %d passed, %d failed", tests, plural(tests, "test"), len(files), plural(len(files), "file"), tests-failed, failed)
	if broken > 0 {
		fmt.Fprintf(r.Out, "; %d %s not usable", broken, plural(broken, "file"))
	}
	uses := Coverage(files)
	covered := 0
	for _, u := range uses {
		if u.Missing() == "" {
			covered++
		}
	}
	if len(uses) > 0 {
		fmt.Fprintf(r.Out, "; %d of %d %s covered", covered, len(uses), plural(len(uses), "rule"))
	}
	fmt.Fprintln(r.Out)
}

// Coverage writes a table of the rules that the tests load.
func (r Report) Coverage(files []*File) {
	w := tabwriter.NewWriter(r.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FILE\tGROUP\tRULE\tCOVERED")
	for _, u := range Coverage(files) {
		missing := u.Missing()
		if missing == "" {
			missing = "yes"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", clean(u.File), clean(u.Group), clean(u.Name), missing)
	}
	_ = w.Flush() // a person who reads no more need not be told
}

// WriteJUnit writes outcomes in the XML that promtool writes.
func WriteJUnit(w io.Writer, files []*File) error {
	var all junitxml.JUnitXML
	for _, f := range files {
		suite := all.Suite(f.Path)
		if !f.Started.IsZero() {
			suite.Settime(f.Started.Format("2006-01-02T15:04:05"))
		}
		for _, t := range f.Tests {
			suite.Case(t.Name)
			for _, failure := range t.Failures {
				text := failure.text()
				for _, line := range failure.Detail.Lines() {
					text += fmt.Sprintf("\n    %c %s", line.Kind, line.Text)
				}
				suite.Fail(text)
			}
		}
		if f.Err != nil {
			suite.Abort(f.Err)
		}
	}
	return all.WriteXML(w)
}
