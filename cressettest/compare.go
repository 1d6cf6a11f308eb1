package cressettest

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/internal/diff"
	"github.com/cresset-metrics/cresset/internal/exposition"
)

var rewrite = flag.Bool("cressettest.rewrite", false, "have Golden write files instead of comparing with them")

// Compare compares what the registry exposes with a text in the text format,
// families by name and series by label values, as they are exposed. Blanks at the
// ends of lines and empty lines do not matter. If there is no line with a comment
// (HELP or TYPE) in the text, none is looked at.
//
// The test fails where they differ, and shows the lines around each difference.
func Compare(t testing.TB, reg *cresset.Registry, want string, names ...string) {
	t.Helper()
	got, want := tidy(pageOf(t, reg, names)), tidy(want)
	if !hasComments(want) {
		got = withoutComments(got)
	}
	if difference := differing(got, want); difference != "" {
		t.Errorf("the registry exposes something else (- is exposed, + is wanted):\n%s", difference)
	}
}

// Golden compares what the registry exposes with a file, as Compare does. With the
// flag -cressettest.rewrite, the file is written instead:
//
//	go test -run TestMetrics . -cressettest.rewrite
func Golden(t testing.TB, reg *cresset.Registry, file string, names ...string) {
	t.Helper()
	got := pageOf(t, reg, names)
	if *rewrite {
		write(t, file, got)
		return
	}
	want, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.Errorf("%v: run the test with -cressettest.rewrite to have it written", err)
	case err != nil:
		t.Error(err)
	default:
		if difference := differing(tidy(got), tidy(string(want))); difference != "" {
			t.Errorf("the registry exposes something else than %s (- is exposed, + is in the file; -cressettest.rewrite writes it):\n%s", file, difference)
		}
	}
}

func write(t testing.TB, file, page string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(file), 0o755)
	if err == nil {
		err = os.WriteFile(file, []byte(page), 0o644)
	}
	if err != nil {
		t.Error(err)
	}
}

// pageOf returns the families of these names, or all but the registry's own.
func pageOf(t testing.TB, reg *cresset.Registry, names []string) string {
	t.Helper()
	var page strings.Builder
	e := exposition.NewText(&page, exposition.AllowUTF8)
	writeTo(t, reg, e, names)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

// writeTo has an encoder write the families of these names, or all but the
// registry's own.
func writeTo(t testing.TB, reg *cresset.Registry, e exposition.Encoder, names []string) {
	t.Helper()
	page, err := reg.Page()
	if err != nil {
		t.Fatalf("the registry cannot be gathered: %v", err)
	}
	if len(names) == 0 {
		e = &foreign{Encoder: e}
	}
	page.Write(e, names...)
}

// foreign leaves out what a registry tells of itself.
type foreign struct {
	exposition.Encoder
	own bool // the family that is being written is the registry's own
}

func (f *foreign) Family(family *exposition.Family) {
	if f.own = strings.HasPrefix(family.Name, "cresset_"); !f.own {
		f.Encoder.Family(family)
	}
}

func (f *foreign) Series(s *exposition.Series) {
	if !f.own {
		f.Encoder.Series(s)
	}
}

// tidy takes away what does not matter of a text.
func tidy(text string) string {
	var tidied strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			tidied.WriteString(line)
			tidied.WriteByte('\n')
		}
	}
	return tidied.String()
}

func isComment(line string) bool { return strings.HasPrefix(line, "#") }

func hasComments(page string) bool { return isComment(page) || strings.Contains(page, "\n#") }

func withoutComments(page string) string {
	var samples strings.Builder
	for line := range strings.Lines(page) {
		if !isComment(line) {
			samples.WriteString(line)
		}
	}
	return samples.String()
}

// nearby is how many lines before and after a difference are shown.
const nearby = 2

// differing lists the lines around the differences of two tidy texts, or nothing
// if there is none.
func differing(got, want string) string {
	if got == want {
		return ""
	}
	lines := strings.Split(strings.TrimSuffix(diff.Lines(got, want), "\n "), "\n")
	shown := make([]bool, len(lines))
	for i, line := range lines {
		if line[0] != ' ' {
			for near := max(i-nearby, 0); near <= min(i+nearby, len(lines)-1); near++ {
				shown[near] = true
			}
		}
	}
	var out strings.Builder
	for i, line := range lines {
		switch {
		case shown[i]:
			out.WriteString(line + "\n")
		case i == 0 || shown[i-1]:
			out.WriteString(" ...\n")
		}
	}
	return out.String()
}
