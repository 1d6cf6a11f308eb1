package definition

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/server/internal/query/syntax"
)

func TestBatches(t *testing.T) {
	record := func(name, expr string) string { return fmt.Sprintf("  - {record: %q, expr: %q}\n", name, expr) }
	alert := func(name, expr string) string { return fmt.Sprintf("  - {alert: %q, expr: %q}\n", name, expr) }
	tests := []struct {
		name  string
		rules []string
		want  [][]int
	}{
		{"no rule", nil, nil},
		{"one rule", []string{record("a", "x")}, nil},
		{"independent rules", []string{record("a", "x"), record("b", "y"), alert("A", "z")}, [][]int{{0, 1, 2}}},
		{"a chain", []string{record("a", "x"), record("b", "a"), record("c", "b")}, nil},
		{"a fan", []string{record("a", "x"), record("b", "a"), record("c", "a"), record("d", "x")}, [][]int{{0, 3}, {1, 2}}},
		{"a chain beside a fan", []string{record("a", "x"), record("b", "a"), record("c", "b"), record("d", "b")}, [][]int{{0}, {1}, {2, 3}}},
		{"a later rule is no dependency", []string{record("a", "b"), record("b", "x")}, [][]int{{0, 1}}},
		{"its own series neither", []string{record("a", "a + x"), record("b", "x")}, [][]int{{0, 1}}},
		{"a pattern", []string{record("a:b", "x"), record("c", `{__name__=~"a:.*"}`), record("d", `{__name__!="c",x="y"}`)}, [][]int{{0}, {1, 2}}},
		{"no name at all", []string{record("a", "x"), record("b", `{job="a"}`)}, nil},
		{"alerts", []string{alert("A", "x"), alert("B", "x"), record("c", "ALERTS"), record("d", `ALERTS_FOR_STATE{alertname="B"}`), record("e", `ALERTS{alertname=~"C.*"}`)}, [][]int{{0, 1, 4}, {2, 3}}},
		{"a record called ALERTS", []string{record("ALERTS", "x"), record("b", `ALERTS{alertname="B"}`), record("c", "ALERTS")}, [][]int{{0}, {1, 2}}},
		{"an alert's name", []string{alert("A", "x"), record("b", "A"), record("c", "x")}, [][]int{{0, 2}, {1}}},
		{"within functions and subqueries", []string{record("a", "x"), record("b", "max_over_time(rate(a[1m])[5m:])"), record("c", "y or on() a")}, [][]int{{0}, {1, 2}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			content := "groups:\n- name: g\n  rules:\n" + strings.Join(test.rules, "")
			got := Batches(parseFile(t, "r.yml", content).Groups[0].Rules)
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if theirs := theirBatches(t, content); !reflect.DeepEqual(theirs, test.want) {
				t.Errorf("Prometheus: got %v, want %v", theirs, test.want)
			}
		})
	}
}

// Whatever the rules, their batches are those of Prometheus.
func TestBatchesAsPrometheus(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		name := rapid.SampledFrom([]string{"a", "b", "c", "a:b", "ALERTS"})
		selector := rapid.SampledFrom([]string{
			"x", "x", "y", "a", "b", "c", "a:b", "A", "{__name__=\"a\"}", "{__name__=~\"a.*\"}", "{__name__=~\"a|b\",job=\"x\"}", "{__name__!=\"c\",job=\"x\"}",
			"{__name__=~\".+\",__name__!=\"a\"}", "ALERTS", "ALERTS{alertname=\"A\"}", "ALERTS{alertname!=\"A\"}", "ALERTS_FOR_STATE{alertname=~\"A|B\"}",
			"{__name__=~\"ALERTS.*\",alertname=\"B\"}", "{__name__!~\"ALERTS\",job=\"x\"}",
		})
		shape := rapid.SampledFrom([]string{"%s", "sum(%s)", "rate(%s[5m])", "max_over_time(%s[5m:1m])", "%s + 1", "%s offset 1m"})
		var content strings.Builder
		content.WriteString("groups:\n- name: g\n  rules:\n")
		for range rapid.IntRange(0, 8).Draw(r, "rules") {
			expr := fmt.Sprintf(shape.Draw(r, "shape"), selector.Draw(r, "selector"))
			if rapid.Bool().Draw(r, "two selectors") {
				expr += " or " + selector.Draw(r, "second")
			}
			if rapid.IntRange(0, 30).Draw(r, "no name") == 0 {
				expr += ` or {job="x"}`
			}
			kind, called := "record", name.Draw(r, "name")
			if rapid.Bool().Draw(r, "alert") {
				kind, called = "alert", rapid.SampledFrom([]string{"A", "B", "a"}).Draw(r, "alert's name")
			}
			fmt.Fprintf(&content, "  - {%s: %q, expr: %q}\n", kind, called, expr)
		}
		got := Batches(parseFile(t, "r.yml", content.String()).Groups[0].Rules)
		if want := theirBatches(t, content.String()); !reflect.DeepEqual(got, want) {
			r.Fatalf("got %v, want %v, of\n%s", got, want, content.String())
		}
	})
}

// theirBatches are the batches that Prometheus makes of the one group of a file,
// or nil where they come to the order of the file.
func theirBatches(t *testing.T, content string) [][]int {
	t.Helper()
	path := filepath.Join(t.TempDir(), "r.yml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	o := &rules.ManagerOptions{
		Context: context.Background(), Logger: slog.New(slog.DiscardHandler), NameValidationScheme: model.UTF8Validation,
		ConcurrentEvalsEnabled: true, MaxConcurrentEvals: 4, Parser: parser.NewParser(syntax.Default),
	}
	manager := rules.NewManager(o)
	groups, errs := manager.LoadGroups(time.Minute, labels.EmptyLabels(), "", nil, false, path)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	var batches [][]int
	together := false
	for _, group := range groups {
		for _, batch := range o.RuleConcurrencyController.SplitGroupIntoBatches(context.Background(), group) {
			batches = append(batches, batch)
			together = together || len(batch) > 1
		}
	}
	if !together {
		for i, batch := range batches {
			if batch[0] != i {
				t.Fatalf("one after the other, but not in the order of the file: %v", batches)
			}
		}
		return nil
	}
	return batches
}
