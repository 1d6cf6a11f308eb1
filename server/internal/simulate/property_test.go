package simulate_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/server/internal/simulate"
)

// Random rules over random series get the same verdict as from promtool, in each
// test for itself: with random expectations, which are mostly wrong, and with those
// that say exactly what is there.
func TestRandomVerdicts(t *testing.T) {
	p := newPeer(t)
	passed, failed := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "test.yml")
		write := func(path, content string) {
			r.Logf("%s:\n%s", path, content)
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(filepath.Join(dir, "rules.yml"), drawRules(r))
		header, items := drawTests(r)
		compare := func() {
			write(path, header+strings.Join(each(items, item.String), ""))
			// Where a rule fails, how many others fail with it is not the same: what
			// became of its series is one of the documented differences.
			f := sameVerdicts(r, p, []string{path}, []string{path})[0]
			if f.Err != nil {
				r.Fatal(f.Err)
			}
			for _, test := range f.Tests {
				if len(test.Failures) == 0 {
					passed++
				} else {
					failed++
				}
			}
		}
		compare()

		for i := range items {
			items[i].expected = ""
		}
		write(path, header+strings.Join(each(items, item.String), ""))
		for i, test := range run(r, simulate.Options{}, path)[0].Tests {
			for _, failure := range test.Failures {
				items[i].expected = found(r, items[i].alerts, failure.Detail.Lines())
			}
		}
		compare()
	})
	t.Logf("%d tests passed, %d failed", passed, failed)
	if passed == 0 || failed == 0 {
		t.Error("want some that pass and some that fail")
	}
}

func each[T, U any](all []T, f func(T) U) []U {
	out := make([]U, len(all))
	for i, v := range all {
		out[i] = f(v)
	}
	return out
}

// item is a test with one thing that it looks at.
type item struct {
	before   string // as YAML, up to the expectations
	alerts   bool   // of alerts; else of samples
	expected string // as YAML: a list of alerts or samples
}

func (i item) String() string { return i.before + i.expected }

// found turns what is there, and was not expected, into expectations.
func found(t testingT, alerts bool, lines []simulate.Line) string {
	var b strings.Builder
	annotations := map[string]string{}
	flush := func() {
		if len(annotations) > 0 {
			fmt.Fprintf(&b, "      exp_annotations: %s\n", asYAML(t, annotations))
			clear(annotations)
		}
	}
	for _, line := range lines {
		name, value, isFact := strings.Cut(strings.TrimPrefix(line.Text, "  "), ": ")
		if text, err := strconv.Unquote(value); err == nil {
			value = text
		}
		switch {
		case !strings.HasPrefix(line.Text, "  "):
			flush()
			ls, err := parser.NewParser(parser.Options{}).ParseMetric(line.Text)
			if err != nil {
				t.Fatal(err)
			}
			if alerts {
				fmt.Fprintf(&b, "    - exp_labels: %s\n", asYAML(t, ls.Map()))
			} else {
				fmt.Fprintf(&b, "    - labels: %s\n", asYAML(t, line.Text))
			}
		case !isFact:
			t.Fatalf("%q is not a fact", line.Text)
		case name == "value" || name == "histogram":
			fmt.Fprintf(&b, "      %s: %s\n", name, yamlNumbers.Replace(asYAML(t, value)))
		case strings.HasPrefix(name, "annotation "):
			annotations[strings.TrimPrefix(name, "annotation ")] = value
		}
	}
	flush()
	return b.String()
}

// yamlNumbers takes the quotes away from numbers, and gives them YAML's names.
var yamlNumbers = strings.NewReplacer(`"NaN"`, ".nan", `"+Inf"`, ".inf", `"-Inf"`, "-.inf", `"{`, `"{`, `}"`, `}"`, `"`, "")

func asYAML(t testingT, v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func pick(r *rapid.T, of ...string) string { return rapid.SampledFrom(of).Draw(r, "pick") }

func number(r *rapid.T, least, most int) int { return rapid.IntRange(least, most).Draw(r, "number") }

// maybe returns the text in half of all cases.
func maybe(r *rapid.T, text string) string { return pick(r, text, "") }

func drawRules(r *rapid.T) string {
	var b strings.Builder
	b.WriteString("groups:\n")
	for _, group := range []string{"one", "two"} {
		fmt.Fprintf(&b, "- name: %s\n", group)
		b.WriteString(maybe(r, maybe(r, fmt.Sprintf("  limit: %d\n", number(r, 1, 3)))))
		b.WriteString(maybe(r, fmt.Sprintf("  query_offset: %s\n", pick(r, "1m", "30s", "0s"))))
		b.WriteString(maybe(r, fmt.Sprintf("  interval: %s\n", pick(r, "10m", "1s"))))
		b.WriteString(maybe(r, fmt.Sprintf("  labels: {team: %s}\n", pick(r, "day", "night"))))
		b.WriteString("  rules:\n")
		for range number(r, 1, 3) {
			if rapid.Bool().Draw(r, "alert") {
				drawAlert(r, &b)
			} else {
				fmt.Fprintf(&b, "  - record: %s\n    expr: %s\n", pick(r, "r:x", "r:y"), drawExpr(r))
				b.WriteString(maybe(r, fmt.Sprintf("    labels: {shelf: %s}\n", pick(r, "low", "''"))))
			}
		}
	}
	return b.String()
}

func drawAlert(r *rapid.T, b *strings.Builder) {
	fmt.Fprintf(b, "  - alert: %s\n    expr: %s\n", pick(r, "A", "B"), drawExpr(r))
	b.WriteString(maybe(r, fmt.Sprintf("    for: %s\n", pick(r, "1m", "2m"))))
	b.WriteString(maybe(r, fmt.Sprintf("    keep_firing_for: %s\n", pick(r, "1m", "2m"))))
	// No label expands to nothing: what ALERTS has then is one of the documented
	// differences.
	b.WriteString(maybe(r, fmt.Sprintf("    labels: {shelf: %s}\n", pick(r, "low", "'{{ $value }}'", "'{{ $labels.shelf }}.'", "'{{ if gt $value 1.0 }}low{{ else }}high{{ end }}'"))))
	b.WriteString(maybe(r, fmt.Sprintf("    annotations: {note: %s}\n", pick(r, "x", "'{{ $value }}'", "'{{ $externalLabels.site }}'", `'{{ query "loaves" | len }}'`))))
}

func drawExpr(r *rapid.T) string {
	return pick(r, "loaves", "loaves > 1", "sum(loaves)", "max by (shelf) (loaves) >= 1", "count_over_time(loaves[2m])", "r:x", "r:x > 0", "absent(loaves)",
		"rate(loaves[2m])", "histogram_count(loaves)", "loaves * on() group_left vector(2)", `ALERTS{alertstate="firing"}`, "loaves offset 1m", "count_over_time(loaves[2m:])", "loaves and on() r:x")
}

func drawTests(r *rapid.T) (header string, items []item) {
	header = "rule_files: [rules.yml]\ngroup_eval_order: [one, two]\n" +
		fmt.Sprintf("evaluation_interval: %s\n", pick(r, "1m", "30s", "45s")) +
		maybe(r, "fuzzy_compare: true\n") + "tests:\n"
	for range 3 {
		items = append(items, drawTest(r))
	}
	return header, items
}

func drawTest(r *rapid.T) item {
	var b, expected strings.Builder
	fmt.Fprintf(&b, "- interval: %s\n", pick(r, "1m", "30s", "90s"))
	b.WriteString(maybe(r, fmt.Sprintf("  start_timestamp: %s\n", pick(r, "1000", "2024-02-29T12:00:00Z", "-60.5"))))
	b.WriteString(maybe(r, "  external_labels: {site: north}\n"))
	b.WriteString("  input_series:\n")
	for _, shelf := range []string{"low", "high"} {
		var values []string
		for range number(r, 0, 5) {
			values = append(values, pick(r, "0", "1", "2", "3", "_", "_x2", "stale", "1x2", "0+1x3", "3-1x2", "NaN", "{{count:1 sum:1 buckets:[1]}}", "{{count:1 buckets:[1]}}x2", "{{count:2 buckets:[2]}}+{{count:2 buckets:[2]}}x2"))
		}
		fmt.Fprintf(&b, "  - {series: 'loaves{shelf=%q}', values: '%s'}\n", shelf, strings.Join(values, " "))
	}
	at := pick(r, "0s", "1m", "90s", "2m", "3m", "4m30s")
	if rapid.Bool().Draw(r, "alert") {
		fmt.Fprintf(&b, "  alert_rule_test:\n  - eval_time: %s\n    alertname: %s\n    exp_alerts:\n", at, pick(r, "A", "B"))
		for range number(r, 0, 2) {
			fmt.Fprintf(&expected, "    - exp_labels: {%s%s}\n", maybe(r, "shelf: "+pick(r, "low", "high")+", "), maybe(r, "team: "+pick(r, "day", "night")))
			expected.WriteString(maybe(r, fmt.Sprintf("      exp_annotations: {note: %s}\n", pick(r, "x", "1", "2", "''"))))
		}
		return item{b.String(), true, expected.String()}
	}
	fmt.Fprintf(&b, "  promql_expr_test:\n  - eval_time: %s\n    expr: '%s'\n    exp_samples:\n", at,
		pick(r, "count(loaves) or vector(0)", "ALERTS", "r:x", "sum(r:x) or vector(0)", "loaves", "sum(loaves)", "max_over_time(r:y[5m])", "ALERTS_FOR_STATE"))
	for range number(r, 0, 2) {
		fmt.Fprintf(&expected, "    - {labels: '%s', value: %d}\n", pick(r, "", "{}", `loaves{shelf="low"}`, `loaves{shelf="high"}`), number(r, 0, 3))
	}
	return item{b.String(), false, expected.String()}
}
