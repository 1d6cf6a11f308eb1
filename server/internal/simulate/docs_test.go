package simulate_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/cresset-metrics/cresset/server/internal/simulate"
)

// The first test of the guide passes.
func TestGuide(t *testing.T) {
	guide, err := os.ReadFile("../../../docs/testing-rules.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(guide, 2)
	if len(blocks) != 2 {
		t.Fatalf("got %d blocks of YAML, want the rules and the test", len(blocks))
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "tests", "bakery.yml")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string][]byte{filepath.Join(dir, "bakery.yml"): blocks[0][1], path: blocks[1][1]} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wantOutcome(t, run(t, simulate.Options{}, path)[0], "the oven gets too hot: passed")
}
