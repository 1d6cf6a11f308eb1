package differential_test

import "testing"

var fileScenarios = []scenario{
	{
		name: "group labels",
		program: program{
			files: one(`
groups:
- name: g
  labels: {team: group, job: group, tmpl: "{{ $labels.i }}"}
  rules:
  - {record: r, expr: level, labels: {team: rule, i: ""}}
  - {alert: A, expr: level > 3, labels: {team: rule}}
`),
			series: []string{level},
			steps:  12,
		},
		shows: []string{`{__name__="r", job="group", team="rule", tmpl="{{ $labels.i }}"} 1`, `sent {alertname="A", i="a", job="group", team="rule", tmpl="a"}`},
	},
	{
		name: "alertname among the labels",
		program: program{
			files:  one(`groups: [{name: g, labels: {alertname: G}, rules: [{alert: A, expr: level > 3, labels: {alertname: "{{ $value }}"}}, {record: r, expr: level}]}]`),
			series: []string{level},
			steps:  12,
		},
		shows: []string{`sent {alertname="A"`, `{__name__="r", alertname="G"`},
	},
	{
		name: "names in UTF-8",
		program: program{
			files: one(`
groups:
- name: "Größe; 1"
  rules:
  - {record: "größe.max", expr: 'max by ("my label") ({"my.level"})', labels: {"my other": "ü"}}
  - {alert: "Zu groß", expr: '{"größe.max"} > 3', labels: {"was.ist": "{{ index $labels \"my label\" }}"}, annotations: {satz: "{{ $value }} ist zu groß"}}
`),
			series: []string{`{"my.level", "my label"="x"} 1 2 3 4 5 6 7 8 2 2 2 2`},
			steps:  12,
		},
		shows: []string{`"was.ist"="x"`, `4 ist zu groß`},
	},
	{
		name: "empty files",
		program: program{
			files: files{
				"a.yml": "", "b.yml": "# nothing\n", "c.yml": "groups:\n", "d.yml": "groups: []", "e.yml": "groups: [{name: g}, {name: h, rules: []}]",
				"f.yml": "groups: [{name: g, rules: [{record: r, expr: level}]}]\n---\ngroups: [{name: second}]",
			},
			series: []string{level},
			steps:  5,
		},
		shows: []string{"e.yml;g: every 1m0s", "f.yml;g rule 0 r"},
	},
	{
		name: "anchors",
		program: program{
			files: one(`
groups:
- name: g
  rules:
  - &a {alert: A, expr: level > 3, labels: &l {sev: page, n: 1}}
  - {<<: *a, alert: B, for: 2m}
  - {record: r, expr: level, labels: *l}
  - *a
`),
			series: []string{level},
			steps:  12,
		},
		shows: []string{`sent {alertname="B", i="a", job="j", n="1", sev="page"}`},
	},
	{
		name: "several files",
		program: program{
			files: files{
				"a.yml":     `groups: [{name: g, rules: [{record: r, expr: level}]}, {name: h, rules: [{record: s, expr: r}]}]`,
				"dir/a.yml": `groups: [{name: g, rules: [{record: t, expr: s}]}, {name: h, rules: [{record: u, expr: r}]}]`,
			},
			series: []string{level},
			steps:  8,
		},
		shows: []string{"dir/a.yml;h: every", `{__name__="u", i="a", job="j"}`},
	},
	{
		name: "matrix and string results",
		program: program{
			files: one(`
groups:
- name: g
  rules:
  - {record: r, expr: "level[5m]"}
  - {record: s, expr: '"text"'}
  - {alert: A, expr: "level[5m:1m]"}
  - {alert: B, expr: '"text"'}
  - {record: last, expr: level}
`),
			series: []string{level},
			steps:  5,
		},
		shows: []string{`health err error "rule result is not a vector or scalar"`, `{__name__="last"`},
	},
}

// Both loaders take the same files, and refuse the same.
func TestBothRefuseTheSameFiles(t *testing.T) {
	const rule = "groups: [{name: g, rules: [{record: r, expr: level}]}]"
	for _, content := range []string{
		"groups: [{rules: []}]",
		"groups: [{name: ''}]",
		"groups: [{name: g}, {name: g}]",
		"groups: [{name: g, rules: [{record: r, alert: A, expr: 1}]}]",
		"groups: [{name: g, rules: [{expr: 1}]}]",
		"groups: [{name: g, rules: [{record: r}]}]",
		"groups: [{name: g, rules: [{record: r, expr: ''}]}]",
		"groups: [{name: g, rules: [{record: r, expr: '1 +'}]}]",
		"groups: [{name: g, rules: [{record: r, expr: 1, for: 1m}]}]",
		"groups: [{name: g, rules: [{record: r, expr: 1, for: 0s}]}]",
		"groups: [{name: g, rules: [{record: r, expr: 1, keep_firing_for: 1m}]}]",
		"groups: [{name: g, rules: [{record: r, expr: 1, annotations: {a: b}}]}]",
		"groups: [{name: g, rules: [{record: r, expr: 1, annotations: {}}]}]",
		`groups: [{name: g, rules: [{record: "a{b}", expr: 1}]}]`,
		`groups: [{name: g, rules: [{record: "a b", expr: 1}]}]`,
		`groups: [{name: g, rules: [{record: "a\xff", expr: 1}]}]`,
		"groups: [{name: g, rules: [{record: r, expr: 1, labels: {__name__: x}}]}]",
		"groups: [{name: g, rules: [{record: r, expr: 1, labels: {'': x}}]}]",
		"groups: [{name: g, labels: {__name__: x}}]",
		"groups: [{name: g, labels: {a: 1}}]",
		"groups: [{name: g, rules: [{alert: A, expr: 1, annotations: {'': x}}]}]",
		"groups: [{name: g, rules: [{alert: A, expr: 1, labels: {a: '{{ $labels.x }'}}]}]",
		"groups: [{name: g, rules: [{alert: A, expr: 1, labels: {a: '{{ none }}'}}]}]",
		"groups: [{name: g, rules: [{record: r, expr: 1, labels: {a: '{{ none }}'}}]}]",
		"groups: [{name: g, rules: [{alert: A, expr: 1, annotations: {a: '{{ tmpl \"x\" . }}'}}]}]",
		"groups: [{name: g, interval: 0s}]",
		"groups: [{name: g, interval: -1m}]",
		"groups: [{name: g, interval: 1.5m}]",
		"groups: [{name: g, interval: 1m1s}]",
		"groups: [{name: g, interval: 60}]",
		"groups: [{name: g, query_offset: -1m}]",
		"groups: [{name: g, query_offset: 0s}]",
		"groups: [{name: g, limit: -1, rules: [{record: r, expr: level}]}]",
		"groups: [{name: g, limit: 1.5}]",
		"groups: [{name: g, limit: many}]",
		"groups: [{name: g, partial_response_strategy: warn}]",
		"groups: [{name: g, rules: [{alert: A, expr: 1, labels: [a]}]}]",
		"groups: {name: g}",
		"groups: [g]",
		"[]",
		"text",
		"\tgroups: []",
		"groups: [{name: g, name: h}]",
		"groups: [{name: g, rules: [null]}]",
		"groups: [null]",
		"null",
		"groups: [{name: 1, rules: [{record: 2, expr: 3, labels: {4: 5}}]}]",
		"groups: [{name: g, rules: [{alert: 'A{b}', expr: 1}]}]",
		"groups: [{name: g, rules: [{alert: A, expr: 'level{', for: 1x}]}]",
		"groups: [{name: g, rules: [{alert: A, expr: 1, for: 1d, keep_firing_for: 1w}]}]",
		"\xff\xfegroups",
		rule + "\n---\n" + "groups: [{nam: g}]",
		rule + "\n---\n" + "{",
	} {
		check(t, &program{files: one(rule), series: []string{level}, steps: 4, events: map[int]event{1: {reload: one(content)}}})
	}
}
