package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// library is a package of ours.
type library struct {
	*types.Package
	deprecated map[string]string // the paragraph that says so, by name
}

// load returns the packages that others can import and that a pattern of the go
// command stands for, in the order of their paths.
func load(pattern string) ([]library, error) {
	listed, err := list(pattern)
	if err != nil {
		return nil, err
	}
	exports := make(map[string]string)
	for _, pkg := range listed {
		exports[pkg.ImportPath] = pkg.Export
	}
	imports := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	var libraries []library
	for _, pkg := range listed {
		if pkg.DepOnly || isInternal(pkg.ImportPath) {
			continue
		}
		typed, err := imports.Import(pkg.ImportPath)
		if err != nil {
			return nil, fmt.Errorf("types of %s: %w", pkg.ImportPath, err)
		}
		deprecated, err := pkg.deprecated()
		if err != nil {
			return nil, err
		}
		libraries = append(libraries, library{typed, deprecated})
	}
	if len(libraries) == 0 {
		return nil, fmt.Errorf("the go command finds no package for %s", pattern)
	}
	slices.SortFunc(libraries, func(a, b library) int { return strings.Compare(a.Path(), b.Path()) })
	return libraries, nil
}

// listed is a package as the go command tells of it.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	DepOnly                 bool
}

// list returns the packages of a pattern and all that they depend on.
func list(pattern string) ([]listed, error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,DepOnly", pattern)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, problems.String())
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg listed
		if err := d.Decode(&pkg); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("output of go list: %w", err)
		}
		all = append(all, pkg)
	}
}

// deprecated finds out from the documentation which names should not be used any
// more, and what it says about that.
func (l listed) deprecated() (map[string]string, error) {
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range l.GoFiles {
		file, err := parser.ParseFile(fset, filepath.Join(l.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	all := make(map[string]string)
	note := func(text *ast.CommentGroup, names ...*ast.Ident) {
		for paragraph := range strings.SplitSeq(text.Text(), "\n\n") {
			if strings.HasPrefix(paragraph, "Deprecated: ") {
				for _, name := range names {
					all[name.Name] = strings.TrimSpace(paragraph)
				}
			}
		}
	}
	for _, file := range files {
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Recv == nil {
					note(decl.Doc, decl.Name)
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						note(decl.Doc, spec.Name)
						note(spec.Doc, spec.Name)
					case *ast.ValueSpec:
						note(decl.Doc, spec.Names...)
						note(spec.Doc, spec.Names...)
					}
				}
			}
		}
	}
	return all, nil
}

func isInternal(path string) bool { return slices.Contains(strings.Split(path, "/"), "internal") }

// relative returns the path of the package within its module.
func (l library) relative() string { return strings.TrimPrefix(l.Path(), from+"/") }
