package differential_test

import "time"

var alertScenarios = []scenario{
	{
		name: "labels",
		program: program{
			files: one(`
groups:
- name: g
  labels: {team: a, job: "group"}
  rules:
  - {alert: A, expr: level > 2, labels: {job: "rule {{ $labels.job }}", alertname: other, i: "", new: "{{ $labels.__name__ }}"}}
  - {alert: B, expr: level > bool 2, labels: {team: b, alertstate: mine}}
`),
			series: []string{level},
			steps:  20,
		},
		shows: []string{`sent {alertname="A", job="rule j", new="level", team="a"}`, `alertstate="mine"`},
	},
	{
		name: "duplicates",
		program: program{
			files: one(`
groups:
- name: g
  rules:
  - {alert: A, expr: level > 2, labels: {i: same}}
  - {alert: B, expr: '{__name__=~"level|other"} > 2'}
  - {record: r, expr: level > 2, labels: {i: same}}
  - {record: s, expr: '{__name__=~"level|other"} > 2'}
`),
			series: []string{level, `level{i="b",job="j"} 3x5 0x20 3x20`, `other{i="b",job="j"} 9x50`},
			steps:  50,
		},
		shows: []string{
			"vector contains metrics with the same labelset after applying alert labels",
			"vector contains metrics with the same labelset after applying rule labels",
		},
	},
	{
		name: "for",
		program: program{
			files: one(`
groups:
- name: g
  rules:
  - {alert: None, expr: level > 2}
  - {alert: Zero, expr: level > 2, for: 0s}
  - {alert: One, expr: level > 2, for: 1m}
  - {alert: Odd, expr: level > 2, for: 150s}
  - {alert: Long, expr: level > 2, for: 10m}
`),
			series: []string{level},
			steps:  40,
		},
		shows: []string{`sent {alertname="Zero"`, `sent {alertname="One"`, `sent {alertname="Odd"`, `alertname="Long", alertstate="pending"`},
	},
	{
		name: "pending alerts are forgotten",
		program: program{
			files:  one(`groups: [{name: g, rules: [{alert: A, expr: level > 6, for: 5m}]}]`),
			series: []string{`level 7x3 0x1 7x2 _x10 7x2 stale 7x8 0x3`},
			steps:  35,
		},
		shows: []string{`alertstate="pending"} stale`, `sent {alertname="A"}`},
	},
	{
		name: "keep_firing_for",
		program: program{
			files: one(`
groups:
- name: g
  rules:
  - {alert: A, expr: level > 6, keep_firing_for: 3m}
  - {alert: B, expr: level > 6, for: 2m, keep_firing_for: 90s}
  - {alert: C, expr: level > 6, for: 5m, keep_firing_for: 10m}
`),
			series: []string{`level 7x4 0x8 7x2 _x10 7x8 0x30`},
			steps:  60,
		},
		shows: []string{"kept since 2000-01-01T00:05", "until 2000-01-01T00:08"},
	},
	{
		name: "keep_firing_for starts again",
		program: program{
			files:  one(`groups: [{name: g, rules: [{alert: A, expr: level > 6, keep_firing_for: 3m}]}]`),
			series: []string{`level 7 0 0 7 0 0 7 7 0 0 0 0 7 0 0 0`},
			steps:  20,
		},
		shows: []string{"kept since 2000-01-01T00:01", "kept since 2000-01-01T00:04", "kept since 2000-01-01T00:08"},
	},
	{
		name: "for is raised by a reload",
		program: program{
			files:  one(`groups: [{name: g, rules: [{alert: A, expr: level > 6, for: 2m}]}]`),
			series: []string{`level 7x30 0x20`},
			steps:  50,
			events: map[int]event{10: {reload: one(`groups: [{name: g, rules: [{alert: A, expr: level > 6, for: 15m}]}]`)}},
		},
		shows: []string{`alertstate="firing"} stale`, `alertstate="pending"} stale`},
	},
	{
		name: "for is raised before it is sent again",
		program: program{
			files:    one(`groups: [{name: g, rules: [{alert: A, expr: level > 6, for: 2m}]}]`),
			series:   []string{`level 7x30 0x20`},
			steps:    50,
			settings: settings{resendDelay: 30 * time.Minute},
			events:   map[int]event{5: {reload: one(`groups: [{name: g, rules: [{alert: A, expr: level > 6, for: 8m}]}]`)}},
		},
		shows: []string{`from 2000-01-01T00:02`, `from 2000-01-01T00:08`},
	},
	{
		name: "for is raised while kept firing",
		program: program{
			files:  one(`groups: [{name: g, rules: [{alert: A, expr: level > 6, keep_firing_for: 20m}]}]`),
			series: []string{`level 7x5 0x8 7x20`},
			steps:  35,
			events: map[int]event{8: {reload: one(`groups: [{name: g, rules: [{alert: A, expr: level > 6, for: 15m, keep_firing_for: 20m}]}]`)}},
		},
		shows: []string{"kept since 2000-01-01T00:06", `alertstate="pending"} stale`},
	},
	{
		name: "for is lowered by a reload",
		program: program{
			files:  one(`groups: [{name: g, rules: [{alert: A, expr: level > 6, for: 20m}]}]`),
			series: []string{`level 7x30`},
			steps:  20,
			events: map[int]event{10: {reload: one(`groups: [{name: g, rules: [{alert: A, expr: level > 6, for: 5m}]}]`)}},
		},
		shows: []string{`2000-01-01T00:10:02.184000000 {__name__="ALERTS", alertname="A", alertstate="firing"} 1`},
	},
	{
		name: "resolved retention",
		program: program{
			files: one(`
groups:
- {name: g, rules: [{alert: A, expr: level > 6}]}
- {name: slow, interval: 4m, rules: [{alert: B, expr: level > 6}]}
`),
			series: []string{`level 7x8 0x40`},
			steps:  45,
		},
		shows: []string{`2000-01-01T00:24:02.184147877 sent {alertname="A"} {} from 2000-01-01T00:00:02.184147877 until 2000-01-01T00:09:02.184147877`},
	},
	{
		name: "resolved and back",
		program: program{
			files:  one(`groups: [{name: g, rules: [{alert: A, expr: level > 6}, {alert: B, expr: level > 6, for: 2m}]}]`),
			series: []string{`level 7x4 0x5 7x9 0x3 7x9 0x20`},
			steps:  50,
		},
		shows: []string{`from 2000-01-01T00:11`, `from 2000-01-01T00:13`},
	},
	{
		name: "resolved and back before it is sent again",
		program: program{
			files:    one(`groups: [{name: g, rules: [{alert: A, expr: level > 6}]}]`),
			series:   []string{`level 7x4 0x5 7x9 0x20`},
			steps:    30,
			settings: settings{resendDelay: 30 * time.Minute},
		},
		shows: []string{`from 2000-01-01T00:11`},
	},
	{
		name: "resend",
		program: program{
			files: one(`
groups:
- {name: g, rules: [{alert: A, expr: level > 6}]}
- {name: quick, interval: 15s, rules: [{alert: B, expr: level > 6}]}
- {name: slow, interval: 3m, rules: [{alert: C, expr: level > 6}]}
`),
			series:   []string{`level 7x20 0x20`},
			steps:    40,
			settings: settings{resendDelay: 90 * time.Second},
		},
		shows: []string{`sent {alertname="A"}`, `sent {alertname="B"}`, `sent {alertname="C"}`},
	},
	{
		name: "resend with a long delay",
		program: program{
			files:    one(`groups: [{name: g, interval: 20s, rules: [{alert: A, expr: level > 6}]}]`),
			series:   []string{`level 7x20 0x20`},
			steps:    40,
			settings: settings{resendDelay: 10 * time.Minute},
		},
		shows: []string{`until 2000-01-01T00:40`},
	},
	{
		name: "limit",
		program: program{
			files:  one(`groups: [{name: g, limit: 2, rules: [{alert: A, expr: level > 6, for: 1m, keep_firing_for: 2m}, {record: n, expr: count(ALERTS)}]}]`),
			series: []string{`level{i="1"} 7x8 0x4 7x30`, `level{i="2"} 7x8 0x3 7x2 0x4 7x30`, `level{i="3"} 0x3 7x2 0x3 7x3 0x30`},
			steps:  30,
		},
		shows: []string{"exceeded limit of 2 with 3 alerts", "sent"},
	},
	{
		name: "limit of a recording rule",
		program: program{
			files:  one(`groups: [{name: g, limit: 2, rules: [{record: r, expr: level > 6}, {record: s, expr: count(r)}]}]`),
			series: []string{`level{i="1"} 7x8 0x4 7x30`, `level{i="2"} 7x8 0x3 7x2 0x4 7x30`, `level{i="3"} 0x3 7x2 0x3 7x3 0x30`},
			steps:  30,
		},
		shows: []string{"exceeded limit of 2 with 3 series", `{__name__="r", i="1"} stale`},
	},
	{
		name: "query errors keep the state",
		program: program{
			files:  one(`groups: [{name: g, rules: [{alert: A, expr: level > 6, for: 2m, keep_firing_for: 1m}, {record: r, expr: level > 6}, {record: s, expr: time()}]}]`),
			series: []string{`level 7x14 0x30`},
			steps:  40,
			events: map[int]event{
				1:  {fail: map[string]string{"level": "not now"}},
				3:  {fail: map[string]string{}},
				6:  {fail: map[string]string{"level": "not again"}},
				12: {fail: map[string]string{}},
				17: {fail: map[string]string{"level": "not either"}},
				35: {fail: map[string]string{}},
			},
		},
		shows: []string{"health err error \"not now\"", "health err error \"not either\"", "sent"},
	},
	{
		name: "histograms",
		program: program{
			files: one(`
groups:
- name: g
  rules:
  - {alert: H, expr: h, annotations: {v: "{{ $value }}"}}
  - {alert: Count, expr: histogram_count(h) > 8, annotations: {v: "{{ $value }} {{ query \"h\" | first | value }}"}}
`),
			series: []string{`h {{schema:1 sum:10 count:4 buckets:[1 2 1]}}+{{schema:1 sum:5 count:2 buckets:[1 1]}}x8 _x10 {{schema:1 sum:1 count:1 buckets:[1]}}x3 stale`},
			steps:  30,
		},
		shows: []string{`alert {alertname="H"} {v="{count:4`, `firing value 0`},
	},
	{
		name: "scalars",
		program: program{
			files: one(`
groups:
- name: g
  labels: {team: a}
  rules:
  - {alert: A, expr: 1, annotations: {v: "{{ $value }} {{ $labels }}"}}
  - {record: r, expr: time()}
  - {alert: NaN, expr: scalar(nothing), for: 2m}
`),
			series: []string{level},
			steps:  10,
		},
		shows: []string{`sent {alertname="A", team="a"}`, "value NaN"},
	},
	{
		name: "query errors",
		program: program{
			files: one(`
groups:
- name: g
  rules:
  - {alert: A, expr: level * on (job) other}
  - {record: r, expr: level / on (job) other}
  - {record: s, expr: 'label_replace(level, "i", "", "", "")'}
`),
			series: []string{level, `level{i="b",job="j"} 1x40`, `other{i="b",job="j"} 1x10 _x20`, `other{i="c",job="j"} 1x10 _x20`},
			steps:  30,
		},
		shows: []string{"found duplicate series", "health err", "health ok"},
	},
}
