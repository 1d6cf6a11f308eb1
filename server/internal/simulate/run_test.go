package simulate_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cresset-metrics/cresset/server/internal/simulate"
)

// write writes files into a folder of their own and returns the path of test.yml.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "test.yml")
}

func testFile(t testing.TB, content string) string {
	t.Helper()
	return write(t, map[string]string{"test.yml": content})
}

func wantOutcome(t *testing.T, f *simulate.File, want ...string) {
	t.Helper()
	got := outcome(f)
	for i := range got {
		got[i] = strings.ReplaceAll(got[i], filepath.Dir(f.Path)+"/", "")
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestErrorsHavePositions(t *testing.T) {
	tests := []struct {
		file string
		want []string
	}{
		{"glob.yml", []string{`glob.yml:1:14: rule_files: bad pattern "[": syntax error in pattern`}},
		{"order.yml", []string{"order.yml:1:26: group name repeated in evaluation order: a"}},
		{"yaml-duration.yml", []string{
			`yaml-duration.yml:2:15: interval: unknown unit " minutes" in duration "5 minutes"`,
			`yaml-duration.yml:4:21: eval_time: not a valid duration string: "soon"`,
			`yaml-duration.yml:5:22: evaluation_interval: not a valid duration string: "1"`,
		}},
		{"yaml-labels.yml", []string{"yaml-labels.yml:2:3: cannot unmarshal !!seq into string"}},
		{"yaml-latin1.yml", []string{"yaml-latin1.yml:1:20: invalid trailing UTF-8 octet"}},
		{"yaml-list.yml", []string{"yaml-list.yml:1:1: cannot unmarshal !!seq into a test file"}},
		{"yaml-loop.yml", []string{"yaml-loop.yml:2:5: unknown field input_series in an input series"}},
		{"yaml-start.yml", []string{`yaml-start.yml:2:22: cannot parse "yesterday" to a valid timestamp`}},
		{"yaml-syntax.yml", []string{"yaml-syntax.yml:2: did not find expected node content"}},
		{"yaml-twice.yml", []string{"yaml-twice.yml:2:1: field tests is there twice in a test file"}},
		{"yaml-types.yml", []string{
			"yaml-types.yml:1:8: cannot unmarshal !!int `5` into a list of tests",
			"yaml-types.yml:2:16: cannot unmarshal !!str `maybe` into bool",
		}},
		{"yaml-unknown.yml", []string{
			"yaml-unknown.yml:2:5: unknown field nmae in a test",
			"yaml-unknown.yml:3:21: unknown field serie in an input series",
			"yaml-unknown.yml:4:39: unknown field alertnam in an alert test",
		}},
		{"none.yml", []string{"none.yml: no such file or directory"}},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			wantOutcome(t, run(t, simulate.Options{}, filepath.Join("testdata/bad", test.file))[0], test.want...)
		})
	}
}

func TestBadSeries(t *testing.T) {
	wantOutcome(t, run(t, simulate.Options{}, "testdata/bad/series.yml")[0],
		`no metric: series.yml:3:41: series "": 1:1: parse error: unexpected number "1" in series values`,
		`unclosed: series.yml:5:48: series "a{b=\"c\"": 1:9: parse error: unexpected character inside braces: '1'`,
		`no values: series.yml:7:40: series "a": 1:3: parse error: unexpected "x"`,
		`comma: series.yml:9:40: series "a": 1:4: parse error: unexpected character in series sequence: ','`,
		`hexadecimal repetition: series.yml:11:40: series "a": 1:6: parse error: unexpected "x"`,
		`histogram: series.yml:13:40: series "a": 1:14: parse error: bad histogram descriptor found: "cuont"`,
		`schemas: series.yml:15:40: series "a": 1:69: parse error: error combining histograms: cannot merge from schema 1 to 2`,
		`custom buckets that do not rise: series.yml:17:40: series {__name__="a"}: storing its sample number 1: custom buckets: previous bound is 4.000000 and current is 2.000000: histogram custom bounds must be in strictly increasing order`,
		"fine: passed",
	)
}

func TestLimits(t *testing.T) {
	path := testFile(t, `
evaluation_interval: 1ms
tests:
  - name: one series
    input_series: [{series: a, values: 1+1x100000000000}]
  - name: beyond any number
    input_series: [{series: a, values: 1x18446744073709551616}]
  - name: gaps
    input_series: [{series: a, values: _x9999999}]
  - name: histograms
    input_series: [{series: a, values: '{{count:1}}+{{count:1}}x6000000'}]
  - name: many series
    input_series: [{series: a, values: 1x3000000}, {series: b, values: 1x3000000}]
  - name: no values
    input_series: [{series: 'a_x99999999999{b_x99999999999="1x99999999999"}', values: 1}]
  - name: expected
    promql_expr_test: [{expr: 1, exp_samples: [{histogram: '{{count:1}}x99999999999'}]}]
  - name: evaluations
    promql_expr_test: [{expr: 1, eval_time: 1y}]
`)
	const series = `test.yml:%d: series %q: the input series have more than 5000000 samples: use fewer, or a longer interval`
	at := func(line, column int) string { return fmt.Sprintf("%d:%d", line, column) }
	say := func(where, name string) string {
		return strings.Replace(fmt.Sprintf(series, 0, name), "test.yml:0", "test.yml:"+where, 1)
	}
	wantOutcome(t, run(t, simulate.Options{}, path)[0],
		"one series: "+say(at(5, 40), "a"),
		"beyond any number: "+say(at(7, 40), "a"),
		"gaps: "+say(at(9, 40), "a"),
		"histograms: "+say(at(11, 40), "a"),
		"many series: "+say(at(13, 72), "b"),
		"no values: passed",
		`expected: test.yml:17:48: expr: "1", time: 0s: labels "": expected 1 value, got millions`,
		"evaluations: test.yml:18:5: the test would evaluate its rules 31536000001 times; at most 10000000 are allowed: use a longer evaluation_interval, or an earlier eval_time",
	)
}

func TestRunSelectsByName(t *testing.T) {
	path := testFile(t, "tests: [{name: bread}, {name: rolls}, {}, {name: rye bread}]\n")
	for pattern, want := range map[string][]string{
		"bread":       {"bread: passed", "rye bread: passed"},
		"^bread|ol":   {"bread: passed", "rolls: passed"},
		"^$":          {"unnamed#2: passed"},
		"unnamed":     nil,
		"cake|^roll.": {"rolls: passed"},
	} {
		wantOutcome(t, run(t, simulate.Options{Run: regexp.MustCompile(pattern)}, path)[0], want...)
	}
}

func TestFeatures(t *testing.T) {
	const path = "testdata/ours/features.yml"
	if f := run(t, simulate.Options{}, path)[0]; f.Passed() {
		t.Errorf("without the feature: got\n%swant a failure", reportOf(f))
	}
	var o simulate.Options
	for _, name := range []string{"promql-experimental-functions", "promql-duration-expr", "promql-extended-range-selectors", "promql-binop-fill-modifiers", "promql-delayed-name-removal"} {
		if !o.Enable(name) {
			t.Errorf("%s is not known", name)
		}
	}
	if o.Enable("native-bread") {
		t.Error("native-bread is known")
	}
	if f := run(t, o, path)[0]; !f.Passed() {
		t.Errorf("with the feature: got\n%swant no failure", reportOf(f))
	}
}

func TestUnknownFieldsOfRules(t *testing.T) {
	path := write(t, map[string]string{
		"rules.yml": "groups:\n- name: g\n  owner: bakers\n  rules:\n  - record: r\n    expr: 1\n",
		"test.yml":  "rule_files: [rules.yml]\ntests: [{promql_expr_test: [{expr: r, exp_samples: [{labels: r, value: 1}]}]}]\n",
	})
	wantOutcome(t, run(t, simulate.Options{}, path)[0], "unnamed#0: rules.yml:3:3: unknown field owner in a group")
	wantOutcome(t, run(t, simulate.Options{IgnoreUnknownFields: true}, path)[0], "unnamed#0: passed")
}

// Whether tests run at the same time or one after the other makes no difference.
func TestOrderDoesNotMatter(t *testing.T) {
	paths := slices.Concat(glob(t, "testdata/bad/*.yml"), glob(t, "testdata/good/*.yml"))
	report := func(parallel int) string {
		files := run(t, simulate.Options{Parallel: parallel}, paths...)
		var coverage strings.Builder
		r := simulate.Report{Out: &coverage}
		r.Coverage(files)
		r.Sum(files)
		return reportOf(files...) + coverage.String()
	}
	if one, many := report(1), report(8); one != many {
		t.Errorf("one after the other:\n%s\nat the same time:\n%s", one, many)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := testFile(t, "tests: [{name: bread, promql_expr_test: [{expr: 1, eval_time: 9h}]}]\n")
	for f := range simulate.RunRuleTests(ctx, simulate.Options{}, path) {
		wantOutcome(t, f, "bread: test.yml:1:9: interrupted at 0s")
	}
}

// Who wants to see no more outcomes ends the tests that still run.
func TestBreak(t *testing.T) {
	var p simulate.Progress
	path := testFile(t, "evaluation_interval: 1s\ntests: [{promql_expr_test: [{expr: 1, eval_time: 110d}]}]\n")
	for range simulate.RunRuleTests(t.Context(), simulate.Options{Progress: &p}, "testdata/good/empty.yml", path) {
		break
	}
	if got := p.Tests.Load(); got != 1 {
		t.Errorf("tests: got %d, want 1", got)
	}
}

// The longest times there are do not run over.
func TestLongTimes(t *testing.T) {
	path := testFile(t, `
evaluation_interval: 200y
tests:
  - name: longest
    interval: 290y
    start_timestamp: -9000000000
    input_series: [{series: loaves, values: 1 2 3 4 5 6 7 8 9}]
    promql_expr_test: [{expr: time(), eval_time: 292y, exp_samples: [{value: 208512000}]}]
    alert_rule_test: [{alertname: None, eval_time: 291y}]
  - name: too long
    promql_expr_test: [{expr: time(), eval_time: 292y}]
    start_timestamp: 2000-01-01T00:00:00Z
  - name: not a URL
    external_url: '://'
`)
	wantOutcome(t, run(t, simulate.Options{}, path)[0],
		"longest: passed",
		"too long: test.yml:10:5: the test would end after the year 2261",
		"not a URL: test.yml:14:19: external_url: parse \"://\": missing protocol scheme",
	)
}

func TestWarnings(t *testing.T) {
	f := run(t, simulate.Options{}, "testdata/good/globs.yml")[0]
	want := []string{"no file match pattern testdata/good/none-*.yml", "no file match pattern "}
	if !slices.Equal(f.Warnings, want) {
		t.Errorf("got %q, want %q", f.Warnings, want)
	}
}

func TestFurtherDocuments(t *testing.T) {
	path := testFile(t, "tests: [{name: first}]\n---\ntests: [{name: second}]\n")
	f := run(t, simulate.Options{}, path)[0]
	wantOutcome(t, f, "first: passed")
	if want := []string{path + ":3: only the first YAML document of the file is used"}; !slices.Equal(f.Warnings, want) {
		t.Errorf("warnings: got %q, want %q", f.Warnings, want)
	}
	if f := run(t, simulate.Options{}, testFile(t, "tests: []\n---\n"))[0]; len(f.Warnings) > 0 {
		t.Errorf("warnings of an empty document: got %q, want none", f.Warnings)
	}
}

func TestEndlessFile(t *testing.T) {
	f := run(t, simulate.Options{}, "/dev/zero")[0]
	wantOutcome(t, f, "zero: the file has more than 67108864 bytes")
}

func TestDump(t *testing.T) {
	path := testFile(t, "tests: [{input_series: [{series: bread, values: 1 2}], promql_expr_test: [{expr: bread, eval_time: 1m, exp_samples: [{labels: bread, value: 2}]}]}]\n")
	got := run(t, simulate.Options{Dump: true}, path)[0].Tests[0].Dump
	const want = "all series, input and recorded, up to 1m1s:\n{__name__=\"bread\"} =>\n1 @[0]\n2 @[60000]"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
