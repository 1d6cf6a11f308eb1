package simulate_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Test files with a few small mistakes get promtool's verdict, too: what one takes
// for YAML, for a field or for a value, the other does.
func TestVerdictsOfMistakes(t *testing.T) {
	p := newPeer(t)
	root := t.TempDir()
	if err := os.CopyFS(filepath.Join(root, "rules"), os.DirFS("testdata/rules")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "tests"), 0o700); err != nil {
		t.Fatal(err)
	}
	var contents []string
	for _, path := range slices.Concat(glob(t, "testdata/good/*.yml"), glob(t, "testdata/bad/*.yml")) {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// Where the order of groups matters and is not said, promtool has none.
		if !strings.Contains(string(content), "ovens.yml") && !strings.Contains(string(content), "chain.yml") {
			contents = append(contents, string(content))
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		var paths []string
		for i := range 2 {
			path := filepath.Join(root, "tests", fmt.Sprintf("%d.yml", i))
			content := withMistakes(r, rapid.SampledFrom(contents).Draw(r, "content"))
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			r.Logf("%s:\n%s", path, content)
			paths = append(paths, path)
		}
		sameVerdicts(r, p, paths, paths)
	})
}

// withMistakes changes a few lines or characters.
func withMistakes(r *rapid.T, content string) string {
	lines := strings.Split(content, "\n")
	for range number(r, 1, 3) {
		i := number(r, 0, len(lines)-1)
		switch pick(r, "drop", "repeat", "indent", "character", "field", "tear") {
		case "drop":
			lines = append(slices.Delete(lines, i, i+1), "")
		case "repeat":
			lines = slices.Insert(lines, i, lines[i])
		case "indent":
			lines[i] = " " + lines[i]
		case "character":
			if at := number(r, 0, len(lines[i])); at < len(lines[i]) {
				lines[i] = lines[i][:at] + pick(r, "", "x", "{", "}", ":", "'", "&", "~", "_", " ", "-", "\xe9") + lines[i][at+1:]
			}
		case "field":
			lines[i] = strings.Replace(lines[i], pick(r, "series", "values", "eval_time", "alertname", "expr", "labels", "1m", "tests"), pick(r, "values", "nothing", "name", "interval", "0", "-1", "null", "[]"), 1)
		case "tear":
			if at := number(r, 0, len(lines[i])); at < len(lines[i]) {
				lines = slices.Insert(lines, i+1, lines[i][at:])
				lines[i] = lines[i][:at]
			}
		}
	}
	return strings.Join(lines, "\n")
}
