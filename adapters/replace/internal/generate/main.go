// Generate writes the packages of this module: for every name that a package of
// Cresset below prometheus/ exports, the same name in the package that stands in
// for client_golang's.
//
// This module is not part of the workspace, as the workspace would then use it in
// place of client_golang. So the command to run it is
//
//	GOWORK=off go generate ./...
package main

//go:generate go run . ../..

import (
	"fmt"
	"os"
	"path/filepath"
)

const (
	from = "github.com/cresset-metrics/cresset"
	to   = "github.com/prometheus/client_golang"
)

// byHand are functions that depend on variables that can be assigned to. Those
// of the package that a program imports are meant, so that they are written by
// hand, in a file beside the generated one.
var byHand = map[string][]string{
	"prometheus": {"MustRegister", "Register", "Unregister"},
	"prometheus/promauto": {
		"NewCounter", "NewCounterFunc", "NewCounterVec", "NewGauge", "NewGaugeFunc", "NewGaugeVec",
		"NewHistogram", "NewHistogramVec", "NewSummary", "NewSummaryVec", "NewUntypedFunc",
	},
	"prometheus/promhttp": {"Handler"},
	"prometheus/graphite": {"NewBridge"},
}

// generated is the name of the file in each package.
const generated = "names.go"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate <root of the module>")
		os.Exit(2)
	}
	files, err := generate()
	if err == nil {
		err = write(os.Args[1], files)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// generate returns the content of each file by its path in the module.
func generate() (map[string][]byte, error) {
	packages, err := load(from + "/prometheus/...")
	if err != nil {
		return nil, err
	}
	files := make(map[string][]byte)
	for _, pkg := range packages {
		content, err := render(pkg)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", pkg.Path(), err)
		}
		files[filepath.Join(filepath.FromSlash(pkg.relative()), generated)] = content
	}
	return files, nil
}

// write makes the files those of the module, and removes those that were
// generated for packages that are gone.
func write(root string, files map[string][]byte) error {
	stale, err := present(root)
	if err != nil {
		return err
	}
	for _, path := range stale {
		if files[path] == nil {
			if err := os.Remove(filepath.Join(root, path)); err != nil {
				return err
			}
		}
	}
	for path, content := range files {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// present returns the paths of the generated files that are there.
func present(root string) ([]string, error) {
	var all []string
	err := filepath.WalkDir(filepath.Join(root, "prometheus"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() != generated {
			return err
		}
		path, err = filepath.Rel(root, path)
		all = append(all, path)
		return err
	})
	if os.IsNotExist(err) {
		return nil, nil
	}
	return all, err
}
