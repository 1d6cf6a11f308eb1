package definition

import (
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/cresset-metrics/cresset/server/internal/query/syntax"
)

// Whatever the content, it is accepted exactly if Prometheus accepts it, each
// error and each warning is one line that says where, and whoever is lenient loses
// nothing that is good and nothing without a word.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"",
		"groups:\n- name: a\n  interval: 1m\n  rules:\n  - record: r\n    expr: sum(up)\n    labels: {a: b}\n",
		"groups:\n- name: a\n  labels: {x: y}\n  limit: 3\n  query_offset: 1m\n  rules:\n  - alert: A\n    expr: up == 0\n    for: 5m\n    annotations: {s: '{{ $value }}'}\n",
		"groups:\n- &a\n  name: a\n  rules:\n  - &r {record: r, expr: up}\n  - <<: *r\n    record: s\n- <<: [*a]\n  name: b\n",
		"a: &a {<<: *a}\n",
		"groups: [null, {name: x, rules: [null]}]\n",
		"groups:\n- name: ''\n  rules:\n  - alert: A\n    record: r\n    expr: up{\n    for: 1x\n    labels: {__name__: '{{'}\n",
		"groups: []\n---\ngroups: [\n",
		"? groups\n: - ? name\n    : !!binary YQ==\n",
		"groups:\n- name: a\n  every: 1m\n  rules:\n  - {record: r, expr: 'c[1m]', labels: {a: '{{'}}\n  - {record: r, expr: '\"s\"', labels: {a: '{{'}}\n",
		"groups:\n- &a {name: a, <<: *a}\n- &b {name: b, rules: [*b, {alert: A, expr: up, labels: {l: '{{ .Value }}', alertname: x}}]}\n",
		"groups:\n- {name: a, name: b, rules: [{record: r, record: s, expr: up}, text, {record: [r]}]}\n",
		"groups:\n- name: caf\xe9\n",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	for _, path := range catalogue(f) {
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content, false)
	}
	f.Fuzz(func(t *testing.T, content []byte, ignoreUnknown bool) {
		if len(content) > 64<<10 {
			return // large files are a subject of their own
		}
		upstream := parser.NewParser(syntax.Default)
		_, wantErrs := rulefmt.Parse(content, ignoreUnknown, model.UTF8Validation, upstream, slog.New(slog.DiscardHandler))
		o := Options{IgnoreUnknownFields: ignoreUnknown}
		file, warnings, err := Parse("r.yml", content, o)
		if (err == nil) != (len(wantErrs) == 0) {
			t.Fatalf("got error %v, want one exactly if Prometheus has: %v", err, wantErrs)
		}
		if (file == nil) != (err != nil) {
			t.Fatalf("got file %v and error %v, want one of them", file, err)
		}
		wantPositions(t, "warning", warnings)

		o.Lenient = true
		lenient, _, lenientErr := Parse("r.yml", content, o)
		if lenient == nil {
			t.Fatal("leniently: got no file")
		}
		if err == nil {
			if got, want := strings.Join(describe(lenient), "\n"), strings.Join(describe(file), "\n"); got != want {
				t.Fatalf("leniently: got\n%s\nwant\n%s", got, want)
			}
			return
		}
		wantPositions(t, "error", strings.Split(err.Error(), "\n"))
		if lenientErr == nil || lenientErr.Error() != err.Error() {
			t.Fatalf("error: leniently\n%v\nstrictly\n%v\nwant the same", lenientErr, err)
		}
		wantWhole(t, lenient)
	})
}

var messageLine = regexp.MustCompile(`^r\.yml:\d+(:\d+)?: \S`)

func wantPositions(t *testing.T, what string, lines []string) {
	t.Helper()
	for _, line := range lines {
		if !messageLine.MatchString(line) {
			t.Fatalf("the %s %q does not say where it is", what, line)
		}
	}
}

// wantWhole checks that each place of a file is taken by what is good or by what
// is bad, and that what is bad says why.
func wantWhole(t *testing.T, f *File) {
	t.Helper()
	places := func(good int, bad []int, errs []error) {
		t.Helper()
		for i, index := range bad {
			if index < 0 || index >= good+len(bad) || i > 0 && index <= bad[i-1] {
				t.Fatalf("bad places %v among %d", bad, good+len(bad))
			}
			if errs[i] == nil {
				t.Fatalf("place %d is bad without an error", index)
			}
		}
	}
	if f.Broken != nil && (len(f.Groups) > 0 || len(f.Bad) > 0) {
		t.Fatalf("the file is broken, but has %d groups", len(f.Groups)+len(f.Bad))
	}
	var bad []int
	var errs []error
	for _, b := range f.Bad {
		bad, errs = append(bad, b.Index), append(errs, b.Err)
	}
	places(len(f.Groups), bad, errs)
	for _, g := range f.Groups {
		bad, errs = nil, nil
		for _, b := range g.Bad {
			bad, errs = append(bad, b.Index), append(errs, b.Err)
		}
		places(len(g.Rules), bad, errs)
	}
}
