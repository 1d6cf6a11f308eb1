package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// crates is where Debian's packages put the sources of Rust libraries.
const crates = "/usr/share/cargo/registry"

// A rustPeer is the program below rust/, which measures rust-prometheus. Without
// a binary, its sides are left out.
type rustPeer struct {
	binary  string
	version string // of rust-prometheus, and of the compiler
}

// buildRust builds that program from what is on this machine.
func buildRust() (*rustPeer, error) {
	found, err := filepath.Glob(filepath.Join(crates, "prometheus-[0-9]*"))
	if err != nil || len(found) == 0 {
		return nil, errors.New("its sources are not here (Debian's package librust-prometheus-dev)")
	}
	if _, err := exec.LookPath("cargo"); err != nil {
		return nil, errors.New("cargo is not here")
	}
	// Of which version the sources are is Debian's choice, so none is locked.
	build := exec.Command("cargo", "build", "--release", "--offline", "--quiet",
		"--config", `source.crates-io.replace-with="debian"`,
		"--config", fmt.Sprintf("source.debian.directory=%q", crates))
	build.Dir = "rust"
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cargo build in benchmarks/rust: %w\n%s", err, out)
	}
	version := strings.TrimPrefix(filepath.Base(found[len(found)-1]), "prometheus-")
	if out, err := exec.Command("rustc", "--version").Output(); err == nil {
		version += ", " + strings.Join(strings.Fields(string(out))[:2], " ")
	}
	return &rustPeer{filepath.Join("rust", "target", "release", "peer"), version}, nil
}

func (p *rustPeer) loop(task string) side           { return p.side(task, 0, 1) }
func (p *rustPeer) page(task string, size int) side { return p.side(task, size, size) }
func (p *rustPeer) heap(size int) side              { return p.side("heap", size, size) }

func (p *rustPeer) side(task string, size, units int) side {
	if p == nil {
		return side{library: rust}
	}
	return side{rust, func() subject { return rustTask{p.binary, task, size, units} }}
}

// A rustTask is one that the program knows.
type rustTask struct {
	binary, task string
	size         int
	units        int // series of a page, things on a heap: what is divided by
}

func (t rustTask) run(goroutines, n int) (sample, error) {
	out, err := exec.Command(t.binary, t.task, strconv.Itoa(goroutines), strconv.Itoa(n), strconv.Itoa(t.size)).Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			err = fmt.Errorf("%w: %s", err, failed.Stderr)
		}
		return sample{}, fmt.Errorf("%s %s: %w", t.binary, t.task, err)
	}
	var figure struct {
		Elapsed, CPU time.Duration
		Size         float64
	}
	if err := json.Unmarshal(out, &figure); err != nil {
		return sample{}, fmt.Errorf("%s %s: %w", t.binary, t.task, err)
	}
	all := float64(n) * float64(t.units)
	s := sample{elapsed: figure.Elapsed, ns: float64(figure.Elapsed) / all, cpu: float64(figure.CPU) / all, size: figure.Size}
	if t.task == "heap" {
		s.size /= float64(t.units)
	}
	return s, nil
}
