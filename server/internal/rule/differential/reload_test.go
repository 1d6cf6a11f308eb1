package differential_test

import (
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// The rules before a reload that changes something about them.
const before = `
groups:
- name: g
  rules:
  - {record: r, expr: level, labels: {l: x}}
  - {alert: A, expr: level > 3, for: 3m, keep_firing_for: 2m, labels: {sev: page}, annotations: {a: "{{ $value }}"}}
  - {alert: B, expr: level > 5}
`

// reloaded is a program that reloads in step 9, while alerts fire,
// and goes back in step 20.
func reloaded(after string) program {
	return program{
		files:  one(before),
		series: []string{`level{i="a",job="j"} 0+1x10 10-1x10 0x5 7x9 3x3 7x30`, `level{i="b",job="j"} 0x7 5x4 0x3 5x40`},
		steps:  40,
		events: map[int]event{9: {reload: one(after)}, 20: {reload: one(before)}},
	}
}

var reloadScenarios = []scenario{
	{
		name: "a bad file changes nothing",
		program: program{
			files:  files{"a.yml": before, "b.yml": `groups: [{name: g, rules: [{record: s, expr: level}]}]`},
			series: []string{level},
			steps:  20,
			events: map[int]event{
				3: {reload: files{"a.yml": "groups: [{name: g, rules: [{record: other, expr: level}]}]", "b.yml": `groups: [{name: g, rules: [{record: s, expr: "level +"}]}]`}},
				5: {reload: files{"a.yml": "groups: [{name: g}, {name: g}]"}},
				7: {reload: files{"a.yml": "groups: [{nam: g}]"}},
				9: {reload: files{"a.yml": "groups: [{name: g, rules: [{alert: A, expr: 1, annotations: {a: '{{'}}]}]"}},
			},
		},
		shows: []string{`{__name__="s", i="a", job="j"} 9`, `sent {alertname="A"`},
	},
	{
		name: "equal groups run on",
		program: program{
			files:  files{"a.yml": before, "b.yml": `groups: [{name: g, interval: 90s, rules: [{record: s, expr: level}]}]`},
			series: []string{level},
			steps:  20,
			events: map[int]event{
				6: {reload: files{"a.yml": before, "b.yml": `groups: [{name: g, interval: 90s, rules: [{record: s, expr: level + 1}]}]`}},
				// The same, written in another way.
				8: {reload: files{"a.yml": before + "\n# a remark", "b.yml": `{"groups": [{"rules": [{"expr": "level+1", "record": "s"}], "interval": "1m30s", "name": "g"}]}`}},
			},
		},
		shows: []string{`{__name__="s", i="a", job="j"} 9`, `sent {alertname="A"`},
	},
	{
		name: "expression",
		program: reloaded(`
groups:
- name: g
  rules:
  - {record: r, expr: level + 1, labels: {l: x}}
  - {alert: A, expr: level > 4, for: 3m, keep_firing_for: 2m, labels: {sev: page}, annotations: {a: "{{ $value }}"}}
  - {alert: B, expr: level > 20}
`),
		shows: []string{"see http://cresset.example/sub/graph?g0.expr=level+%3E+4&g0.tab=1"},
	},
	{
		name: "annotations",
		program: reloaded(`
groups:
- name: g
  rules:
  - {record: r, expr: level, labels: {l: x}}
  - {alert: A, expr: level > 3, for: 3m, keep_firing_for: 2m, labels: {sev: page}, annotations: {a: "now {{ $value }}", b: "more"}}
  - {alert: B, expr: level > 5}
`),
		shows: []string{`{a="now `},
	},
	{
		name: "durations",
		program: reloaded(`
groups:
- name: g
  rules:
  - {record: r, expr: level, labels: {l: x}}
  - {alert: A, expr: level > 3, for: 12m, keep_firing_for: 9m, labels: {sev: page}, annotations: {a: "{{ $value }}"}}
  - {alert: B, expr: level > 5, for: 1m, keep_firing_for: 1m}
`),
		shows: []string{`for 12m0s keeping 9m0s`, "sent"},
	},
	{
		name:    "limit",
		program: reloaded("\ngroups:\n- limit: 3\n  name: g" + before[len("\ngroups:\n- name: g"):]),
		shows:   []string{"g: every 1m0s, limit 3,"},
	},
	{
		name:    "query offset",
		program: reloaded("\ngroups:\n- query_offset: 30s\n  name: g" + before[len("\ngroups:\n- name: g"):]),
		shows:   []string{`:32.184000000 {__name__="r", i="a", job="j", l="x"} 7`},
	},
	{
		name:    "interval",
		program: reloaded("\ngroups:\n- interval: 100s\n  name: g" + before[len("\ngroups:\n- name: g"):]),
		shows:   []string{"g: every 1m40s"},
	},
	{
		name: "labels of a recording rule",
		program: reloaded(`
groups:
- name: g
  rules:
  - {record: r, expr: level, labels: {l: y, m: ""}}
  - {alert: A, expr: level > 3, for: 3m, keep_firing_for: 2m, labels: {sev: page}, annotations: {a: "{{ $value }}"}}
  - {alert: B, expr: level > 5}
  - {record: n, expr: count(r)}
`),
		shows: []string{`{__name__="r", i="a", job="j", l="x"} stale`, `{__name__="r", i="a", job="j", l="y"} stale`, `{__name__="n"} 4`},
	},
	{
		name: "labels of a rule that fails",
		program: program{
			files:  one(`groups: [{name: g, rules: [{record: r, expr: level, labels: {l: x}}]}]`),
			series: []string{level},
			steps:  12,
			events: map[int]event{
				4: {fail: map[string]string{"level": "not now"}},
				5: {reload: one(`groups: [{name: g, rules: [{record: r, expr: level, labels: {l: y}}]}]`)},
			},
		},
		shows: []string{`{__name__="r", i="a", job="j", l="x"} stale`},
	},
	{
		name: "first with first",
		program: program{
			files:  one(`groups: [{name: g, rules: [{alert: A, expr: level > 3, for: 2m}, {alert: A, expr: level > 20}, {record: r, expr: level > 4}, {record: r, expr: level < 3}]}]`),
			series: []string{level},
			steps:  40,
			events: map[int]event{
				8:  {reload: one(`groups: [{name: g, rules: [{record: r, expr: level > 4}, {alert: A, expr: level > 2, for: 2m}, {record: r, expr: level < 2}]}]`)},
				16: {reload: one(`groups: [{name: g, rules: [{record: r, expr: level < 2}, {record: r, expr: level > 4}, {record: r, expr: level > 30}, {alert: A, expr: level > 2, for: 2m}]}]`)},
			},
		},
		shows: []string{"sent"},
	},
	{
		name: "order",
		program: reloaded(`
groups:
- name: g
  rules:
  - {alert: B, expr: level > 5}
  - {alert: A, expr: level > 3, for: 3m, keep_firing_for: 2m, labels: {sev: page}, annotations: {a: "{{ $value }}"}}
  - {record: new, expr: r}
  - {record: r, expr: level, labels: {l: x}}
`),
		shows: []string{`{__name__="new", i="a", job="j", l="x"} stale`},
	},
	{
		name: "external labels",
		program: program{
			files:    one(`groups: [{name: g, rules: [{alert: A, expr: level > 1, annotations: {a: "{{ $externalLabels.cluster }} {{ $externalURL }}"}}]}]`),
			series:   []string{level},
			steps:    20,
			settings: settings{external: labels.FromStrings("cluster", "c1")},
			events:   map[int]event{6: {external: labels.FromStrings("cluster", "c2", "x", "y")}},
		},
		shows: []string{`a="c1 http://cresset.example/sub"`, `a="c2 http://cresset.example/sub"`},
	},
	{
		name: "settings for all groups",
		program: program{
			files: one(`
groups:
- {name: own, interval: 30s, query_offset: 5s, rules: [{record: r, expr: level}, {alert: A, expr: level > 3, for: 2m}]}
- {name: default, rules: [{record: s, expr: level}, {alert: B, expr: level > 3, for: 2m}]}
`),
			series: []string{level},
			steps:  30,
			events: map[int]event{7: {interval: 90 * time.Second}, 15: {offset: 20 * time.Second}, 22: {interval: 30 * time.Second, offset: 10 * time.Second}},
		},
		shows: []string{"default: every 1m30s", "default: every 30s", `sent {alertname="B"`},
	},
	{
		name: "during a slow evaluation",
		program: program{
			files: one(`groups: [{name: g, rules: [{record: r, expr: level}, {record: s, expr: "level * 2"}, {alert: A, expr: level > 3, for: 2m}]}]`),
			// The reload comes while the second rule's query runs.
			series: []string{level},
			steps:  20,
			settings: settings{slow: map[string]time.Duration{
				"level * 2": 58 * time.Second,
			}},
			events: map[int]event{
				5:  {reload: one(`groups: [{name: g, rules: [{record: r, expr: level}, {record: s, expr: "level * 2"}, {alert: A, expr: level > 2, for: 2m}]}]`)},
				12: {reload: one(`groups: [{name: g, rules: [{record: s, expr: "level * 2"}, {alert: A, expr: level > 2, for: 2m}]}]`)},
			},
		},
		shows: []string{"in 58s", "sent"},
	},
}
