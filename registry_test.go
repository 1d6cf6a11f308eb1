package cresset_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/prometheus"
)

// text returns the samples of a registry as text.
func text(t testing.TB, r *cresset.Registry) string {
	t.Helper()
	var page bytes.Buffer
	if err := r.WriteText(&page); err != nil {
		t.Fatal(err)
	}
	var samples strings.Builder
	for line := range strings.Lines(page.String()) {
		if !strings.HasPrefix(line, "#") {
			samples.WriteString(line)
		}
	}
	return samples.String()
}

func TestRegisteringSaysWhatIsWrong(t *testing.T) {
	gaugeOf := func(name, help string, constant map[string]string, labels ...string) *source {
		return &source{desc: registry.NewDesc(name, help, "", labels, constant), typ: exposition.Gauge}
	}
	tests := []struct {
		name string
		s    *source
		want string
	}{
		{"another name", gaugeOf("b", "Help.", nil), ""},
		{"other constant labels", gaugeOf("a", "Help.", map[string]string{"x": "2"}, "y"), ""},
		{"the same", gaugeOf("a", "Help.", map[string]string{"x": "1"}, "y"), `metric "a" exists already: use the one that is there, or tell the two apart by ConstLabels`},
		{"no name", gaugeOf("", "Help.", nil), `metric "" cannot be made: "" is not a valid metric name`},
		{"no label name", gaugeOf("c", "Help.", nil, "__x"), `metric "c" cannot be made: "__x" is not a valid label name for metric "c"`},
		{"another help", gaugeOf("a", "Other.", map[string]string{"x": "3"}, "y"), `metric "a" cannot be registered: a previously registered descriptor with the same fully-qualified name as ` +
			`Desc{fqName: "a", help: "Other.", unit: "", constLabels: {x="3"}, variableLabels: {y}} has different label names or a different help string`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := cresset.NewRegistry()
			register(t, r, gaugeOf("a", "Help.", map[string]string{"x": "1"}, "y"))
			got := ""
			if err := r.Register(test.s.desc, test.s); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got error %q, want %q", got, test.want)
			}
		})
	}
}

func TestScopesEndTogether(t *testing.T) {
	all := cresset.NewRegistry()
	plugin := all.Scope()
	other := plugin.Scope()
	register(t, all, gauge("a", 1))
	register(t, plugin, gauge("b", 2), gauge("c", 3))
	register(t, other, gauge("d", 4))
	for name, r := range map[string]*cresset.Registry{"all": all, "plugin": plugin, "other": other} {
		if got, want := text(t, r), "a 1\nb 2\nc 3\nd 4\n"; got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
	if err := other.Register(gauge("b", 5).desc, gauge("b", 5)); err == nil {
		t.Error("a name was taken twice, through two scopes")
	}
	plugin.Unregister()
	if got, want := text(t, all), "a 1\nd 4\n"; got != want {
		t.Errorf("without the plugin: got\n%s\nwant\n%s", got, want)
	}
	register(t, plugin, gauge("b", 6))
	if got, want := text(t, all), "a 1\nb 6\nd 4\n"; got != want {
		t.Errorf("with the plugin again: got\n%s\nwant\n%s", got, want)
	}
	plugin.Unregister()
	register(t, plugin, gauge("b", 6, "x", "y")) // the name was free for any labels
	if got, want := text(t, all), "a 1\nb{x=\"y\"} 6\nd 4\n"; got != want {
		t.Errorf("with another plugin: got\n%s\nwant\n%s", got, want)
	}
	all.Unregister()
	all.Unregister()
	if got, want := text(t, all), "b{x=\"y\"} 6\nd 4\n"; got != want {
		t.Errorf("without the metrics of no scope: got\n%s\nwant\n%s", got, want)
	}
}

// TestScopesComeAndGo is for the race detector, and for pages that have a scope's
// metric twice or broken.
func TestScopesComeAndGo(t *testing.T) {
	r := cresset.NewRegistry()
	register(t, r, gauge("stays", 1))
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b", "c"} {
		wg.Go(func() {
			for range 200 {
				scope := r.Scope()
				if err := scope.Register(gauge(name, 1).desc, quick{gauge(name, 1)}); err != nil {
					t.Error(err)
				}
				scope.Unregister()
			}
		})
	}
	for range 100 {
		page := text(t, r)
		for line := range strings.Lines(page) {
			if strings.Count(page, line) != 1 {
				t.Fatalf("got\n%s", page)
			}
		}
		if !strings.Contains(page, "stays 1\n") {
			t.Fatalf("got\n%s", page)
		}
	}
	wg.Wait()
	if got := text(t, r); got != "stays 1\n" {
		t.Errorf("got\n%s", got)
	}
}

func TestLimitSeries(t *testing.T) {
	var refused []string
	reg := cresset.NewRegistry(cresset.LimitSeries(3, func(name string, labels []string) {
		refused = append(refused, name+" "+strings.Join(labels, ","))
	}))
	vecs := make([]*prometheus.CounterVec, 2)
	for i, name := range []string{"a_total", "b_total"} {
		vecs[i] = prometheus.NewCounterVec(prometheus.CounterOpts{Name: name}, []string{"x"})
		prometheus.FromNative(reg).MustRegister(vecs[i])
	}
	for _, value := range []string{"1", "2", "3"} {
		for _, vec := range vecs {
			vec.WithLabelValues(value).Inc()
		}
	}
	const want = "a_total{x=\"1\"} 1\na_total{x=\"2\"} 1\na_total{x=\"__overflow__\"} 1\n" +
		"b_total{x=\"1\"} 1\nb_total{x=\"__overflow__\"} 2\n" +
		"cresset_series_overflow_total{metric=\"a_total\"} 1\ncresset_series_overflow_total{metric=\"b_total\"} 2\n"
	if got := text(t, reg); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if want := []string{"b_total 2", "a_total 3", "b_total 3"}; !slices.Equal(refused, want) {
		t.Errorf("got told of %q, want %q", refused, want)
	}
	defer func() {
		if cause := recover(); fmt.Sprint(cause) != "cresset.LimitSeries: the limit must not be negative, but is -1" {
			t.Errorf("got panic %v", cause)
		}
	}()
	cresset.NewRegistry(cresset.LimitSeries(-1, nil))
}

func TestWriteTextfile(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "weather.prom")
	write := func(r *cresset.Registry) string {
		t.Helper()
		if err := r.WriteTextfile(file); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	reg := cresset.NewRegistry()
	register(t, reg, gauge("room.temperature", -1.5, "mast", "north"))
	if got, want := write(reg), "# HELP \"room.temperature\" Help.\n# TYPE \"room.temperature\" gauge\n{\"room.temperature\",mast=\"north\"} -1.5\n"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if got := write(cresset.NewRegistry()); got != "" {
		t.Errorf("got %q of an empty registry", got)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("got %v, %v, want a file that everybody may read", info.Mode(), err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 {
		t.Errorf("got %v, %v, want the file alone", entries, err)
	}
	if err := reg.WriteTextfile(filepath.Join(folder, "nowhere", "weather.prom")); err == nil {
		t.Error("got no error for a folder that is not there")
	}
}
