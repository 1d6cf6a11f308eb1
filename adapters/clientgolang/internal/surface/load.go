// Package surface compares what two modules export, by types: whether a program
// that compiles with one of them compiles with the other. Tests are all that
// uses it.
package surface

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// API is the packages of a module that others can import, by their paths
// relative to it.
type API struct {
	Module   string
	Packages map[string]*types.Package
}

// Load returns the packages of each module that are below a folder of it. The go
// command compiles them; both modules must be known to the one of the working
// directory. Types of third modules that stand in several of the APIs are
// identical in all of them.
func Load(folder string, modules ...string) ([]API, error) {
	patterns := make([]string, len(modules))
	for i, module := range modules {
		patterns[i] = module + "/" + folder + "/..."
	}
	exports, err := compile(patterns)
	if err != nil {
		return nil, err
	}
	imports := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		file, ok := exports[path]
		if !ok {
			return nil, fmt.Errorf("the go command told of no package %s", path)
		}
		return os.Open(file)
	})
	apis := make([]API, len(modules))
	for i, module := range modules {
		apis[i] = API{Module: module, Packages: make(map[string]*types.Package)}
		for path := range exports {
			relative, ok := strings.CutPrefix(path, module+"/")
			if !ok || !within(folder, relative) || isInternal(relative) {
				continue
			}
			pkg, err := imports.Import(path)
			if err != nil {
				return nil, fmt.Errorf("types of %s: %w", path, err)
			}
			apis[i].Packages[relative] = pkg
		}
	}
	return apis, nil
}

// compile returns the files with the types of all packages that the patterns
// stand for, and of all that these import.
func compile(patterns []string) (map[string]string, error) {
	cmd := exec.Command("go", append([]string{"list", "-export", "-deps", "-json=ImportPath,Export"}, patterns...)...)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, problems.String())
	}
	exports := make(map[string]string)
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg struct{ ImportPath, Export string }
		if err := d.Decode(&pkg); errors.Is(err, io.EOF) {
			return exports, nil
		} else if err != nil {
			return nil, fmt.Errorf("output of go list: %w", err)
		}
		if pkg.Export != "" {
			exports[pkg.ImportPath] = pkg.Export
		}
	}
}

func within(folder, path string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

func isInternal(path string) bool {
	return slices.Contains(strings.Split(path, "/"), "internal")
}
