package peertest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// Promtool returns the path of Prometheus' promtool, at the version that module
// server/peers says. The first call on a machine builds it, which takes minutes if
// nothing of it was compiled before; it is kept in the user's cache folder for all
// later tests. Where that fails, so does the test.
func Promtool(t testing.TB) string {
	t.Helper()
	promtool.once.Do(func() {
		// Whatever fails here fails every test that asks.
		promtool.path, promtool.err = buildPromtool(t.Logf)
	})
	if promtool.err != nil {
		t.Fatal(promtool.err)
	}
	return promtool.path
}

var promtool struct {
	once sync.Once
	path string
	err  error
}

// buildPromtool builds promtool unless a build of the same module by the same
// compiler is there. Two processes that build at once do not disturb each other:
// each puts a whole program in place, in one step.
func buildPromtool(logf func(string, ...any)) (path string, err error) {
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
	key := sha256.Sum256(append(versions, runtime.Version()...))
	path = filepath.Join(cache, fmt.Sprintf("promtool-%x", key[:8]))
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
	built := filepath.Join(folder, "promtool")
	// Without the kinds of service discovery it is built in half the time.
	build := exec.Command("go", "build", "-tags", "remove_all_sd", "-o", built, "github.com/prometheus/prometheus/cmd/promtool")
	build.Dir = module
	build.Env = append(os.Environ(), "GOWORK=off")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build promtool in %s: %w\n%s", module, err, output)
	}
	return path, os.Rename(built, path)
}

// peersModule is the folder of module server/peers.
func peersModule() (string, error) {
	list := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/cresset-metrics/cresset")
	output, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("find the module of the library: %w", err)
	}
	return filepath.Join(string(bytes.TrimSpace(output)), "server", "peers"), nil
}
