package definition

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/cresset-metrics/cresset/internal/peertest"
)

// verdict is what promtool says of a file.
type verdict struct {
	rules      int      // that are found, if the file is good
	errors     []string // lines, if it is bad
	duplicates int      // that are found, if it is good otherwise
}

// catalogue writes the files of the catalogue to a folder, and adds some with
// bytes that cannot stand there. It returns their paths.
func catalogue(t testing.TB) []string {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/catalogue.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := append(archive.Files,
		txtar.File{Name: "bad-latin1.yml", Data: []byte("groups:\n- name: caf\xe9 noir\n")},
		txtar.File{Name: "bad-latin1-label.yml", Data: []byte("groups:\n- name: a\n  labels: {a: \"\xe9t\xe9\"}\n")},
		txtar.File{Name: "bad-escaped-bytes.yml", Data: []byte("groups:\n- name: a\n  labels: {a: !!binary /w==}\n  rules:\n  - {record: r, expr: up, labels: {a: !!binary /w==}}\n")},
		txtar.File{Name: "bad-control.yml", Data: []byte("groups:\n- name: a\x01\n")},
		txtar.File{Name: "windows.yml", Data: []byte("\xef\xbb\xbfgroups:\r\n- name: a\r\n  rules:\r\n  - {record: r, expr: up}\r\n")},
	)
	dir := t.TempDir()
	var paths []string
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// promtool checks files and returns its verdicts.
func promtool(t *testing.T, args []string, paths []string) map[string]verdict {
	t.Helper()
	cmd := exec.Command(peertest.Promtool(t), append(append([]string{"check", "rules"}, args...), paths...)...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	verdicts := map[string]verdict{}
	for section := range strings.SplitSeq(output.String(), "Checking ") {
		path, rest, ok := strings.Cut(section, "\n")
		if !ok || path == "" {
			continue
		}
		var v verdict
		for line := range strings.SplitSeq(rest, "\n") {
			switch line = strings.TrimSpace(line); {
			case strings.HasPrefix(line, path+": "):
				v.errors = append(v.errors, line)
			case strings.HasPrefix(line, "lint error "):
				v.duplicates = number(t, line, "lint error ", " duplicate rule(s) found.")
			case strings.HasPrefix(line, "SUCCESS: "):
				v.rules = number(t, line, "SUCCESS: ", " rules found")
			}
		}
		verdicts[path] = v
	}
	if len(verdicts) != len(paths) {
		t.Fatalf("promtool has %d verdicts on %d files:\n%s", len(verdicts), len(paths), output.String())
	}
	return verdicts
}

func number(t *testing.T, line, before, after string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(line, before), after))
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return n
}

// Each file of the catalogue is good, bad or worth a complaint exactly if promtool
// finds it so, with as many errors where promtool reports each of them.
func TestSameVerdictAsPromtool(t *testing.T) {
	paths := catalogue(t)
	for _, test := range []struct {
		name    string
		args    []string
		options Options
	}{
		{"strictly", nil, Options{}},
		{"ignoring unknown fields", []string{"--ignore-unknown-fields"}, Options{IgnoreUnknownFields: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			verdicts := promtool(t, test.args, paths)
			for _, path := range paths {
				want := verdicts[path]
				name := filepath.Base(path)
				file, _, err := Load(path, test.options)
				if (err != nil) != (len(want.errors) > 0) {
					t.Errorf("%s: got error %v, promtool has %q", name, err, want.errors)
					continue
				}
				if bad := strings.HasPrefix(name, "bad-"); test.args == nil && bad != (err != nil) {
					t.Errorf("%s: got error %v, unlike what its name says", name, err)
				}
				if err != nil {
					wantErrors(t, name, strings.Split(err.Error(), "\n"), want.errors)
					continue
				}
				rules := 0
				for _, g := range file.Groups {
					rules += len(g.Rules)
				}
				if want.duplicates == 0 && rules != want.rules {
					t.Errorf("%s: got %d rules, want %d", name, rules, want.rules)
				}
				repeated := map[string]bool{} // promtool counts a rule once, however often it is repeated
				for _, d := range file.Duplicates {
					repeated[d.Name+d.Labels.String()] = true
				}
				if len(repeated) != want.duplicates {
					t.Errorf("%s: got %d repeated rules, want %d", name, len(repeated), want.duplicates)
				}
			}
		})
	}
}

// wantErrors compares the number of errors. Where the YAML decoder finds errors,
// promtool has those alone: once for each of two times it decodes the file, and
// only the first one of some.
func wantErrors(t *testing.T, name string, got, want []string) {
	t.Helper()
	for _, line := range want {
		if strings.Contains(line, ": yaml: ") || strings.Contains(line, "duration") {
			return
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: got %d errors, want %d:\n%s\npromtool:\n%s", name, len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
