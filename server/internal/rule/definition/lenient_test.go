package definition

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// describe says what a file holds, a line for each part.
func describe(f *File) []string {
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if f.Broken != nil {
		say("broken: %v", f.Broken)
	}
	for _, b := range f.Bad {
		say("bad group %d %q: %v", b.Index, b.Name, b.Err)
	}
	for _, g := range f.Groups {
		say("group %s", g.Name)
		for _, r := range g.Rules {
			say("  %s %s%s = %s", r.Kind, r.Name, r.Labels, r.Query)
		}
		for _, b := range g.Bad {
			say("  bad rule %d %s %q%s: %v", b.Index, b.Kind, b.Name, b.Labels, b.Err)
		}
	}
	return lines
}

func TestLenient(t *testing.T) {
	tests := []struct {
		name, content string
		want          []string
	}{
		{"a good file", "groups:\n- name: a\n  rules:\n  - {record: r, expr: up}\n", []string{"group a", "  recording r{} = up"}},
		{"no YAML", "groups: [", []string{"broken: r.yml:1: did not find expected node content"}},
		{"a list", "- a\n", []string{}},
		{"bad rules among good ones", `groups:
- name: a
  labels: {team: x}
  rules:
  - {record: r1, expr: up}
  - {record: r2, expr: 'up +'}
  - {record: r3, expr: down}
  - alert: A
    for: soon
    labels: {severity: page}
    expr: up
  - {alert: B, record: b, expr: up}
  - {alert: C, expr: up, fro: 1m}
  - {alert: D, expr: up, labels: {x: [y]}}
  - just text
  - null
  - {alert: E, expr: up}
`, []string{
			"group a",
			`  recording r1{team="x"} = up`,
			`  recording r3{team="x"} = down`,
			`  alerting E{team="x"} = up`,
			`  bad rule 1 recording "r2"{team="x"}: r.yml:6:24: group "a", rule 2, "r2": could not parse expression: 1:5: parse error: unexpected end of input`,
			`  bad rule 3 alerting "A"{severity="page", team="x"}: r.yml:9:10: for: not a valid duration string: "soon"`,
			`  bad rule 4  "B"{team="x"}: r.yml:12:24: group "a", rule 5, "B": only one of 'record' and 'alert' must be set`,
			`  bad rule 5 alerting "C"{team="x"}: r.yml:13:26: unknown field fro in a rule`,
			`  bad rule 6 alerting "D"{team="x"}: r.yml:14:38: labels: x: cannot unmarshal !!seq into string`,
			"  bad rule 7  \"\"{team=\"x\"}: r.yml:15:5: cannot unmarshal !!str `just text` into a rule",
		}},
		{"bad groups among good ones", `groups:
- name: a
- name: a
  rules: [{record: second, expr: up}]
- name: b
  labels: {__name__: x}
- name: c
  interval: often
- name: d
  every: 1m
- limit: 5
- name: e
  rules: {}
- null
- text
- name: f
`, []string{
			`bad group 1 "a": r.yml:3:9: groupname: "a" is repeated in the same file, it was used first in line 2`,
			`bad group 2 "b": r.yml:6:22: group "b": invalid label name: __name__`,
			`bad group 3 "c": r.yml:8:13: interval: not a valid duration string: "often"`,
			`bad group 4 "d": r.yml:10:3: unknown field every in a group`,
			`bad group 5 "": r.yml:11:3: Groupname must not be empty`,
			`bad group 6 "e": r.yml:13:10: rules: cannot unmarshal !!map into a list`,
			"bad group 7 \"\": r.yml:15:3: cannot unmarshal !!str `text` into a group",
			"group a", "group f",
		}},
		{"an unknown field of the file", "x-defaults: 1\ngroups:\n- name: a\n", []string{"group a"}},
		{"a group among its own rules", "groups:\n- &a {name: a, rules: [*a]}\n", []string{
			"group a", `  bad rule 0  ""{}: r.yml:2:7: unknown field name in a rule`, "r.yml:2:16: unknown field rules in a rule",
		}},
		{"a group merged into itself", "groups:\n- &a {name: a, <<: *a}\n- {name: b}\n", []string{
			`bad group 0 "a": r.yml:2:3: anchor 'a' value contains itself`, "group b",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, _, err := Parse("r.yml", []byte(test.content), Options{Lenient: true})
			wantLines(t, "file", strings.Split(strings.Join(describe(f), "\n"), "\n"), test.want)

			strict, _, strictErr := Parse("r.yml", []byte(test.content), Options{})
			if (strict == nil) != (strictErr != nil) {
				t.Errorf("strictly: got file %v and error %v, want one of them", strict, strictErr)
			}
			if fmt.Sprint(err) != fmt.Sprint(strictErr) {
				t.Errorf("error: leniently\n%v\nstrictly\n%v\nwant the same", err, strictErr)
			}
		})
	}
}

func TestLoadGlobsLeniently(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, content := range map[string]string{
		"good.yml":  "groups:\n- name: g\n",
		"bad.yml":   "groups:\n- name: g\n  rules:\n  - {record: r, expr: up}\n  - {record: r}\n",
		"latin.yml": "groups:\n- name: caf\xe9\n",
	} {
		if err := os.WriteFile(at(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(at("folder.yml"), 0o700); err != nil {
		t.Fatal(err)
	}
	files, _, err := LoadGlobs([]string{at("*.yml")}, Options{Lenient: true})
	var got []string
	for _, f := range files {
		got = append(got, filepath.Base(f.Path)+":")
		got = append(got, describe(f)...)
	}
	latin := at("latin.yml") + ":2:12: byte 0xe9: incomplete UTF-8 octet sequence; save the file as UTF-8"
	wantLines(t, "files", got, []string{
		"bad.yml:",
		"group g", "  recording r{} = up",
		`  bad rule 1 recording "r"{}: ` + at("bad.yml") + `:5:5: group "g", rule 2, "r": field 'expr' must be set in rule`,
		"folder.yml:", "broken: " + at("folder.yml") + ": is a directory",
		"good.yml:", "group g",
		"latin.yml:", "broken: " + latin,
	})
	wantLines(t, "errors", strings.Split(err.Error(), "\n"), []string{
		at("bad.yml") + `:5:5: group "g", rule 2, "r": field 'expr' must be set in rule`,
		at("folder.yml") + ": is a directory",
		latin,
	})
	if files, _, err := LoadGlobs([]string{at("*.yml")}, Options{}); files != nil || err == nil {
		t.Errorf("strictly: got %d files and error %v, want only an error", len(files), err)
	}
}
