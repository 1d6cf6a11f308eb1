package peertest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// Promtool returns the path of Prometheus' promtool, at the version that module
// server/peers says. The first call on a machine builds it, which takes minutes if
// nothing of it was compiled before; it is kept in the user's cache folder for all
// later tests. Where that fails, so does the test.
func Promtool(t testing.TB) string { return promtool.get(t) }

// Alertmanager is like Promtool for Alertmanager. Its page is left out: a module
// does not have what is built for it.
func Alertmanager(t testing.TB) string { return alertmanager.get(t) }

// Amtool is like Promtool for Alertmanager's amtool.
func Amtool(t testing.TB) string { return amtool.get(t) }

var (
	// Without the kinds of service discovery it is built in half the time.
	promtool     = program{name: "promtool", path: "github.com/prometheus/prometheus/cmd/promtool", flags: []string{"-tags", "remove_all_sd"}}
	alertmanager = program{name: "alertmanager", path: alertmanagerModule + "/cmd/alertmanager", flags: []string{"-ldflags", alertmanagerVersion}, missing: []string{"ui/app/dist/index.html"}}
	amtool       = program{name: "amtool", path: alertmanagerModule + "/cmd/amtool", flags: []string{"-ldflags", alertmanagerVersion}}
)

const (
	alertmanagerModule = "github.com/prometheus/alertmanager"
	// What its releases say of themselves; its API and amtool compare it.
	alertmanagerVersion = "-X github.com/prometheus/common/version.Version=0.34.2"
)

// program is one that tests build.
type program struct {
	name, path string
	flags      []string
	missing    []string // files that its module embeds and does not have

	once  sync.Once
	built string
	err   error
}

func (p *program) get(t testing.TB) string {
	t.Helper()
	p.once.Do(func() {
		// Whatever fails here fails every test that asks.
		p.built, p.err = p.build(t.Logf)
	})
	if p.err != nil {
		t.Fatal(p.err)
	}
	return p.built
}

// build builds the program unless a build of the same module by the same compiler is
// there. Two processes that build at once do not disturb each other: each puts a
// whole program in place, in one step.
func (p *program) build(logf func(string, ...any)) (path string, err error) {
	module, err := peersModule()
	if err != nil {
		return "", err
	}
	versions, err := os.ReadFile(filepath.Join(module, "go.mod"))
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, "cresset-peers")
	key := sha256.Sum256(append(versions, runtime.Version()+strings.Join(p.flags, " ")...))
	path = filepath.Join(cache, fmt.Sprintf("%s-%x", p.name, key[:8]))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}

	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	folder, err := os.MkdirTemp(cache, "building-")
	if err != nil {
		return "", err
	}
	defer func() {
		if removeErr := os.RemoveAll(folder); err == nil {
			err = removeErr
		}
	}()
	logf("building %s; the next tests will find it there", path)
	built := filepath.Join(folder, p.name)
	args := append([]string{"build", "-o", built}, p.flags...)
	if len(p.missing) > 0 {
		modfile, err := p.complete(module, folder)
		if err != nil {
			return "", err
		}
		args = append(args, "-modfile", modfile)
	}
	if _, err := goCommand(module, append(args, p.path)...); err != nil {
		return "", err
	}
	return path, os.Rename(built, path)
}

// complete copies the program's module into the folder, adds the files that are
// missing there, and returns the name of a go.mod that puts the copy in its place.
func (p *program) complete(module, folder string) (modfile string, err error) {
	source, err := goCommand(module, "list", "-m", "-f", "{{.Dir}}", strings.SplitN(p.path, "/cmd/", 2)[0])
	if err != nil {
		return "", err
	}
	copied := filepath.Join(folder, "module")
	if err := os.CopyFS(copied, os.DirFS(source)); err != nil {
		return "", err
	}
	for _, name := range p.missing {
		name = filepath.Join(copied, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(name, []byte("<!doctype html>\n"), 0o644); err != nil {
			return "", err
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(module, name))
		if err != nil {
			return "", err
		}
		if name == "go.mod" {
			content = fmt.Appendf(content, "\nreplace %s => %s\n", strings.SplitN(p.path, "/cmd/", 2)[0], copied)
		}
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			return "", err
		}
	}
	return filepath.Join(folder, "go.mod"), nil
}

// peersModule is the folder of module server/peers.
func peersModule() (string, error) {
	root, err := goCommand(".", "list", "-m", "-f", "{{.Dir}}", "github.com/cresset-metrics/cresset")
	if err != nil {
		return "", fmt.Errorf("find the module of the library: %w", err)
	}
	return filepath.Join(root, "server", "peers"), nil
}

// goCommand runs the go command in a folder. In the module of programs that are
// built, the workspace of the folders above plays no part.
func goCommand(folder string, args ...string) (output string, err error) {
	command := exec.Command("go", args...)
	if command.Dir = folder; folder != "." {
		command.Env = append(os.Environ(), "GOWORK=off")
	}
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("go %s in %s: %w\n%s", strings.Join(args, " "), folder, err, stderr.Bytes())
	}
	return strings.TrimSpace(stdout.String()), nil
}
