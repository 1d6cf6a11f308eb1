package differential_test

import "time"

var seriesScenarios = []scenario{
	{
		name: "ALERTS",
		program: program{
			files:  one(`groups: [{name: g, labels: {team: a}, rules: [{alert: A, expr: level > 3, for: 3m, labels: {sev: page}}]}]`),
			series: []string{level},
			steps:  40,
		},
		shows: []string{
			`{__name__="ALERTS", alertname="A", alertstate="pending", i="a", job="j", sev="page", team="a"} stale`,
			`{__name__="ALERTS_FOR_STATE", alertname="A", i="a", job="j", sev="page", team="a"} 9.46685042e+08`,
		},
	},
	{
		name: "a label that expands to nothing",
		program: program{
			files:  one(`groups: [{name: g, rules: [{alert: A, expr: level > 3, labels: {empty: "{{ $labels.nothing }}", i: "{{ if gt $value 5.0 }}{{ else }}x{{ end }}"}}]}]`),
			series: []string{level},
			steps:  40,
		},
		shows: []string{`{__name__="ALERTS", alertname="A", alertstate="firing", i="x", job="j"} 1`, `{__name__="ALERTS", alertname="A", alertstate="firing", job="j"} 1`},
	},
	{
		name: "stale on disappearance",
		program: program{
			files:  one(`groups: [{name: g, rules: [{record: r, expr: level > 3}, {record: s, expr: r}, {alert: A, expr: r, labels: {v: "{{ $value }}"}}]}]`),
			series: []string{level, `level{i="b"} 5x3 stale 5x3 _x20 5x4`},
			steps:  40,
		},
		shows: []string{`{__name__="r", i="b"} stale`, `{__name__="ALERTS", alertname="A", alertstate="firing", i="a", job="j", v="4"} stale`},
	},
	{
		name: "refused samples",
		program: program{
			files: one(`
groups:
- name: g
  rules:
  - {record: r, expr: level}
  - {record: r, expr: level + 1}
  - {record: r, expr: level > 5}
  - {record: late, expr: level}
  - {record: level, expr: level + 1}
- name: past
  query_offset: 2m
  rules:
  - {record: late, expr: level + 1}
  - {record: late, expr: h}
`),
			series: []string{level, `h{i="a",job="j"} {{schema:1 sum:10 count:4 buckets:[1 2 1]}}x40`},
			steps:  40,
		},
		shows: []string{"duplicate sample for timestamp", "out of order sample", "health err"},
	},
	{
		name: "refused samples of alerts",
		program: program{
			files: one(`
groups:
- name: g
  rules:
  - {alert: A, expr: level > 3, for: 2m}
  - {alert: A, expr: level > 5}
  - {alert: A, expr: level > 4, for: 3m}
`),
			series: []string{level},
			steps:  40,
		},
		shows: []string{"duplicate sample for timestamp", "sent"},
	},
	{
		name: "rule removed",
		program: program{
			files:  one(`groups: [{name: g, rules: [{record: r, expr: level}, {record: s, expr: level}, {alert: A, expr: level > 30}]}]`),
			series: []string{level},
			steps:  20,
			events: map[int]event{10: {reload: one(`groups: [{name: g, rules: [{record: s, expr: level}]}]`)}},
		},
		shows: []string{`2000-01-01T00:10:02.184000000 {__name__="r", i="a", job="j"} stale`},
	},
	{
		name: "rule renamed",
		program: program{
			files:  one(`groups: [{name: g, rules: [{record: r, expr: level}, {record: s, expr: r}]}]`),
			series: []string{level},
			steps:  20,
			events: map[int]event{
				10: {reload: one(`groups: [{name: g, rules: [{record: q, expr: level}, {record: s, expr: q}]}]`)},
				11: {reload: one(`groups: [{name: g, rules: [{record: r, expr: level}, {record: s, expr: r}]}]`)},
				// Twice between two evaluations.
				15: {reload: one(`groups: [{name: g, rules: [{record: q, expr: level}, {record: s, expr: q}]}]`)},
			},
		},
		shows: []string{`2000-01-01T00:10:02.184000000 {__name__="r", i="a", job="j"} stale`, `2000-01-01T00:11:02.184000000 {__name__="q", i="a", job="j"} stale`},
	},
	{
		name: "group removed",
		program: program{
			files:  one(`groups: [{name: g, rules: [{record: r, expr: level}]}, {name: h, query_offset: 10s, interval: 2m, rules: [{record: s, expr: level}, {record: t, expr: r}]}]`),
			series: []string{level},
			steps:  30,
			events: map[int]event{10: {reload: one(`groups: [{name: g, rules: [{record: r, expr: level}]}]`)}},
		},
		shows: []string{`2000-01-01T00:09:50.000000000 {__name__="s", i="a", job="j"} stale`},
	},
	{
		name: "group removed and back",
		program: program{
			files:  one(`groups: [{name: g, rules: [{record: r, expr: level}]}, {name: h, rules: [{record: s, expr: level}]}]`),
			series: []string{level},
			steps:  30,
			events: map[int]event{
				10: {reload: one(`groups: [{name: g, rules: [{record: r, expr: level}]}]`)},
				11: {reload: one(`groups: [{name: g, rules: [{record: r, expr: level}]}, {name: h, rules: [{record: s, expr: level}]}]`)},
				15: {reload: one(`groups: []`)},
				18: {reload: one(`groups: [{name: h, rules: [{record: s, expr: level}]}]`)},
			},
		},
		shows: []string{`2000-01-01T00:15:00.000000000 {__name__="r", i="a", job="j"} stale`},
	},
	{
		name: "group moved",
		program: program{
			files:  files{"a.yml": `groups: [{name: g, rules: [{record: r, expr: level}]}, {name: h, rules: [{record: s, expr: level}]}]`},
			series: []string{level},
			steps:  20,
			events: map[int]event{10: {reload: files{
				"a.yml": `groups: [{name: new, rules: [{record: r, expr: level}]}]`,
				"b.yml": `groups: [{name: h, rules: [{record: s, expr: level}]}]`,
			}}},
		},
		shows: []string{`2000-01-01T00:12:`},
	},
	{
		name: "end without stale markers",
		program: program{
			files:  one(`groups: [{name: g, rules: [{record: r, expr: level}, {alert: A, expr: level > 30}]}, {name: h, rules: [{record: s, expr: level}]}]`),
			series: []string{level},
			steps:  20,
			events: map[int]event{
				8:  {reload: one(`groups: [{name: g, rules: [{record: r, expr: level}]}]`)},
				9:  {restart: 10 * time.Second}, // before the series of h are marked
				15: {restart: 3 * time.Minute, reload: one(`groups: [{name: h, rules: [{record: s, expr: level}]}]`)},
			},
		},
		shows: []string{`{__name__="s", i="a", job="j"} 7`},
	},
	{
		name: "native histograms",
		program: program{
			files: one(`
groups:
- name: g
  labels: {team: a}
  rules:
  - {record: copy, expr: h}
  - {record: "h:rate", expr: "rate(h[5m])"}
  - {record: "h:sum", expr: "sum by (job) (h)"}
  - {record: "h:avg", expr: "avg(copy)"}
  - {record: "h:q", expr: "histogram_quantile(0.9, copy)"}
  - {record: mixed, expr: "{__name__=~\"h|level\"}"}
`),
			series: []string{
				`h{i="1",job="j"} {{schema:1 sum:10 count:4 buckets:[1 2 1]}}+{{schema:1 sum:5 count:2 buckets:[1 1]}}x10 _x3 {{schema:1 sum:1 count:1 buckets:[1]}}x5 stale {{schema:0 sum:3 count:2 buckets:[1 1] n_buckets:[1]}}x9`,
				`h{i="2",job="j"} {{schema:-53 sum:10 count:4 custom_values:[1 5 10] buckets:[1 2 1]}}x20 7x5 _x20`,
				`level{i="3",job="j"} 5x10 {{schema:2 sum:1 count:1 buckets:[1]}}x10 4x10`,
			},
			steps: 45,
		},
		shows: []string{`{__name__="copy", i="1", job="j", team="a"} histogram schema 1`, `{__name__="copy", i="2", job="j", team="a"} histogram schema -53`, `{__name__="copy", i="1", job="j", team="a"} stale`, `h:rate`},
	},
	{
		name: "special values",
		program: program{
			files:  one(`groups: [{name: g, rules: [{record: r, expr: level}, {record: d, expr: level / 0}, {alert: A, expr: level != 1, labels: {v: "{{ $value }}"}}]}]`),
			series: []string{`level NaN Inf -Inf 0 -0 1e308 5e-324 NaN stale NaN`, `level{i="n"} -5 -0 0 1 1 1 1`},
			steps:  12,
		},
		shows: []string{`v="NaN"`, `v="+Inf"`, `{__name__="d"} NaN`},
	},
}
