package differential_test

import "time"

// restarted is a program whose engines end in a step and start again later.
func restarted(rule string, series string, step int, down time.Duration) program {
	return program{
		files:  one(`groups: [{name: g, rules: [` + rule + `]}]`),
		series: []string{series},
		steps:  90,
		events: map[int]event{step: {restart: down}},
	}
}

const held = `level 0 7x100`

var restoringScenarios = []scenario{
	{
		name:    "still pending",
		program: restarted(`{alert: A, expr: level > 6, for: 30m}`, held, 6, 5*time.Minute),
		shows:   []string{"sent {alertname=\"A\"} {} from 2000-01-01T00:38", "since 2000-01-01T00:08"},
	},
	{
		name:    "less than the grace period left",
		program: restarted(`{alert: A, expr: level > 6, for: 15m}`, held, 10, 5*time.Minute),
		shows:   []string{"sent {alertname=\"A\"} {} from 2000-01-01T00:26"},
	},
	{
		name:    "fired before",
		program: restarted(`{alert: A, expr: level > 6, for: 12m}`, held, 20, 5*time.Minute),
		shows:   []string{"sent {alertname=\"A\"} {} from 2000-01-01T00:27", "since 2000-01-01T00:01"},
	},
	{
		name:    "for shorter than the grace period",
		program: restarted(`{alert: A, expr: level > 6, for: 9m}, {alert: B, expr: level > 6}`, held, 9, 2*time.Minute),
		shows:   []string{"sent {alertname=\"A\"} {} from 2000-01-01T00:20", "sent {alertname=\"B\"} {} from 2000-01-01T00:11"},
	},
	{
		name:    "for as long as the grace period",
		program: restarted(`{alert: A, expr: level > 6, for: 10m}`, held, 20, 2*time.Minute),
		shows:   []string{"sent {alertname=\"A\"} {} from 2000-01-01T00:24"},
	},
	{
		name: "down for longer than the tolerance",
		program: program{
			files:    one(`groups: [{name: g, rules: [{alert: A, expr: level > 6, for: 30m}, {alert: B, expr: level > 6, for: 10m}]}]`),
			series:   []string{held},
			steps:    60,
			settings: settings{tolerance: 10 * time.Minute, grace: 2 * time.Minute},
			events:   map[int]event{15: {restart: 8*time.Minute + 50*time.Second}},
		},
		shows: []string{`alertname="A", alertstate="pending"`, `since 2000-01-01T00:24`},
	},
	{
		name:    "last sample is stale",
		program: restarted(`{alert: A, expr: level > 6, for: 20m}`, `level 7x8 0x4 7x100`, 10, 4*time.Minute),
		shows:   []string{`{__name__="ALERTS_FOR_STATE", alertname="A"} stale`, "since 2000-01-01T00:14"},
	},
	{
		name: "templated labels",
		program: restarted(`{alert: A, expr: level > 6, for: 30m, labels: {v: "{{ $value }}", none: "{{ $labels.none }}", s: x}}, {alert: A, expr: level > 6, for: 40m, labels: {s: y}}`,
			held, 6, 5*time.Minute),
		shows: []string{`since 2000-01-01T00:08`},
	},
	{
		name: "nothing is written before",
		program: program{
			files:    one(`groups: [{name: g, interval: 2m, rules: [{alert: A, expr: level > 6}, {alert: B, expr: level > 6, for: 15m}, {record: n, expr: count(ALERTS)}]}]`),
			series:   []string{held},
			steps:    40,
			restores: true,
			events:   map[int]event{10: {restart: time.Second}},
		},
		shows: []string{`sent {alertname="A"} {} from 2000-01-01T00:02`, `alertname="B", alertstate="firing"`},
	},
	{
		name: "query fails",
		program: program{
			files:    one(`groups: [{name: g, rules: [{alert: A, expr: level > 6, for: 15m}]}]`),
			series:   []string{held},
			steps:    40,
			settings: settings{noRestore: true},
			events:   map[int]event{10: {restart: time.Second}},
		},
		shows: []string{`since 2000-01-01T00:10`},
	},
	{
		name: "after query offset",
		program: program{
			files:  one(`groups: [{name: g, query_offset: 3m, rules: [{alert: A, expr: level > 6, for: 20m}]}]`),
			series: []string{held},
			steps:  60,
			events: map[int]event{12: {restart: 3 * time.Minute}},
		},
		shows: []string{`alertname="A", alertstate="pending"`, `sent {alertname="A"}`},
	},
	{
		name: "several alerts",
		program: program{
			files:  one(`groups: [{name: g, labels: {team: a}, rules: [{alert: A, expr: level > 6, for: 20m, labels: {sev: "{{ $labels.i }}"}}, {alert: A, expr: level > 8, for: 12m, labels: {sev: page}}, {alert: B, expr: level > 6, for: 30m}]}]`),
			series: []string{`level{i="1"} 7x100`, `level{i="2"} 0x5 9x100`, `level{i="3"} 0x16 7x100`, `level{i="4"} 9x6 0x8 7x100`},
			steps:  60,
			events: map[int]event{10: {restart: 5 * time.Minute}},
		},
		shows: []string{`alertname="A", alertstate="pending"`, `sent {alertname="A", i="2", sev="page"`},
	},
	{
		name:    "keep_firing_for is forgotten",
		program: restarted(`{alert: A, expr: level > 6, for: 10m, keep_firing_for: 30m}`, `level 7x14 0x10 7x30 0x40`, 18, 2*time.Minute),
		shows:   []string{"kept since"},
	},
	{
		name: "again and again",
		program: program{
			files:  one(`groups: [{name: g, rules: [{alert: A, expr: level > 6, for: 30m}, {alert: B, expr: level > 6, for: 11m}]}]`),
			series: []string{held},
			steps:  90,
			events: map[int]event{
				6: {restart: 2 * time.Minute}, 12: {restart: 90 * time.Second}, 15: {restart: time.Second},
				16: {restart: 10 * time.Minute}, 40: {restart: 3 * time.Minute},
			},
		},
		shows: []string{`alertname="A", alertstate="firing"`},
	},
}
