package clientgolang_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"

	theirs "github.com/prometheus/client_golang/prometheus"
	theircollectors "github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"

	ours "github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/collectors"
)

// collectorShape lists what does not change from one gather to the next: of
// each family the name, type, help and unit, and of each of its metrics the
// labels, the bounds of buckets and the ranks of quantiles.
func collectorShape(t *testing.T, families []*dto.MetricFamily, err error) []string {
	t.Helper()
	if err != nil {
		t.Fatalf("Gather: %v", err)
	}
	var lines []string
	for _, mf := range families {
		lines = append(lines, fmt.Sprintf("%s %s %q %q", mf.GetName(), mf.GetType(), mf.GetHelp(), mf.GetUnit()))
		for _, m := range mf.GetMetric() {
			line := fmt.Sprint("  ", m.GetLabel())
			for _, b := range m.GetHistogram().GetBucket() {
				line += fmt.Sprint(" ", b.GetUpperBound())
			}
			for _, q := range m.GetSummary().GetQuantile() {
				line += fmt.Sprint(" ", q.GetQuantile())
			}
			lines = append(lines, line)
		}
	}
	return lines
}

func sameLines(t *testing.T, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("missing: %s", line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("surplus: %s", line)
		}
	}
	if !t.Failed() {
		t.Errorf("same lines in another order:\ngot  %q\nwant %q", got, want)
	}
}

func TestDefaultRegistriesHoldTheSame(t *testing.T) {
	wantFamilies, err := theirs.DefaultGatherer.Gather()
	want := collectorShape(t, wantFamilies, err)
	gotFamilies, err := ours.DefaultGatherer.Gather()
	got := collectorShape(t, gotFamilies, err)
	sameLines(t, got, want)
	if len(want) < 60 {
		t.Errorf("only %d lines to compare with: %q", len(want), want)
	}
}

func TestGoCollectorOptions(t *testing.T) {
	rule := func(s string) *regexp.Regexp { return regexp.MustCompile(s) }
	tests := []struct {
		name   string
		ours   ours.Collector
		theirs theirs.Collector
	}{
		{"none", collectors.NewGoCollector(), theircollectors.NewGoCollector()},
		{
			"without memstats",
			collectors.NewGoCollector(collectors.WithGoCollectorMemStatsMetricsDisabled()),
			theircollectors.NewGoCollector(theircollectors.WithGoCollectorMemStatsMetricsDisabled()),
		},
		{
			"all",
			collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsAll)),
			theircollectors.NewGoCollector(theircollectors.WithGoCollectorRuntimeMetrics(theircollectors.MetricsAll)),
		},
		{
			"groups",
			collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsGC, collectors.MetricsMemory)),
			theircollectors.NewGoCollector(theircollectors.WithGoCollectorRuntimeMetrics(theircollectors.MetricsGC, theircollectors.MetricsMemory)),
		},
		{
			"scheduler and debug",
			collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsScheduler, collectors.MetricsDebug)),
			theircollectors.NewGoCollector(theircollectors.WithGoCollectorRuntimeMetrics(theircollectors.MetricsScheduler, theircollectors.MetricsDebug)),
		},
		{
			"the last rule counts",
			collectors.NewGoCollector(
				collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsAll),
				collectors.WithoutGoCollectorRuntimeMetrics(rule("^/gc/.*"), rule("^/sched/.*")),
				collectors.WithGoCollectorRuntimeMetrics(collectors.GoRuntimeMetricsRule{Matcher: rule("latencies")})),
			theircollectors.NewGoCollector(
				theircollectors.WithGoCollectorRuntimeMetrics(theircollectors.MetricsAll),
				theircollectors.WithoutGoCollectorRuntimeMetrics(rule("^/gc/.*"), rule("^/sched/.*")),
				theircollectors.WithGoCollectorRuntimeMetrics(theircollectors.GoRuntimeMetricsRule{Matcher: rule("latencies")})),
		},
		{
			"nothing of the runtime",
			collectors.NewGoCollector(collectors.WithoutGoCollectorRuntimeMetrics(rule(""))),
			theircollectors.NewGoCollector(theircollectors.WithoutGoCollectorRuntimeMetrics(rule(""))),
		},
		{
			"deprecated options",
			//lint:ignore SA1019 programs still use it
			collectors.NewGoCollector(collectors.WithGoCollections(collectors.GoRuntimeMetricsCollection)),
			//lint:ignore SA1019 programs still use it
			theircollectors.NewGoCollector(theircollectors.WithGoCollections(theircollectors.GoRuntimeMetricsCollection)),
		},
	}
	runtime.GC() // so that histograms of pauses are not empty
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			us, them := ours.NewPedanticRegistry(), theirs.NewPedanticRegistry()
			us.MustRegister(test.ours)
			them.MustRegister(test.theirs)
			wantFamilies, err := them.Gather()
			want := collectorShape(t, wantFamilies, err)
			gotFamilies, err := us.Gather()
			sameLines(t, collectorShape(t, gotFamilies, err), want)
		})
	}
}

// TestGoCollectorValues compares values that stand still between two gathers,
// or nearly so.
func TestGoCollectorValues(t *testing.T) {
	all := func() (got, want []*dto.MetricFamily) {
		us, them := ours.NewRegistry(), theirs.NewRegistry()
		us.MustRegister(collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsAll)))
		them.MustRegister(theircollectors.NewGoCollector(theircollectors.WithGoCollectorRuntimeMetrics(theircollectors.MetricsAll)))
		return us.MustGather(), them.MustGather()
	}
	for range 10 {
		runtime.GC()
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // nothing is collected between the two gathers
	got, want := all()
	still := []string{
		"go_gc_gogc_percent", "go_gc_gomemlimit_bytes", "go_sched_gomaxprocs_threads", "go_info",
		"go_memstats_last_gc_time_seconds",
		"go_gc_cycles_total_gc_cycles_total", "go_gc_duration_seconds", "go_gc_pauses_seconds",
		"go_sched_pauses_total_gc_seconds",
	}
	for _, name := range still {
		t.Run(name, func(t *testing.T) {
			g, w := familyNamed(got, name), familyNamed(want, name)
			if g == nil || w == nil {
				t.Fatalf("got %v, want %v", g, w)
			}
			// Theirs began to count when the collector was made, ours does not say.
			for _, m := range w.GetMetric() {
				if m.Counter != nil {
					m.Counter.CreatedTimestamp = nil
				}
			}
			if g.String() != w.String() {
				t.Errorf("\ngot  %v\nwant %v", g, w)
			}
		})
	}
	near := []string{
		"go_goroutines", "go_threads", "go_memstats_alloc_bytes", "go_memstats_alloc_bytes_total", "go_memstats_sys_bytes",
		"go_memstats_mallocs_total", "go_memstats_frees_total", "go_memstats_heap_sys_bytes", "go_memstats_heap_inuse_bytes",
		"go_memstats_stack_sys_bytes", "go_memstats_mspan_sys_bytes", "go_memstats_mcache_sys_bytes", "go_memstats_next_gc_bytes", "go_memstats_gc_sys_bytes", "go_memstats_buck_hash_sys_bytes",
		"go_memstats_other_sys_bytes", "go_gc_heap_allocs_by_size_bytes",
	}
	for _, name := range near {
		t.Run(name, func(t *testing.T) {
			g, w := onlyValue(familyNamed(got, name)), onlyValue(familyNamed(want, name))
			if g == 0 || g < w/2 || g > w*2 {
				t.Errorf("got %v, want about %v", g, w)
			}
		})
	}
}

func TestProcessCollectorOptions(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "pid")
	noPid := func() (int, error) { return 0, errors.New("no such service") }
	noProcess := func() (int, error) { return 1 << 30, nil }
	tests := []struct {
		name string
		opts ours.ProcessCollectorOpts
	}{
		{"none", ours.ProcessCollectorOpts{}},
		{"errors reported", ours.ProcessCollectorOpts{ReportErrors: true}},
		{"namespace", ours.ProcessCollectorOpts{Namespace: "service"}},
		{"no pid", ours.ProcessCollectorOpts{PidFn: noPid}},
		{"no pid, reported", ours.ProcessCollectorOpts{PidFn: noPid, ReportErrors: true}},
		{"no process", ours.ProcessCollectorOpts{PidFn: noProcess}},
		{"no process, reported", ours.ProcessCollectorOpts{PidFn: noProcess, ReportErrors: true}},
		{"no pid file, reported", ours.ProcessCollectorOpts{PidFn: ours.NewPidFileFn(gone), ReportErrors: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			us, them := ours.NewPedanticRegistry(), theirs.NewPedanticRegistry()
			us.MustRegister(collectors.NewProcessCollector(collectors.ProcessCollectorOpts(test.opts)))
			them.MustRegister(theircollectors.NewProcessCollector(theircollectors.ProcessCollectorOpts(test.opts)))
			wantFamilies, wantErr := them.Gather()
			gotFamilies, gotErr := us.Gather()
			if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
				t.Fatalf("error\ngot  %v\nwant %v", gotErr, wantErr)
			}
			sameLines(t, collectorShape(t, gotFamilies, nil), collectorShape(t, wantFamilies, nil))
			for _, name := range []string{"process_start_time_seconds", "process_max_fds", "process_virtual_memory_max_bytes"} {
				if g, w := onlyValue(familyNamed(gotFamilies, name)), onlyValue(familyNamed(wantFamilies, name)); g != w {
					t.Errorf("%s: got %v, want %v", name, g, w)
				}
			}
		})
	}
	_, wantErr := theirs.NewPidFileFn(gone)()
	if _, err := ours.NewPidFileFn(gone)(); fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Errorf("NewPidFileFn: got %v, want %v", err, wantErr)
	}
}

// familyNamed returns the family of that name, nil if there is none.
func familyNamed(families []*dto.MetricFamily, name string) *dto.MetricFamily {
	i := slices.IndexFunc(families, func(mf *dto.MetricFamily) bool { return mf.GetName() == name })
	if i < 0 {
		return nil
	}
	return families[i]
}

// onlyValue returns the value of the only metric of a family, of a histogram the
// number of observations.
func onlyValue(mf *dto.MetricFamily) float64 {
	if len(mf.GetMetric()) != 1 {
		return 0
	}
	m := mf.GetMetric()[0]
	return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
}
