package definition

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

func TestParse(t *testing.T) {
	f := parseFile(t, "r.yml", `
groups:
- name: one
  interval: 30s
  query_offset: 0s
  limit: 7
  labels: {team: a, tier: x}
  rules:
  - record: job:up:sum
    expr: sum by(job)(up)
    labels: {tier: y}
  - alert: Down
    expr: |
      up
        == 0
    for: 5m
    keep_firing_for: 1m
    labels: {severity: page}
    annotations: {summary: "{{ $labels.job }} is down"}
- name: two
  rules: []
`)
	if len(f.Groups) != 2 || f.Path != "r.yml" {
		t.Fatalf("got %d groups of %q, want 2 of r.yml", len(f.Groups), f.Path)
	}
	g := f.Groups[0]
	if g.Name != "one" || g.Interval != 30*time.Second || g.QueryOffset == nil || *g.QueryOffset != 0 || g.Limit != 7 {
		t.Errorf("group: got %+v", g)
	}
	if f.Groups[1].QueryOffset != nil {
		t.Errorf("query offset of group two: got %v, want none", *f.Groups[1].QueryOffset)
	}
	record, alert := g.Rules[0], g.Rules[1]
	if got, want := record.Labels.String(), `{team="a", tier="y"}`; record.Kind != KindRecording || got != want {
		t.Errorf("labels of the recording rule: got %s, want %s", got, want)
	}
	if got, want := record.Query, "sum by (job) (up)"; got != want {
		t.Errorf("query: got %q, want %q", got, want)
	}
	if alert.Kind != KindAlerting || alert.Name != "Down" || alert.For != 5*time.Minute || alert.KeepFiringFor != time.Minute || alert.Query != "up == 0" {
		t.Errorf("alerting rule: got %+v", alert)
	}
	if got, want := alert.Annotations.String(), `{summary="{{ $labels.job }} is down"}`; got != want {
		t.Errorf("annotations: got %s, want %s", got, want)
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct {
		name, content string
		want          []string // one line each
	}{
		{"no YAML", "groups: [", []string{"r.yml:1: did not find expected node content"}},
		{"bad indentation", "groups:\n- name: a\n   rules: []\n", []string{"r.yml:3: mapping values are not allowed in this context"}},
		{"no mapping", "- a\n", []string{"r.yml:1:1: cannot unmarshal !!seq into a rule file"}},
		{"unknown field of the file", "group: []\n", []string{`r.yml:1:1: unknown field group in a rule file`}},
		{"unknown fields", "groups:\n- name: a\n  every: 1m\n  rules:\n  - record: r\n    expr: up\n    fro: 1m\n", []string{
			`r.yml:3:3: unknown field every in a group`, `r.yml:7:5: unknown field fro in a rule`,
		}},
		{"wrong type", "groups:\n- name: a\n  limit: lots\n", []string{"r.yml:3:10: limit: cannot unmarshal !!str `lots` into int"}},
		{"bad durations", "groups:\n- name: a\n  interval: 5\n  rules:\n  - alert: A\n    expr: up\n    for: 5 minutes\n", []string{
			`r.yml:3:13: interval: not a valid duration string: "5"`, `r.yml:7:10: for: unknown unit " minutes" in duration "5 minutes"`,
		}},
		{"a bad duration in an anchor", "groups:\n- &g {name: a, interval: x}\n- {<<: *g, name: b}\n", []string{
			`r.yml:2:26: interval: not a valid duration string: "x"`,
		}},
		{"group names", "groups:\n- rules: []\n- name: a\n- name: b\n- name: a\n", []string{
			"r.yml:2:3: Groupname must not be empty",
			`r.yml:5:9: groupname: "a" is repeated in the same file, it was used first in line 3`,
		}},
		{"group labels", "groups:\n- name: a\n  labels:\n    __name__: x\n    good: y\n", []string{
			`r.yml:4:15: group "a": invalid label name: __name__`,
		}},
		{"record and alert", "groups:\n- name: a\n  rules:\n  - record: r\n    alert: A\n    expr: up\n", []string{
			`r.yml:4:13: group "a", rule 1, "A": only one of 'record' and 'alert' must be set`,
		}},
		{"neither record nor alert", "groups:\n- name: a\n  rules:\n  - record: r\n    expr: up\n  - expr: up\n", []string{
			`r.yml:6:5: group "a", rule 2, "": one of 'record' or 'alert' must be set`,
		}},
		{"no expression", "groups:\n- name: a\n  rules:\n  - record: r\n", []string{
			`r.yml:4:5: group "a", rule 1, "r": field 'expr' must be set in rule`,
		}},
		{"bad expression", "groups:\n- name: a\n  rules:\n  - record: r\n    expr: up +\n", []string{
			`r.yml:5:11: group "a", rule 1, "r": could not parse expression: 1:5: parse error: unexpected end of input`,
		}},
		{"alert's fields in a recording rule", "groups:\n- name: a\n  rules:\n  - record: r\n    expr: up\n    for: 1m\n    annotations: {a: b}\n", []string{
			`r.yml:4:13: group "a", rule 1, "r": invalid field 'annotations' in recording rule`,
			`r.yml:4:13: group "a", rule 1, "r": invalid field 'for' in recording rule`,
		}},
		{"bad name of a record", "groups:\n- name: a\n  rules:\n  - record: 'r{x=\"y\"}'\n    expr: up\n", []string{
			`r.yml:4:13: group "a", rule 1, "r{x=\"y\"}": braces present in the recording rule name; should it be in expr?: r{x="y"}`,
		}},
		{"labels and annotations", "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up\n    labels:\n      ok: '1'\n      __name__: x\n      t: '{{ nope }}'\n    annotations:\n      s: '{{ $value'\n", []string{
			`r.yml:8:17: group "a", rule 1, "A": invalid label name: __name__`,
			`r.yml:9:10: group "a", rule 1, "A": label "t": template: __alert_A:1: function "nope" not defined`,
			`r.yml:11:10: group "a", rule 1, "A": annotation "s": template: __alert_A:1: unclosed action`,
		}},
		{"several rules", "groups:\n- name: a\n  rules:\n  - record: r\n    expr: 1 +\n- name: b\n  rules:\n  - alert: A\n    expr: up)\n", []string{
			`r.yml:5:11: group "a", rule 1, "r": could not parse expression: 1:4: parse error: unexpected end of input`,
			`r.yml:9:11: group "b", rule 1, "A": could not parse expression: 1:4: parse error: unexpected right parenthesis ')'`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := Parse("r.yml", []byte(test.content), Options{})
			if err == nil {
				t.Fatal("the file was accepted")
			}
			wantLines(t, "error", strings.Split(err.Error(), "\n"), test.want)
		})
	}
}

func TestParseLabelNames(t *testing.T) {
	const content = "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up\n    labels: {with.dot: x}\n"
	if _, _, err := Parse("r.yml", []byte(content), Options{Names: model.UTF8Validation}); err != nil {
		t.Errorf("UTF-8 names: %v", err)
	}
	if _, _, err := Parse("r.yml", []byte(content), Options{Names: model.LegacyValidation}); err == nil {
		t.Error("legacy names: with.dot was accepted")
	}
}

func TestLoadGlobs(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.yml", "groups:\n- name: g\n")
	write("b.yml", "groups:\n- name: g\n---\ngroups:\n- name: h\n")
	write("empty.yml", "# nothing\n")
	at := func(pattern string) string { return filepath.Join(dir, pattern) }

	files, warnings, err := LoadGlobs([]string{at("a.yml"), at("*.yml"), at("no*.yaml")}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range files {
		paths = append(paths, f.Path)
	}
	wantLines(t, "files", paths, []string{at("a.yml"), at("b.yml"), at("empty.yml")})
	wantLines(t, "warnings", warnings, []string{
		at("b.yml") + ":4:1: only the first YAML document of the file is used",
		`rule_files: no file matches "` + at("no*.yaml") + `"`,
	})

	write("bad1.yml", "groups:\n- {}\n")
	write("bad2.yml", "groups: 1\n")
	files, _, err = LoadGlobs([]string{at("*.yml"), "["}, Options{})
	if files != nil || err == nil {
		t.Fatalf("with bad files: got %d files and error %v", len(files), err)
	}
	wantLines(t, "errors", strings.Split(err.Error(), "\n"), []string{
		at("bad1.yml") + ":2:3: Groupname must not be empty",
		at("bad2.yml") + ":1:9: groups: cannot unmarshal !!int `1` into a list",
		`rule_files: bad pattern "[": syntax error in pattern`,
	})

	if _, _, err := Load(at("missing.yml"), Options{}); err == nil || err.Error() != at("missing.yml")+": no such file or directory" {
		t.Errorf("missing file: got error %v", err)
	}
}

// parseFile returns a rule file, which must be good.
// A named pipe that nobody writes to makes who opens it wait.
func TestLoadGlobsWaitsForNobody(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe.yml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, lenient := range []bool{false, true} {
		loaded := make(chan error, 1)
		var files []*File
		go func() {
			var err error
			files, _, err = LoadGlobs([]string{pipe}, Options{Lenient: lenient})
			loaded <- err
		}()
		select {
		case err := <-loaded:
			if got, want := fmt.Sprint(err), pipe+": is not a regular file"; got != want {
				t.Errorf("lenient %t: got error %q, want %q", lenient, got, want)
			}
			if broken := len(files) == 1 && files[0].Broken != nil; broken != lenient {
				t.Errorf("lenient %t: got files %v", lenient, files)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("still waiting")
		}
	}
}

func parseFile(t testing.TB, path, content string) *File {
	t.Helper()
	f, _, err := Parse(path, []byte(content), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func wantLines(t testing.TB, what string, got, want []string) {
	t.Helper()
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("%s:\ngot\n%s\nwant\n%s", what, g, w)
	}
}
