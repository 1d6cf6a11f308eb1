package differential_test

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// The differences that cannot be made equal without saying all of them again: what
// comes of them first is written down here.
var onPurpose = []struct {
	row string // of docs/differences.md
	program
	differs []string // lines of the first step in which the engines differ
}{
	{
		row: "a deleted rule",
		program: program{
			files:  one(`groups: [{name: g, rules: [{alert: A, expr: level > 2}, {alert: B, expr: level > 2, for: 1h}, {alert: C, expr: level > 2}]}]`),
			series: []string{`level{i="a"} 3x20`, `level{i="b"} 3x20`},
			steps:  10,
			events: map[int]event{5: {reload: one(`groups: [{name: g, rules: [{alert: C, expr: level > 2}]}]`)}},
		},
		differs: []string{
			`ours:   2000-01-01T00:05:00.000000000 sent {alertname="A", i="a"} {} from 2000-01-01T00:00:02.184147877 until 2000-01-01T00:05:00.000000000 see http://cresset.example/sub/graph?g0.expr=level+%3E+2&g0.tab=1`,
			`ours:   2000-01-01T00:05:00.000000000 sent {alertname="A", i="b"} {} from 2000-01-01T00:00:02.184147877 until 2000-01-01T00:05:00.000000000 see http://cresset.example/sub/graph?g0.expr=level+%3E+2&g0.tab=1`,
		},
	},
	{
		row: "a rule that moves",
		program: program{
			files:  one(`groups: [{name: g, rules: [{alert: A, expr: level > 2, for: 2m}]}, {name: h, rules: [{record: r, expr: level}]}]`),
			series: []string{`level 3x20`},
			steps:  10,
			events: map[int]event{5: {reload: one(`groups: [{name: g, rules: []}, {name: h, rules: [{record: r, expr: level}, {alert: A, expr: level > 2, for: 2m}]}]`)}},
		},
		differs: []string{
			`theirs: r.yml;h rule 1 A: alerting level > 2 {} {} for 2m0s keeping 0s, pending, health ok error "", evaluated 2000-01-01T00:05:29.673433928 in 0s`,
			`theirs: r.yml;h rule 1 A: alert {alertname="A"} {} pending value 3 since 2000-01-01T00:05:29.673433928 kept since never`,
			`ours:   r.yml;h rule 1 A: alerting level > 2 {} {} for 2m0s keeping 0s, firing, health ok error "", evaluated 2000-01-01T00:05:29.673433928 in 0s`,
			`ours:   r.yml;h rule 1 A: alert {alertname="A"} {} firing value 3 since 2000-01-01T00:00:02.184147877 kept since never`,
			`ours:   2000-01-01T00:05:29.673433928 sent {alertname="A"} {} from 2000-01-01T00:02:02.184147877 until 2000-01-01T00:09:29.673433928 see http://cresset.example/sub/graph?g0.expr=level+%3E+2&g0.tab=1`,
			`theirs: 2000-01-01T00:05:02.184000000 {__name__="ALERTS", alertname="A", alertstate="firing"} stale`,
			`theirs: 2000-01-01T00:05:02.184000000 {__name__="ALERTS_FOR_STATE", alertname="A"} stale`,
			`theirs: 2000-01-01T00:05:29.673000000 {__name__="ALERTS", alertname="A", alertstate="pending"} 1`,
			`theirs: 2000-01-01T00:05:29.673000000 {__name__="ALERTS_FOR_STATE", alertname="A"} 9.46685129e+08`,
			`ours:   2000-01-01T00:05:29.673000000 {__name__="ALERTS", alertname="A", alertstate="firing"} 1`,
			`ours:   2000-01-01T00:05:29.673000000 {__name__="ALERTS_FOR_STATE", alertname="A"} 9.46684802e+08`,
		},
	},
	{
		row: "a rule with another label",
		program: program{
			files:  one(`groups: [{name: g, rules: [{alert: A, expr: level > 2, for: 2m}]}]`),
			series: []string{`level 3x20`},
			steps:  10,
			events: map[int]event{5: {reload: one(`groups: [{name: g, rules: [{alert: A, expr: level > 2, for: 2m, labels: {sev: page}}]}]`)}},
		},
		differs: []string{
			`theirs: r.yml;g rule 0 A: alerting level > 2 {sev="page"} {} for 2m0s keeping 0s, pending, health ok error "", evaluated 2000-01-01T00:05:02.184147877 in 0s`,
			`theirs: r.yml;g rule 0 A: alert {alertname="A", sev="page"} {} pending value 3 since 2000-01-01T00:05:02.184147877 kept since never`,
			`ours:   r.yml;g rule 0 A: alerting level > 2 {sev="page"} {} for 2m0s keeping 0s, firing, health ok error "", evaluated 2000-01-01T00:05:02.184147877 in 0s`,
			`ours:   r.yml;g rule 0 A: alert {alertname="A", sev="page"} {} firing value 3 since 2000-01-01T00:00:02.184147877 kept since never`,
			`ours:   2000-01-01T00:05:02.184147877 sent {alertname="A", sev="page"} {} from 2000-01-01T00:02:02.184147877 until 2000-01-01T00:09:02.184147877 see http://cresset.example/sub/graph?g0.expr=level+%3E+2&g0.tab=1`,
			`ours:   2000-01-01T00:05:02.184147877 sent {alertname="A"} {} from 2000-01-01T00:02:02.184147877 until 2000-01-01T00:05:02.184147877 see http://cresset.example/sub/graph?g0.expr=level+%3E+2&g0.tab=1`,
			`theirs: 2000-01-01T00:05:02.184000000 {__name__="ALERTS", alertname="A", alertstate="pending", sev="page"} 1`,
			`theirs: 2000-01-01T00:05:02.184000000 {__name__="ALERTS_FOR_STATE", alertname="A", sev="page"} 9.46685102e+08`,
			`ours:   2000-01-01T00:05:02.184000000 {__name__="ALERTS", alertname="A", alertstate="firing", sev="page"} 1`,
			`ours:   2000-01-01T00:05:02.184000000 {__name__="ALERTS_FOR_STATE", alertname="A", sev="page"} 9.46684802e+08`,
		},
	},
	{
		row: "a reload before alerts are restored",
		program: program{
			files:  one(`groups: [{name: g, rules: [{alert: A, expr: level > 2, for: 30m}]}]`),
			series: []string{`level 3x40`},
			steps:  20,
			events: map[int]event{
				10: {restart: 30 * time.Second},
				11: {reload: one(`groups: [{name: g, rules: [{alert: A, expr: level > 1, for: 30m}]}]`)},
			},
		},
		differs: []string{
			`theirs: prometheus_rule_group_last_evaluation_samples["rule_group=r.yml;g"]2`,
			`ours:   prometheus_rule_group_last_evaluation_samples["rule_group=r.yml;g"]0`,
			`theirs: 2000-01-01T00:11:02.184000000 {__name__="ALERTS", alertname="A", alertstate="pending"} 1`,
			`theirs: 2000-01-01T00:11:02.184000000 {__name__="ALERTS_FOR_STATE", alertname="A"} 9.46685462e+08`,
		},
	},
	{
		row: "a slot that passes while a reload waits for an evaluation",
		program: program{
			files:    one(`groups: [{name: g, rules: [{record: r, expr: level + 1}, {record: s, expr: level}]}]`),
			series:   []string{`level 3x40`},
			steps:    10,
			settings: settings{slow: map[string]time.Duration{"+ 1": 65 * time.Second}},
			events:   map[int]event{5: {reload: one(`groups: [{name: g, rules: [{record: r, expr: level + 2}, {record: s, expr: level}]}]`)}},
		},
		differs: []string{
			`theirs: r.yml;g: every 1m0s, limit 0, evaluated 2000-01-01T00:04:22.184147877 in 1m5s`,
			`theirs: r.yml;g rule 0 r: recording level + 2 {} {} for 0s keeping 0s, , health unknown error "", evaluated never in 0s`,
			`theirs: r.yml;g rule 1 s: recording level {} {} for 0s keeping 0s, , health unknown error "", evaluated never in 0s`,
			`ours:   r.yml;g: every 1m0s, limit 0, evaluated 2000-01-01T00:05:27.184147877 in 0s`,
			`ours:   r.yml;g rule 0 r: recording level + 2 {} {} for 0s keeping 0s, , health ok error "", evaluated 2000-01-01T00:05:27.184147877 in 0s`,
			`ours:   r.yml;g rule 1 s: recording level {} {} for 0s keeping 0s, , health ok error "", evaluated 2000-01-01T00:05:27.184147877 in 0s`,
			`theirs: prometheus_rule_evaluation_duration_histogram_seconds[] count 9 sum 325 schema 3 buckets 0.01:4 0.1:4 1:4 10:4`,
			`theirs: prometheus_rule_evaluation_duration_seconds[] count 9 sum 325`,
			`theirs: prometheus_rule_evaluations_total["rule_group=r.yml;g"]9`,
			`theirs: prometheus_rule_group_duration_histogram_seconds[] count 5 sum 325 schema 3 buckets 0.01:0 0.1:0 1:0 10:0`,
			`theirs: prometheus_rule_group_duration_seconds[] count 5 sum 325`,
			`theirs: prometheus_rule_group_iterations_total["rule_group=r.yml;g"]5`,
			`theirs: prometheus_rule_group_last_duration_seconds["rule_group=r.yml;g"]65`,
			`theirs: prometheus_rule_group_last_evaluation_timestamp_seconds["rule_group=r.yml;g"]9.466850621841478e+08`,
			`theirs: prometheus_rule_group_last_rule_duration_sum_seconds["rule_group=r.yml;g"]65`,
			`ours:   prometheus_rule_evaluation_duration_histogram_seconds[] count 11 sum 325 schema 3 buckets 0.01:6 0.1:6 1:6 10:6`,
			`ours:   prometheus_rule_evaluation_duration_seconds[] count 11 sum 325`,
			`ours:   prometheus_rule_evaluations_total["rule_group=r.yml;g"]11`,
			`ours:   prometheus_rule_group_duration_histogram_seconds[] count 6 sum 325 schema 3 buckets 0.01:1 0.1:1 1:1 10:1`,
			`ours:   prometheus_rule_group_duration_seconds[] count 6 sum 325`,
			`ours:   prometheus_rule_group_iterations_total["rule_group=r.yml;g"]6`,
			`ours:   prometheus_rule_group_last_duration_seconds["rule_group=r.yml;g"]0`,
			`ours:   prometheus_rule_group_last_evaluation_timestamp_seconds["rule_group=r.yml;g"]9.466851271841478e+08`,
			`ours:   prometheus_rule_group_last_rule_duration_sum_seconds["rule_group=r.yml;g"]0`,
			`ours:   2000-01-01T00:05:02.184000000 {__name__="r"} 5`,
			`ours:   2000-01-01T00:05:02.184000000 {__name__="s"} 3`,
		},
	},
	{
		row: "a group that is changed, and removed before it is evaluated again",
		program: program{
			files:  one(`groups: [{name: g, interval: 2m, rules: [{record: r, expr: level}]}]`),
			series: []string{`level 3x40`},
			steps:  20,
			events: map[int]event{
				5: {reload: one(`groups: [{name: g, interval: 2m, rules: [{record: r, expr: level + 1}]}]`)},
				6: {reload: one(`groups: []`)},
			},
		},
		differs: []string{
			`ours:   2000-01-01T00:06:00.000000000 {__name__="r"} stale`,
		},
	},
	{
		row: "one of several rules with the same name and labels goes, while the others fail",
		program: program{
			files:  one(`groups: [{name: g, rules: [{record: r, expr: level}, {record: r, expr: level > 5}]}]`),
			series: []string{`level 3x40`},
			steps:  10,
			events: map[int]event{
				4: {fail: map[string]string{"level": "not now"}},
				5: {reload: one(`groups: [{name: g, rules: [{record: r, expr: level}]}]`)},
			},
		},
		differs: []string{
			`theirs: 2000-01-01T00:05:02.184000000 {__name__="r"} stale`,
		},
	},
}

func TestOnPurpose(t *testing.T) {
	for _, d := range onPurpose {
		t.Run(d.row, func(t *testing.T) {
			r := run(t, &d.program)
			var got []string
			for line := range strings.Lines(r.differs) {
				if line = strings.TrimSpace(line); strings.HasPrefix(line, "theirs: ") || strings.HasPrefix(line, "ours: ") {
					got = append(got, line)
				}
			}
			if !slices.Equal(got, d.differs) {
				t.Errorf("the engines differ in\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(d.differs, "\n"))
			}
		})
	}
}
