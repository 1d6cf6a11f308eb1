package script

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write package ours anew from package theirs")

// TestSameSource sees to it that what is done to both libraries differs in the
// import path alone. That is the promise of the drop-in, kept by the compiler.
func TestSameSource(t *testing.T) {
	const from, to = "../theirs", "../ours"
	translate := strings.NewReplacer(
		"github.com/prometheus/client_golang/prometheus", "github.com/cresset-metrics/cresset/prometheus",
		"package theirs", "package ours",
		"Package theirs does everything to client_golang that its sibling, package ours,\n// does to ours.",
		"Package ours does everything to our library that its sibling, package theirs,\n// does to client_golang.",
	)
	sources, err := filepath.Glob(filepath.Join(from, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		want, copied := translate.Replace(string(text)), filepath.Join(to, filepath.Base(source))
		if *update {
			if err := os.WriteFile(copied, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(copied); err != nil || string(got) != want {
			t.Errorf("%s is not %s with another import path (%v): run this test with -update", copied, source, err)
		}
	}
	copies, err := filepath.Glob(filepath.Join(to, "*.go"))
	if err != nil || len(copies) != len(sources) {
		t.Errorf("got %d files in %s, want %d as in %s (%v)", len(copies), to, len(sources), from, err)
	}
}
