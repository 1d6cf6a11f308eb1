package simulate_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/util/junitxml"

	"github.com/cresset-metrics/cresset/internal/peertest"
	"github.com/cresset-metrics/cresset/server/internal/simulate"
)

// Each file of testdata/good passes and each of testdata/bad fails, here and with
// promtool: every test of it for itself, with the same number of reasons.
func TestVerdicts(t *testing.T) {
	good, bad := glob(t, "testdata/good/*.yml"), glob(t, "testdata/bad/*.yml")
	for _, f := range run(t, simulate.Options{}, good...) {
		if !f.Passed() {
			t.Errorf("%s: got\n%swant no failure", f.Path, reportOf(f))
		}
	}
	for _, f := range run(t, simulate.Options{}, bad...) {
		if f.Passed() {
			t.Errorf("%s passed; want it to fail", f.Path)
		}
	}
	sameVerdicts(t, newPeer(t), slices.Concat(good, bad), moreFailures)
}

// moreFailures are files whose number of failures is not promtool's, which tells
// all that is wrong with a rule file in one. Here there is one for each thing.
var moreFailures = []string{"testdata/bad/rule-unknown.yml"}

// sameVerdicts compares the outcome with promtool's, test by test; of the uncounted
// files, how many failures there are does not matter.
func sameVerdicts(t testingT, p peer, paths, uncounted []string) []*simulate.File {
	t.Helper()
	files := run(t, simulate.Options{}, paths...)
	var page bytes.Buffer
	if err := simulate.WriteJUnit(&page, files); err != nil {
		t.Fatal(err)
	}
	passed := !slices.ContainsFunc(files, func(f *simulate.File) bool { return !f.Passed() })
	theirPage, theyPassed, output := p.test(t, paths)
	if passed != theyPassed {
		t.Errorf("passed: got %v, and promtool %v\n%s", passed, theyPassed, output)
	}
	got, want := verdicts(t, page.Bytes(), uncounted), verdicts(t, theirPage, uncounted)
	if len(got) != len(want) {
		t.Fatalf("got %d verdicts, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i].line != want[i].line {
			t.Errorf("got  %s\nwant %s\nours:\n%s\npromtool's:\n%s", got[i].line, want[i].line, got[i].reasons, want[i].reasons)
		}
	}
	return files
}

// testingT is what tests and properties have in common.
type testingT interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Fatal(args ...any)
}

// peer is promtool, and a folder for its output.
type peer struct{ path, dir string }

func newPeer(t *testing.T) peer { return peer{peertest.Promtool(t), t.TempDir()} }

// test runs "promtool test rules", and returns its JUnit XML, whether its exit
// code was 0, and what it printed.
func (p peer) test(t testingT, paths []string) (page []byte, passed bool, output []byte) {
	t.Helper()
	junit := filepath.Join(p.dir, "junit.xml")
	args := append([]string{"test", "rules", "--junit=" + junit}, paths...)
	output, err := exec.Command(p.path, args...).CombinedOutput()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	}
	page, readErr := os.ReadFile(junit)
	if readErr != nil {
		t.Fatal(readErr)
	}
	return page, err == nil, output
}

// verdict is what a page of JUnit XML says of a file or a test.
type verdict struct {
	line    string // does not depend on the texts of failures, nor on the time
	reasons string
}

func verdicts(t testingT, page []byte, uncounted []string) []verdict {
	t.Helper()
	var all junitxml.JUnitXML
	if err := xml.Unmarshal(page, &all); err != nil {
		t.Fatalf("%v\n%s", err, page)
	}
	var lines []verdict
	for _, s := range all.Suites {
		counted := !slices.Contains(uncounted, s.Name)
		if !counted {
			s.FailureCount = min(s.FailureCount, 1)
		}
		lines = append(lines, verdict{line: fmt.Sprintf("%s: %d tests, %d failures, %d errors, %d skipped", s.Name, s.TestCount, s.FailureCount, s.ErrorCount, s.SkippedCount)})
		for _, c := range s.Cases {
			failures := len(c.Failures)
			if !counted {
				failures = min(failures, 1)
			}
			lines = append(lines, verdict{
				line:    fmt.Sprintf("%s: %s: %d failures, error %v", s.Name, c.Name, failures, c.Error != ""),
				reasons: strings.Join(append(c.Failures, c.Error), "\n"),
			})
		}
	}
	return lines
}

// What differs from promtool on purpose, each with promtool's verdict.
func TestDifferences(t *testing.T) {
	tests := []struct {
		file     string
		promtool bool // passes there
		want     []string
	}{
		{"external.yml", false, []string{"unnamed#0: passed"}},
		{"durations.yml", false, []string{"unnamed#0: passed"}},
		{"lines.yml", false, []string{"unnamed#0: passed"}},
		{"pending.yml", false, []string{
			"pending alerts are told apart: passed",
			"one is pending: testdata/ours/pending.yml:20:9: alertname: Link, time: 1m: 1 alert unexpected",
			"one fires: testdata/ours/pending.yml:24:9: alertname: Link, time: 2m: 1 alert different",
			`no such state: testdata/ours/pending.yml:26:81: exp_state "resolved": must be pending or firing`,
			"contradiction: testdata/ours/pending.yml:28:105: a pending alert is expected, but compare_pending is false: remove one of them",
		}},
		{"hidden.yml", true, []string{"unnamed#0: testdata/ours/hidden.yml:11:9: expr: \"second\", time: 0s: 1 sample unexpected"}},
		{"starts.yml", true, []string{`unnamed#0: testdata/ours/starts.yml:5:17: series "loaves@st": start timestamps of samples are not supported: remove this series`}},
		{"far.yml", true, []string{"testdata/ours/far.yml:3:22: start_timestamp 9999-01-01T00:00:00Z is out of range"}},
	}
	p := newPeer(t)
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			path := filepath.Join("testdata", "ours", test.file)
			if _, passed, output := p.test(t, []string{path}); passed != test.promtool {
				t.Errorf("promtool: passed is %v, want %v\n%s", passed, test.promtool, output)
			}
			got := outcome(run(t, simulate.Options{}, path)[0])
			if !slices.Equal(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

// outcome has a line for each test that passed, and for each failure.
func outcome(f *simulate.File) []string {
	var lines []string
	if f.Err != nil {
		lines = append(lines, strings.Split(f.Err.Error(), "\n")...)
	}
	for _, test := range f.Tests {
		if len(test.Failures) == 0 {
			lines = append(lines, test.Name+": passed")
		}
		for _, failure := range test.Failures {
			line := test.Name + ": "
			if failure.Where != "" {
				line += failure.Where + ": "
			}
			lines = append(lines, line+failure.What)
		}
	}
	return lines
}

func run(t testingT, o simulate.Options, paths ...string) []*simulate.File {
	t.Helper()
	files := slices.Collect(simulate.RunRuleTests(context.Background(), o, paths...))
	if len(files) != len(paths) {
		t.Fatalf("got the outcome of %d files, want %d", len(files), len(paths))
	}
	return files
}

func reportOf(files ...*simulate.File) string {
	var text strings.Builder
	r := simulate.Report{Out: &text, Err: &text}
	for _, f := range files {
		r.File(f)
	}
	return text.String()
}

func glob(t testing.TB, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: got %d files, error %v", pattern, len(paths), err)
	}
	return paths
}
