package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// seeds are the files of the other tests that have the name.
func seeds(f *testing.F, name string) {
	archives, err := filepath.Glob(filepath.Join("testdata", "load", "*.txtar"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if filepath.Base(file.Name) == name {
				f.Add(file.Data)
			}
		}
	}
	builtin, err := os.ReadFile(filepath.Join("builtin", name))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(builtin)
}

// wantPositions fails unless every line of err tells the file and a line in it.
func wantPositions(t *testing.T, err error) {
	t.Helper()
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if !oneError.MatchString(line) {
			t.Errorf("not of the form FILE:LINE: reason: %q", line)
		}
	}
}

// Whatever a file holds, it is read or refused with a position, and nothing
// panics.
func FuzzLoadPrometheus(f *testing.F) {
	seeds(f, "prometheus.yml")
	f.Fuzz(func(t *testing.T, content []byte) {
		if _, err := parsePrometheus("a.yml", content); err != nil {
			wantPositions(t, err)
		}
	})
}

// Whatever a file holds, it is read or refused with a position, and nothing
// panics.
func FuzzLoadAlertmanager(f *testing.F) {
	seeds(f, "alertmanager.yml")
	catalogue, err := txtar.ParseFile("testdata/catalogue.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range catalogue.Files {
		f.Add(file.Data)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if _, err := parseAlertmanager("a.yml", content); err != nil {
			wantPositions(t, err)
		}
	})
}
