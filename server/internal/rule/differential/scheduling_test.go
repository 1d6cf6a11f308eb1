package differential_test

import "time"

// level is a series that goes up and down.
const level = `level{i="a",job="j"} 0+1x10 10-1x10 0x5 7x9 3x3 7x30`

var schedulingScenarios = []scenario{
	{
		name: "slots",
		program: program{
			files: files{"a.yml": `
groups:
- {name: second, interval: 1s, rules: [{record: r1, expr: count(level)}]}
- {name: odd, interval: 7s, rules: [{record: r2, expr: count(level)}]}
- {name: ms, interval: 1234ms, rules: [{record: r3, expr: count(level)}]}
- {name: half, interval: 30s, rules: [{record: r4, expr: count(level)}, {record: r5, expr: r1}]}
- {name: minute, rules: [{record: r6, expr: count(level)}]}
- {name: five, interval: 5m, rules: [{record: r7, expr: count(level)}]}
- {name: hour, interval: 1h, rules: [{record: r8, expr: count(level)}]}
`, "dir/b.yml": `
groups:
- {name: second, interval: 1s, rules: [{record: q1, expr: count(level)}]}
- {name: hour, interval: 1h, rules: [{record: q2, expr: count(level)}]}
- {name: day, interval: 1d, rules: [{record: q3, expr: count(level)}]}
`},
			series: []string{`level 1x10`, `level{i="b"} 1x10`},
			every:  6 * time.Minute,
			steps:  12,
		},
		shows: []string{"{__name__=\"r8\"} 2", "{__name__=\"q2\"} 2"},
	},
	{
		name: "missed iterations",
		program: program{
			files: one(`
groups:
- {name: third, rules: [{record: r1, expr: "level + 0.3"}]}
- {name: just, rules: [{record: r2, expr: "level + 1.0"}]}
- {name: twice, rules: [{record: r3, expr: "level + 2.7"}, {record: r4, expr: level}]}
- {name: long, interval: 7s, rules: [{alert: A, expr: "level + 2.7 > 5", for: 4m}]}
`),
			series: []string{level},
			steps:  40,
			settings: settings{slow: map[string]time.Duration{
				"+ 0.3": 18 * time.Second, "+ 1": 60 * time.Second, "+ 2.7": 162 * time.Second,
			}},
		},
		shows: []string{`in 2m42s`, `sent {alertname="A", i="a", job="j"}`},
	},
	{
		name: "query offset of a group",
		program: program{
			files: one(`
groups:
- name: g
  query_offset: 90s
  rules:
  - {record: r1, expr: level}
  - {record: r2, expr: r1}
  - {record: now, expr: time()}
  - {alert: A, expr: level > 5, for: 2m, keep_firing_for: 3m, annotations: {a: '{{ query "level" | first | value }} {{ now }}'}}
- {name: none, query_offset: 0s, rules: [{alert: B, expr: level > 5}]}
`),
			series:   []string{level},
			steps:    40,
			settings: settings{offset: 10 * time.Second},
		},
		shows: []string{`alert {alertname="A"`, "sent {alertname=\"A\"", `kept since 2000`},
	},
	{
		name: "query offset of all groups",
		program: program{
			files: one(`
groups:
- {name: g, rules: [{record: r1, expr: level}, {alert: A, expr: level > 5, for: 2m, annotations: {a: '{{ query "level" | first | value }} {{ now }}'}}]}
- {name: own, query_offset: 1s, rules: [{alert: B, expr: level > 5}]}
`),
			series:   []string{level},
			steps:    30,
			settings: settings{offset: 200 * time.Second},
		},
		shows: []string{`alert {alertname="A"`, `sent {alertname="B"`},
	},
	{
		name: "interval of a group",
		program: program{
			files: one(`
groups:
- {name: own, interval: 20s, rules: [{alert: A, expr: level > 5, for: 70s}]}
- {name: default, rules: [{alert: B, expr: level > 5, for: 70s}]}
`),
			series:   []string{level},
			steps:    30,
			settings: settings{interval: 45 * time.Second, resendDelay: 30 * time.Second},
		},
		shows: []string{"own: every 20s", "default: every 45s", `sent {alertname="B"`},
	},
	{
		name: "rules see what rules before them recorded",
		program: program{
			files: one(`
groups:
- name: g
  rules:
  - {record: early, expr: late}
  - {record: one, expr: level + 1}
  - {record: two, expr: one + 1}
  - {alert: A, expr: two > 6}
  - {record: "alerts:count", expr: 'count by (alertname, alertstate) (ALERTS{alertname="A"})'}
  - {record: "alerts:since", expr: 'ALERTS_FOR_STATE'}
  - {record: late, expr: two + 1}
`),
			series: []string{level},
			steps:  30,
		},
		shows: []string{`{__name__="early", i="a", job="j"} 5`, `alerts:count`},
	},
	{
		name: "the clock jumps ahead",
		program: program{
			files:  one(`groups: [{name: g, rules: [{alert: A, expr: level > 3, for: 3m, keep_firing_for: 2m}, {record: r, expr: level}, {alert: B, expr: vector(1), for: 20m}]}]`),
			series: []string{level},
			steps:  30,
			clock: map[int]time.Duration{
				8: 10 * time.Second, 9: 3 * time.Minute, 10: 4 * time.Minute, 11: time.Hour, 12: time.Hour, 13: time.Hour, 14: 2 * time.Hour, 15: 2 * time.Hour,
				16: 2 * time.Hour, 17: 2 * time.Hour, 18: 2 * time.Hour, 19: 2 * time.Hour, 20: 3 * time.Hour, 21: 3 * time.Hour, 22: 3 * time.Hour, 23: 3 * time.Hour,
				24: 3 * time.Hour, 25: 3 * time.Hour, 26: 3 * time.Hour, 27: 3 * time.Hour, 28: 3 * time.Hour, 29: 3 * time.Hour,
			},
		},
		shows: []string{`sent {alertname="A"`},
	},
	{
		name: "concurrent evaluation",
		program: program{
			files:    one(dependent),
			series:   []string{level},
			steps:    20,
			settings: settings{concurrency: 4, slow: slowly},
		},
		shows: []string{"alerts:count"},
	},
	{
		name: "concurrent evaluation without slots",
		program: program{
			files:    one(dependent),
			series:   []string{level},
			steps:    20,
			settings: settings{concurrency: 1, slow: slowly},
		},
		shows: []string{"alerts:count"},
	},
	{
		name: "a rule alone takes no slot",
		program: program{
			files: one(`
groups:
- {name: g, rules: [{record: one, expr: level + 1}, {record: two, expr: one + 1}, {record: three, expr: two + 1}]}
- {name: h, rules: [{record: x, expr: level * 2}, {record: y, expr: level * 3}]}
`),
			series:   []string{level},
			steps:    5,
			settings: settings{concurrency: 1, slow: map[string]time.Duration{"one + 1": 40 * time.Second, "level * 2": 5 * time.Second, "level * 3": 7 * time.Second}},
		},
		shows: []string{"h: every 1m0s, limit 0, evaluated 2000-01-01T00:00:29.673433928 in 7s"},
	},
	{
		name: "concurrent evaluation of unknown dependencies",
		program: program{
			files: one(`
groups:
- name: g
  rules:
  - {record: one, expr: level + 1}
  - {record: two, expr: level + 2}
  - {record: any, expr: 'count({job="j"})'}
`),
			series:   []string{level},
			steps:    10,
			settings: settings{concurrency: 4, slow: map[string]time.Duration{"level": time.Second, "count": time.Second}},
		},
		shows: []string{"in 3s"},
	},
}

// slowly has no two sums of durations alike, so that no two queries end at the
// same instant.
var slowly = map[string]time.Duration{
	"level + 1": 1000 * time.Millisecond, "level * 2": 2010 * time.Millisecond, "one + 1": 503 * time.Millisecond,
	"two + on": 307 * time.Millisecond, "one > 3": 1507 * time.Millisecond, "level > 4": 711 * time.Millisecond,
	`ALERTS{`: 3333 * time.Millisecond, "ALERTS_FOR_STATE": 2221 * time.Millisecond, "level + 4": 4099 * time.Millisecond,
}

// dependent are rules that depend on each other in every way that is known.
const dependent = `
groups:
- name: g
  rules:
  - {record: one, expr: level + 1}
  - {record: alone, expr: level * 2}
  - {record: two, expr: one + 1}
  - {record: three, expr: 'two + on (i, job) {__name__=~"o.*e"}'}
  - {alert: A, expr: one > 3}
  - {alert: B, expr: level > 4}
  - {record: "alerts:count", expr: 'count by (alertname) (ALERTS{alertname="A"})'}
  - {record: "alerts:all", expr: 'count(ALERTS_FOR_STATE)'}
  - {record: four, expr: level + 4}
`
