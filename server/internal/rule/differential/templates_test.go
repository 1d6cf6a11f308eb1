package differential_test

import (
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// annotated is a rule file with one alert that has a text as each annotation.
func annotated(texts string) files {
	var b strings.Builder
	b.WriteString("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: level\n    labels: {job: '{{ $labels.job | toUpper }}'}\n    annotations:\n")
	for i, text := range strings.Split(strings.TrimSpace(texts), "\n") {
		fmt.Fprintf(&b, "      a%d: '%s'\n", i, strings.ReplaceAll(strings.TrimSpace(text), "'", "''"))
	}
	return one(b.String())
}

var templateSeries = []string{
	`level{i="a",job="j",instance="web-1.example.org:8080"} 1 0.5 1234567 NaN -1.5e-7 Inf -3 86461.25 0 1e300 1700000000`,
	`other{i="b",instance="10.0.0.1:80"} 5x20`, `other{i="a",instance="[::1]:80"} 4x20`, `other{i="c",instance="plain"} 3x20`,
}

var templateScenarios = []scenario{
	{
		name: "functions",
		program: program{
			files: annotated(`
{{ query "other" | first | value }}
{{ query "other" | sortByLabel "i" | first | label "instance" }}
{{ range query "other" | sortByLabel "instance" }}{{ .Labels.i }}={{ .Value }} {{ end }}
{{ query "other" | first | strvalue }}
{{ with args 1 "b" $value }}{{ .arg0 }}{{ .arg1 }}{{ .arg2 }}{{ end }}
{{ reReplaceAll "([a-z]+)-(\\d)" "$2.$1" $labels.instance }}
{{ safeHtml "<b>" }}
{{ match "web.*" $labels.instance }} {{ match "^x" $labels.instance }}
{{ title "hello wOrld" }} {{ toUpper "abc" }} {{ toLower "ABC" }}
{{ graphLink "up == 0" }} {{ tableLink "up{a=\"b\"}" }}
{{ range query "other" | sortByLabel "i" }}{{ .Labels.instance | stripPort }} {{ .Labels.instance | stripDomain }}, {{ end }}
{{ stripPort $labels.instance }} {{ stripDomain $labels.instance }}
{{ humanize $value }} {{ humanize "12345" }} {{ humanize 0.00012 }}
{{ humanize1024 $value }} {{ humanize1024 123456789.0 }}
{{ humanizeDuration $value }} {{ humanizeDuration "0.123" }} {{ humanizeDuration 100000 }}
{{ humanizePercentage $value }} {{ humanizePercentage 0.1234567 }}
{{ humanizeTimestamp $value }}
{{ $value | toTime }}
{{ (1700000000.5 | toTime).Year }}
{{ toDuration 61.5 }}
{{ now }} {{ (now | toTime).Minute }}
{{ pathPrefix }} {{ externalURL }}
{{ parseDuration "1h30m" }} {{ parseDuration "-5m" }}
{{ urlQueryEscape "a b&c=d" }}
{{ printf "%.2f %q %v" $value $labels.job $labels }}
{{ len $labels }} {{ index $labels "i" }} {{ eq $labels.i "a" }} {{ and true $labels.none }} {{ html "<" }} {{ js "'" }} {{ urlquery "a b" }}
`),
			series: templateSeries,
			steps:  14,
		},
		shows: []string{`a8="Hello WOrld ABC abc"`, `a22="5400 -300"`, `a11="web-1.example.org web-1:8080"`, `a5="1.web.example.org:8080"`, `a12="1 `},
	},
	{
		name: "data",
		program: program{
			files: annotated(`
{{ $labels.job }} {{ .Labels.job }} {{ $labels.none }} {{ $labels.__name__ }} {{ $labels.alertname }}
{{ $value }} {{ .Value }} {{ . }}
{{ $externalLabels.cluster }} {{ .ExternalLabels.none }} {{ $externalURL }} {{ .ExternalURL }}
{{ define "x" }}[{{ . }}]{{ end }}{{ template "x" $value }}
{{ if gt $value 1.0 }}more{{ else }}less{{ end }} {{- /* a comment */ -}} end
no template
}} {
`),
			series:   templateSeries,
			steps:    14,
			settings: settings{external: labels.FromStrings("cluster", "c1")},
		},
		shows: []string{`a0="j j  level "`, `a2="c1  http://cresset.example/sub http://cresset.example/sub"`, `a5="no template"`},
	},
	{
		name: "queries",
		program: program{
			files: annotated(`
{{ range query "sum(other)" }}{{ .Value }} {{ .Labels }}{{ end }} {{ query "nothing" }} {{ len (query "other") }}
{{ query "time()" | first | value }}
{{ query "level offset 1m" | first | value }}
{{ query "h" | first | value }}
{{ range query "count by (i) (other)" }}{{ .Labels }}{{ end }}
{{ query (printf "other{i=%q}" $labels.i) | first | value | humanize }}
`),
			series:   append([]string{`h {{schema:1 sum:10 count:4 buckets:[1 2 1]}}x20`}, templateSeries...),
			steps:    14,
			settings: settings{offset: 0},
		},
		shows: []string{`a0="12 map[] [] 3"`},
	},
	{
		name: "failures",
		program: program{
			files: annotated(`
{{ query "nothing" | first | value }}
{{ query "level +" }}
{{ query "level[5m]" }}
{{ reReplaceAll "(" "" "x" }}
{{ match "(" "x" }}
{{ humanize "abc" }}
{{ $value.Foo }}
{{ toTime 1e300 }}
{{ parseDuration "abc" }}
{{ template "none" }}
{{ index $labels 1 }}
{{ printf "%d" }} {{ slice "abc" 5 }}
`),
			series: templateSeries,
			steps:  14,
		},
		shows: []string{"<error expanding template: error executing template __alert_A:"},
	},
}
