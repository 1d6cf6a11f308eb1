package simulate_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cresset-metrics/cresset/server/internal/simulate"
)

// The report shows only what differs, with what was expected above what was found.
func TestReport(t *testing.T) {
	files := run(t, simulate.Options{}, "testdata/ours/report.yml", "testdata/good/order.yml", "testdata/bad/order.yml")
	want, err := os.ReadFile("testdata/ours/report.txt")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	r := simulate.Report{Out: &got, Err: &got}
	for _, f := range files {
		r.File(f)
	}
	r.Coverage(files)
	r.Sum(files)
	if got.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

func TestReportInColour(t *testing.T) {
	f := run(t, simulate.Options{}, "testdata/ours/report.yml")[0]
	var text strings.Builder
	simulate.Report{Out: &text, Err: &text, Color: true}.File(f)
	for _, want := range []string{"\x1b[31m-   value: 3\x1b[0m\n", "\x1b[32m+   value: 2\x1b[0m\n"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("got %q, want %q in it", text.String(), want)
		}
	}
}

// Nothing of a file reaches the terminal as a command.
func TestReportOfControlCharacters(t *testing.T) {
	path := write(t, map[string]string{
		"rules.yml": "groups: [{name: g, rules: [{alert: A, expr: vector(1), annotations: {a: \"\\e[2J\"}}]}]\n",
		"test.yml":  "rule_files: [rules.yml]\ntests: [{name: \"\\e[1m\", alert_rule_test: [{alertname: A}, {alertname: \"\\e[0m\", exp_alerts: [{}]}]}]\n",
	})
	if got := reportOf(run(t, simulate.Options{}, path)...); strings.ContainsRune(got, '\x1b') {
		t.Errorf("got %q, want no escape in it", got)
	}
}

func TestCoverage(t *testing.T) {
	files := run(t, simulate.Options{}, "testdata/ours/external.yml", "testdata/ours/pending.yml", "testdata/good/alerts.yml")
	type use struct{ rule, missing string }
	var got []use
	for _, u := range simulate.Coverage(files) {
		got = append(got, use{u.Group + "/" + u.Name, u.Missing()})
	}
	want := []use{
		{"links/Link", ""},
		{"links/loaves:never", "never gives a sample"},
		{"links/NeverFires", "never pending, never firing"},
		{"links/NotCompared", "fires, but no test compares its alerts"},
		{"alerts/OvenTooHot", ""},
		{"alerts/OvenOff", ""},
		{"alerts/OvenAny", ""},
		{"temperature/oven:celsius:avg", ""},
		{"temperature/oven:celsius:max5m", ""},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
}

// What is pending only, and rules of tests that were not run, are told apart.
func TestCoverageOfPending(t *testing.T) {
	path := write(t, map[string]string{
		"rules.yml": "groups:\n- name: g\n  rules:\n  - {alert: A, expr: loaves, for: 1h}\n  - {alert: B, expr: loaves > 5, for: 1h}\n  - {record: same, expr: loaves, labels: {a: b}}\n  - {record: same, expr: loaves > 5, labels: {a: c}}\n",
		"test.yml":  "rule_files: [rules.yml]\ntests: [{input_series: [{series: loaves, values: 1}]}]\n",
	})
	var got []string
	for _, u := range simulate.Coverage(run(t, simulate.Options{}, path)) {
		got = append(got, u.Missing())
	}
	want := []string{"pending, never firing, not compared", "never pending, never firing, not compared", "", "never gives a sample"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
