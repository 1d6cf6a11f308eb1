package simulate_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/simulate"
)

// Whatever is in a test file: nothing panics, it ends in time, and every reason
// why it cannot be used says where it is.
func FuzzTestFile(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yml", "testdata/bad/*.yml", "testdata/ours/*.yml"} {
		for _, path := range glob(f, pattern) {
			content, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(content)
		}
	}
	rules, err := filepath.Abs("testdata/rules")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if strings.Contains(string(content), "rule_files") {
			// Only the rules of the seeds, not whatever a pattern finds on the machine.
			content = rulePath.ReplaceAll(content, []byte("rule_files: ['"+rules+"/ovens.yml']"))
			if strings.Count(string(content), "rule_files") != 1 || !strings.Contains(string(content), rules) {
				t.Skip("names other rule files")
			}
		}
		path := filepath.Join(t.TempDir(), "test.yml")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		for file := range simulate.RunRuleTests(ctx, simulate.Options{}, path) {
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("ended %v after it was told to", took)
			}
			for _, line := range outcome(file) {
				if strings.Contains(line, "panic") && !strings.Contains(string(content), "panic") {
					t.Errorf("%s\nof\n%s", line, content)
				}
			}
			if file.Err == nil {
				continue
			}
			for line := range strings.SplitSeq(file.Err.Error(), "\n") {
				if rest, ok := strings.CutPrefix(line, path); !ok || !positioned.MatchString(rest) {
					t.Errorf("no position in %q", line)
				}
			}
		}
	})
}

var (
	rulePath   = regexp.MustCompile(`rule_files:[^\n]*`)
	positioned = regexp.MustCompile(`^:\d+(:\d+)?: `)
)
