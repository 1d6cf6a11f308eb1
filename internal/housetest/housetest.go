// Package housetest holds a module to its plan: which package of it may import
// which. Tests are all that uses it.
package housetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Package is a package with what it imports, tests left aside.
type Package struct {
	ImportPath string
	Imports    []string
	Standard   bool
	Module     *struct{ Path string }
}

// List returns the packages that the go command finds for the patterns on an
// operating system, in the module of the working directory. With deps, it also
// returns everything they depend on.
func List(system string, deps bool, patterns ...string) ([]Package, error) {
	args := []string{"list", "-json=ImportPath,Imports,Standard,Module"}
	if deps {
		args = append(args, "-deps")
	}
	cmd := exec.Command("go", append(args, patterns...)...)
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list for %s: %w: %s", system, err, problems.String())
	}
	if err := look("."); err != nil {
		return nil, err
	}
	var all []Package
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Package
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("output of go list: %w", err)
		}
		all = append(all, p)
	}
}

// look opens every folder below the root, nested modules left aside. The go
// command takes the result of a test from its cache unless something that the
// test opened has changed, and does not see what a command of the test opens.
func look(root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() || path == root {
			return err
		}
		if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil || entry.Name() == ".git" {
			return fs.SkipDir
		}
		return nil
	})
}

// Plan says what the packages of a module may import.
type Plan struct {
	Module string
	Rooms  []Room
	// Never lists packages that nothing in the module may import, with the
	// reason.
	Never map[string]string
}

// Room is a package, or, if its path ends in "/...", all packages below a folder
// that have no entry of their own. Paths of the module's own packages are
// relative to it; its root is ".".
type Room struct {
	Path string
	// May lists what the packages of the room may import besides the standard
	// library: packages of this module, and modules, or parts of them, from
	// elsewhere. An entry that ends in "/..." stands for all that is below;
	// Others for all that is not of this module.
	May []string
	// Why is told to who breaks the rule.
	Why string
}

// Others stands for all packages that are neither of the module nor of the
// standard library.
const Others = "*"

// Violations returns a line for each import that the plan does not allow.
func (p Plan) Violations(packages []Package) []string {
	var all []string
	standard := make(map[string]bool)
	for _, pkg := range packages {
		standard[pkg.ImportPath] = pkg.Standard
	}
	for _, pkg := range packages {
		path, ok := p.relative(pkg.ImportPath)
		if !ok {
			continue
		}
		room, ok := p.room(path)
		if !ok {
			all = append(all, fmt.Sprintf("%s is not in the plan: add a room for it that says what it may import, and why", path))
			continue
		}
		for _, imported := range pkg.Imports {
			if reason, forbidden := p.never(imported); forbidden {
				all = append(all, fmt.Sprintf("%s imports %s, which nothing may: %s", path, imported, reason))
			} else if !isStandard(imported, standard) && !p.allows(room, imported) {
				all = append(all, fmt.Sprintf("%s imports %s, but may import %s: %s", path, p.shown(imported), room.allowed(), room.Why))
			}
		}
	}
	return all
}

// isStandard goes by what the go command said, and where it was not asked, by
// the rule that only the standard library's paths begin without a domain.
func isStandard(path string, known map[string]bool) bool {
	if is, ok := known[path]; ok {
		return is
	}
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

// relative returns the path of a package of the module, relative to it.
func (p Plan) relative(path string) (string, bool) {
	if path == p.Module {
		return ".", true
	}
	return strings.CutPrefix(path, p.Module+"/")
}

func (p Plan) shown(path string) string {
	if relative, ok := p.relative(path); ok {
		return relative
	}
	return path
}

// room returns the room that fits a package best.
func (p Plan) room(path string) (Room, bool) {
	best, found := Room{}, false
	for _, room := range p.Rooms {
		if matches(room.Path, path) && (!found || room.Path == path || len(room.Path) > len(best.Path) && best.Path != path) {
			best, found = room, true
		}
	}
	return best, found
}

func (p Plan) never(imported string) (reason string, forbidden bool) {
	for pattern, reason := range p.Never {
		if matches(pattern, imported) {
			return reason, true
		}
	}
	return "", false
}

func (p Plan) allows(room Room, imported string) bool {
	path, ours := p.relative(imported)
	if !ours {
		path = imported
	}
	return slices.ContainsFunc(room.May, func(may string) bool {
		return matches(may, path) || may == Others && !ours
	})
}

func (r Room) allowed() string {
	if len(r.May) == 0 {
		return "the standard library only"
	}
	return strings.Join(r.May, ", ")
}

// matches tells whether a pattern is a path or stands for it.
func matches(pattern, path string) bool {
	folder, below := strings.CutSuffix(pattern, "/...")
	return path == folder || below && strings.HasPrefix(path, folder+"/")
}
