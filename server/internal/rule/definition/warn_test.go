package definition

import "testing"

func TestWarnings(t *testing.T) {
	tests := []struct {
		name, content string
		want          []string
	}{
		{"nothing to say", "groups:\n- name: a\n  labels: {team: '{{ $labels.team }}'}\n  rules:\n  - alert: A\n    expr: up\n    labels: {job: '{{ $labels.job }}'}\n    annotations: {v: '{{ $value }}'}\n", nil},
		{"labels that change", "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up\n    labels:\n      ok: x\n      v: '{{ $value }}'\n", []string{
			`r.yml:8:10: group "a", rule 1, "A": label "v" depends on the value of the alert, so that it is another alert whenever that changes; an annotation can tell it instead`,
		}},
		{"labels of a group", "groups:\n- name: a\n  labels:\n    v: '{{ now }}'\n    w: '{{ nope }}'\n  rules:\n  - {alert: A, expr: up}\n", []string{
			`r.yml:4:8: group "a": label "v" depends on the time, so that it is another alert whenever that changes; an annotation can tell it instead`,
			`r.yml:5:8: group "a": label "w" cannot be expanded for alerts: template: __alert_A:1: function "nope" not defined`,
		}},
		{"labels of a group of records", "groups:\n- name: a\n  labels: {w: '{{ nope }}'}\n  rules:\n  - {record: r, expr: up}\n", nil},
		{"labels of a record", "groups:\n- name: a\n  rules:\n  - {record: r, expr: up, labels: {j: '{{ $labels.job }}'}}\n", []string{
			`r.yml:4:39: group "a", rule 1, "r": label "j" looks like a template, but the labels of recording rules are not expanded`,
		}},
		{"label alertname", "groups:\n- name: a\n  rules:\n  - {alert: A, expr: up, labels: {alertname: B}}\n", []string{
			`r.yml:4:46: group "a", rule 1, "A": the name of the alert takes the place of label "alertname"`,
		}},
		{"types of expressions", "groups:\n- name: a\n  rules:\n  - {record: r, expr: 'up[5m]'}\n  - {record: s, expr: '\"text\"'}\n  - {record: t, expr: 1}\n", []string{
			`r.yml:4:23: group "a", rule 1, "r": the expression gives a range vector; each evaluation will fail, because a rule needs a vector or a scalar`,
			`r.yml:5:23: group "a", rule 2, "s": the expression gives a string; each evaluation will fail, because a rule needs a vector or a scalar`,
		}},
		{"documents", "groups: []\n---\n# nothing\n---\ngroups: []\n", []string{"r.yml:5:1: only the first YAML document of the file is used"}},
		{"an empty document", "groups: []\n---\n", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, warnings, err := Parse("r.yml", []byte(test.content), Options{})
			if err != nil {
				t.Fatal(err)
			}
			wantLines(t, "warnings", warnings, test.want)
		})
	}
}

func TestDuplicates(t *testing.T) {
	f := parseFile(t, "r.yml", `
groups:
- name: a
  labels: {x: y}
  rules:
  - {record: r, expr: up}
  - {record: r, expr: up, labels: {x: z}}
- name: b
  rules:
  - {record: r, expr: down, labels: {x: y}}
  - {alert: r, expr: down, labels: {x: y}}
  - {alert: A, expr: up}
`)
	wantLines(t, "duplicates", f.DuplicateWarnings(), []string{
		`r.yml:10:5: group "b", rule 1, "r": it has the name and the labels of group "a", rule 1 (line 6); where their expressions give the same series, they overwrite each other's samples`,
		`r.yml:11:5: group "b", rule 2, "r": it has the name and the labels of group "a", rule 1 (line 6); where their expressions give the same series, they overwrite each other's samples`,
	})
}
