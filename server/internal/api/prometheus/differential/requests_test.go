package differential_test

import "strings"

// One sample each ten seconds. Loads rise and fall so that alerts come and go.
var series = `
	load{instance="a",zone="<x>"} 1x30 9x30 1x60 9x60
	load{instance="b",zone="y & z"} 9x60 _x20 9x100
	load{instance="ü \"q\"",zone=""} 0x10 8x10 0x10 8x10 0x10 8x90
	odd{v="nan"}` + strings.Repeat(" NaN", 181) + `
	odd{v="inf"}` + strings.Repeat(" -Inf", 181) + `
	odd{v="tiny"} 0.0000001x180
	h {{schema:0 count:3 sum:4 buckets:[1 2]}}x180
`

// Files and groups are in an order of their own, and not that of their names.
var files = map[string]string{
	"b.yml": `
groups:
- name: zeta
  interval: 20s
  labels: {team: "ops & <dev>", empty: ""}
  rules:
  - {record: "load:sum", expr: "sum by (zone) (load)", labels: {kind: sum}}
  - {alert: High, expr: "load > 5", for: 1m, keep_firing_for: 90s, labels: {severity: page, empty: ""},
     annotations: {summary: "{{ $labels.instance }} has {{ $value }}", text: "<b>\"é\"\u2028</b>"}}
  - {alert: High, expr: "load > 7", for: 2m30s, labels: {severity: ticket, team: "{{ $labels.zone }}"}}
- name: alpha
  limit: 1
  rules:
  - {record: "too:many", expr: "load"}
  - {alert: TooMany, expr: "load > 2"}
  - {record: "fine", expr: "vector(1)"}
- name: "name with ; and / é"
  interval: 1500ms
  query_offset: 30s
  rules:
  - {alert: Scalar, expr: "1", for: 1d, keep_firing_for: 1w, labels: {alertname: other}}
`,
	"a/b.yml": `
groups:
- name: broken
  interval: 45s
  rules:
  - {record: matrix, expr: "load[5m]"}
  - {record: text, expr: '"s"'}
  - {alert: Matching, expr: "load / on () load > 0"}
  - {record: same, expr: "load", labels: {instance: x, zone: y}}
  - {alert: Same, expr: "load", labels: {instance: x, zone: y}}
  - {alert: BadTemplate, expr: "load > 5", annotations: {bad: '{{ $labels.instance | humanize }}', worse: '{{ template "none" }}'}}
  - {record: ok, expr: "sum(load)"}
- name: values
  rules:
  - {alert: Odd, expr: "odd"}
  - {alert: Histogram, expr: "h", labels: {le: "1"}}
  - {record: 'odd.name "x"', expr: "h"}
`,
	"a-b.yml": `
groups:
- {name: empty, rules: []}
- {name: only, rules: [{record: "with:labels", expr: "sum(rate(load[5m]))", labels: {severity: page, a: b}}]}
`,
	"none.yml": "",
}

var requests = []string{
	"/alerts",
	"/alerts?type=record&match[]=x{",
	"/rules",
	"/rules?",
	"/rules?unknown=1&limit=x&start=y&time=z",

	"/rules?type=alert",
	"/rules?type=record",
	"/rules?type=ALERT",
	"/rules?type=Record&type=alert",
	"/rules?type=",
	"/rules?type=alerts",
	"/rules?type=alerting",
	"/rules?type=%3Cb%3E%22",
	"/rules?type=+alert",

	"/rules?exclude_alerts=true",
	"/rules?exclude_alerts=TRUE&type=alert",
	"/rules?exclude_alerts=t",
	"/rules?exclude_alerts=1",
	"/rules?exclude_alerts=0",
	"/rules?exclude_alerts=False",
	"/rules?exclude_alerts=",
	"/rules?exclude_alerts=yes",
	"/rules?exclude_alerts=YES%22",
	"/rules?exclude_alerts=2&type=x",
	"/rules?exclude_alerts=true&exclude_alerts=x",

	"/rules?rule_name[]=High",
	"/rules?rule_name[]=High&rule_name[]=fine&rule_name[]=none",
	"/rules?rule_name[]=",
	"/rules?rule_name[]=&rule_name[]=High",
	"/rules?rule_name[]=none",
	"/rules?rule_name=High",
	"/rules?rule_name%5B%5D=High&type=record",
	"/rules?rule_name[]=odd.name+%22x%22",
	"/rules?rule_group[]=alpha",
	"/rules?rule_group[]=alpha&rule_group[]=zeta",
	"/rules?rule_group[]=name+with+;+and+/+%C3%A9",
	"/rules?rule_group[]=name+with+%3B+and+/+%C3%A9",
	"/rules?rule_group[]=",
	"/rules?rule_group[]=Alpha",
	"/rules?file[]=rules/b.yml",
	"/rules?file[]=rules/b.yml&file[]=rules/a-b.yml&rule_group[]=only&rule_group[]=zeta",
	"/rules?file[]=b.yml",
	"/rules?file[]=",
	"/rules?file[]=rules/none.yml",
	"/rules?rule_group[]=alpha&rule_name[]=High",
	"/rules?rule_group[]=zeta&rule_name[]=High&file[]=rules/b.yml&type=alert&exclude_alerts=true&match[]={severity=%22page%22}",

	`/rules?match[]={severity="page"}`,
	`/rules?match[]={severity="page"}&match[]={a="b"}`,
	`/rules?match[]={severity="page",team=~"ops.*"}`,
	`/rules?match[]={severity=~"page|ticket"}`,
	`/rules?match[]={severity!=""}`,
	`/rules?match[]={severity!="page"}`,
	`/rules?match[]={severity!~"page"}`,
	`/rules?match[]={severity!="page",team!=""}`,
	`/rules?match[]={team="{{+$labels.zone+}}"}`,
	`/rules?match[]={empty=""}`,
	`/rules?match[]={empty="",severity="page"}`,
	`/rules?match[]={alertname="other"}`,
	`/rules?match[]={alertname="Scalar"}`,
	`/rules?match[]={__name__="High"}`,
	`/rules?match[]=High`,
	`/rules?match[]=High{severity="page"}`,
	`/rules?match[]={}`,
	`/rules?match[]=`,
	`/rules?match[]={severity="page"}&match[]={}`,
	`/rules?match[]={severity="page"`,
	`/rules?match[]={severity=~"("}`,
	`/rules?match[]={"severity"="page"}`,
	`/rules?match[]={"dotted.name"="x"}`,
	`/rules?match[]=up[5m]`,
	`/rules?match[]=up+offset+5m`,
	`/rules?match[]=rate(up[5m])`,
	`/rules?match[]={severity="page"}&match[]={severity="page"`,
	`/rules?match={severity="page"}`,

	"/rules?group_limit=1",
	"/rules?group_limit=2&type=alert",
	"/rules?group_limit=100",
	"/rules?group_limit=2147483647",
	"/rules?group_limit=2147483648",
	"/rules?group_limit=0",
	"/rules?group_limit=-1",
	"/rules?group_limit=1.5",
	"/rules?group_limit=x",
	"/rules?group_limit=",
	"/rules?group_limit=+1",
	"/rules?group_limit=%2B1",
	"/rules?group_limit=0x1",
	"/rules?group_limit=1_0",
	"/rules?group_limit=1&group_limit=x",
	"/rules?group_limit=99999999999999999999",
	"/rules?group_next_token=x",
	"/rules?group_next_token=",
	"/rules?group_limit=&group_next_token=x",
	"/rules?group_limit=1&group_next_token=",
	"/rules?group_limit=1&group_next_token=x",
	"/rules?group_limit=1&group_next_token=%27%3Cb%3E",
	"/rules?group_limit=0&group_next_token=x",
	"/rules?group_limit=x&group_next_token=x",
	"/rules?group_limit=1&group_next_token=" + strings.Repeat("0", 64),
	"/rules?group_limit=1&group_next_token=x&rule_group[]=none",

	// Which of several mistakes is told.
	"/rules?type=x&exclude_alerts=x",
	"/rules?exclude_alerts=x&group_limit=x",
	"/rules?type=x&match[]={",
	"/rules?type=x&group_limit=x&group_next_token=x",

	// Forms that cannot be read.
	"/rules?rule_name[]=%zz",
	"/rules?type=alert&x=%",
	"/rules?type=alert;x",
	"/rules?a;b",
	"/alerts?x=%zz",
	"/rules?" + strings.Repeat("&", 1000),
	"/rules?rule_name[]=High&" + strings.Repeat("rule_group[]=none&", 5000) + "rule_group[]=zeta",
	"/rules?rule_name[]=" + strings.Repeat("x", 100_000),
}
