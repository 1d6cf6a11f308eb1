package collectors

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/prometheus"
)

func gather(t *testing.T, c prometheus.Collector) map[string]*dto.MetricFamily {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(c)
	families, err := reg.Gather()
	if err != nil {
		t.Fatalf("Gather: %v", err)
	}
	byName := make(map[string]*dto.MetricFamily)
	for _, mf := range families {
		byName[mf.GetName()] = mf
	}
	return byName
}

func valueOf(mf *dto.MetricFamily) float64 {
	if len(mf.GetMetric()) != 1 {
		return 0
	}
	return mf.GetMetric()[0].GetCounter().GetValue() + mf.GetMetric()[0].GetGauge().GetValue()
}

func TestGoCollectorTellsTheTruth(t *testing.T) {
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() { <-stop })
	}
	runtime.GC()
	families := gather(t, NewGoCollector())
	close(stop)
	wg.Wait()

	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	tests := []struct {
		name     string
		low, top float64
	}{
		{"go_goroutines", 101, 1000},
		{"go_threads", 1, 1000},
		{"go_sched_gomaxprocs_threads", float64(runtime.GOMAXPROCS(0)), float64(runtime.GOMAXPROCS(0))},
		{"go_memstats_last_gc_time_seconds", float64(time.Now().Add(-time.Minute).Unix()), float64(time.Now().Unix() + 1)},
		{"go_memstats_mallocs_total", 1, float64(stats.Mallocs)},
		{"go_memstats_frees_total", 1, float64(stats.Frees)},
		{"go_memstats_alloc_bytes_total", 1, float64(stats.TotalAlloc)},
		{"go_memstats_heap_sys_bytes", float64(stats.HeapSys) / 2, float64(stats.HeapSys) * 2},
		{"go_memstats_sys_bytes", float64(stats.Sys) / 2, float64(stats.Sys) * 2},
		{"go_memstats_stack_inuse_bytes", float64(stats.StackInuse) / 4, float64(stats.StackInuse) * 4},
	}
	for _, test := range tests {
		if got := valueOf(families[test.name]); got < test.low || got > test.top {
			t.Errorf("%s: got %v, want %v to %v", test.name, got, test.low, test.top)
		}
	}
	info := families["go_info"].GetMetric()[0]
	if got := fmt.Sprint(info.GetLabel(), info.GetGauge().GetValue()); !strings.Contains(got, runtime.Version()) {
		t.Errorf("go_info: got %s", got)
	}
	pauses := families["go_gc_duration_seconds"].GetMetric()[0].GetSummary()
	if pauses.GetSampleCount() == 0 || len(pauses.GetQuantile()) != 5 || pauses.GetSampleSum() <= 0 {
		t.Errorf("go_gc_duration_seconds: got %v", pauses)
	}
}

func TestGoCollectorOptions(t *testing.T) {
	const legacy, chosen, others = "go_memstats_alloc_bytes", "go_gc_gogc_percent", "go_gc_cycles_total_gc_cycles_total"
	always := []string{"go_goroutines", "go_info", "go_memstats_last_gc_time_seconds"}
	tests := []struct {
		name  string
		c     prometheus.Collector
		has   []string
		lacks []string
	}{
		{"none", NewGoCollector(), []string{legacy, chosen}, []string{others}},
		{"memstats off", NewGoCollector(WithGoCollectorMemStatsMetricsDisabled()), []string{chosen}, []string{legacy, others}},
		{"GC on", NewGoCollector(WithGoCollectorRuntimeMetrics(MetricsGC)), []string{legacy, chosen, others}, []string{"go_sched_goroutines_goroutines"}},
		{"scheduler on", NewGoCollector(WithGoCollectorRuntimeMetrics(MetricsScheduler)), []string{"go_sched_goroutines_goroutines", "go_sched_latencies_seconds"}, []string{others}},
		{"memory on", NewGoCollector(WithGoCollectorRuntimeMetrics(MetricsMemory)), []string{"go_memory_classes_total_bytes"}, []string{others}},
		{"debug on", NewGoCollector(WithGoCollectorRuntimeMetrics(MetricsDebug)), []string{"go_godebug_non_default_behavior_http2client_events_total"}, []string{others}},
		{"default off", NewGoCollector(WithoutGoCollectorRuntimeMetrics(regexp.MustCompile("^/gc/"))), []string{legacy}, []string{chosen, others}},
		{
			"the last one counts",
			NewGoCollector(WithoutGoCollectorRuntimeMetrics(regexp.MustCompile("")), WithGoCollectorRuntimeMetrics(GoRuntimeMetricsRule{regexp.MustCompile("gogc")})),
			[]string{chosen},
			[]string{"go_sched_gomaxprocs_threads", others},
		},
		{"everything", NewGoCollector(WithGoCollectorRuntimeMetrics(MetricsAll)), []string{legacy, chosen, others}, nil},
		{"collections: none", NewGoCollector(WithGoCollections(0)), []string{chosen}, []string{legacy, others}},
		{"collections: memstats", NewGoCollector(WithGoCollections(GoRuntimeMemStatsCollection)), []string{legacy, chosen}, []string{others}},
		{"collections: runtime", NewGoCollector(WithGoCollections(GoRuntimeMetricsCollection)), []string{chosen, others}, []string{legacy}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			families := gather(t, test.c)
			for _, name := range append(always, test.has...) {
				if families[name] == nil {
					t.Errorf("%s is missing", name)
				}
			}
			for _, name := range test.lacks {
				if families[name] != nil {
					t.Errorf("%s should not be there", name)
				}
			}
		})
	}
}

// TestExactSum: the sizes of allocations add up to what was allocated.
func TestExactSum(t *testing.T) {
	families := gather(t, NewGoCollector(WithGoCollectorRuntimeMetrics(MetricsGC)))
	sum := families["go_gc_heap_allocs_by_size_bytes"].GetMetric()[0].GetHistogram().GetSampleSum()
	if want := valueOf(families["go_gc_heap_allocs_bytes_total"]); sum != want || sum == 0 {
		t.Errorf("got %v, want %v", sum, want)
	}
}

// TestCollectorsAtOnce is for the race detector.
func TestCollectorsAtOnce(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(NewGoCollector(WithGoCollectorRuntimeMetrics(MetricsAll)), NewProcessCollector(ProcessCollectorOpts{}))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				if _, err := reg.Gather(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestProcessCollectorTellsTheTruth(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("written for Linux")
	}
	families := gather(t, NewProcessCollector(ProcessCollectorOpts{ReportErrors: true}))
	now := float64(time.Now().Unix())
	tests := []struct {
		name     string
		low, top float64
	}{
		{"process_cpu_seconds_total", 0, 1e6},
		{"process_open_fds", 3, 10_000},
		{"process_max_fds", 3, 1e19},
		{"process_virtual_memory_bytes", 1e6, 1e15},
		{"process_virtual_memory_max_bytes", 1e6, 1e20},
		{"process_resident_memory_bytes", 1e6, 1e12},
		{"process_start_time_seconds", now - 3600, now + 1},
		{"process_network_receive_bytes_total", 0, 1e18},
		{"process_network_transmit_bytes_total", 0, 1e18},
	}
	for _, test := range tests {
		mf := families[test.name]
		if got := valueOf(mf); mf == nil || got < test.low || got > test.top {
			t.Errorf("%s: got %v, want %v to %v", test.name, mf, test.low, test.top)
		}
	}
	if len(families) != len(tests) {
		t.Errorf("got %d families, want %d", len(families), len(tests))
	}
}

func TestProcessCollectorOfAnotherProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("written for Linux")
	}
	other := exec.Command("cat") // waits for its input
	input, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Skipf("no process to look at: %v", err)
	}
	defer func() {
		input.Close()
		other.Wait()
	}()
	file := filepath.Join(t.TempDir(), "cat.pid")
	if err := os.WriteFile(file, fmt.Appendf(nil, " %d\n", other.Process.Pid), 0o600); err != nil {
		t.Fatal(err)
	}
	families := gather(t, NewProcessCollector(ProcessCollectorOpts{
		PidFn: prometheus.NewPidFileFn(file), Namespace: "cat", ReportErrors: true,
	}))
	own := gather(t, NewProcessCollector(ProcessCollectorOpts{}))
	memory, ownMemory := valueOf(families["cat_process_virtual_memory_bytes"]), valueOf(own["process_virtual_memory_bytes"])
	if memory == 0 || memory >= ownMemory {
		t.Errorf("virtual memory of cat: got %v, want less than %v, that of the test", memory, ownMemory)
	}
}

func TestProcessCollectorErrors(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("written for Linux")
	}
	folder := t.TempDir()
	noNumber := filepath.Join(folder, "no-number")
	if err := os.WriteFile(noNumber, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		pid  func() (int, error)
		want string
	}{
		{"no answer", func() (int, error) { return 0, errors.New("not running") }, "not running"},
		{"no process", func() (int, error) { return 1 << 30, nil }, "no such file or directory"},
		{"no pid file", prometheus.NewPidFileFn(filepath.Join(folder, "none")), "can't read pid file"},
		{"no number in the pid file", prometheus.NewPidFileFn(noNumber), "can't parse pid file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, report := range []bool{false, true} {
				reg := prometheus.NewRegistry()
				reg.MustRegister(NewProcessCollector(ProcessCollectorOpts{PidFn: test.pid, ReportErrors: report}))
				families, err := reg.Gather()
				if len(families) > 0 {
					t.Errorf("report %t: got %v", report, families)
				}
				if report && (err == nil || !strings.Contains(err.Error(), test.want)) || !report && err != nil {
					t.Errorf("report %t: got error %v, want %q", report, err, test.want)
				}
			}
		})
	}
}

func TestDefaultRegistryHasBoth(t *testing.T) {
	for _, c := range []prometheus.Collector{NewGoCollector(), NewProcessCollector(ProcessCollectorOpts{})} {
		var exists prometheus.AlreadyRegisteredError
		if err := prometheus.Register(c); !errors.As(err, &exists) {
			t.Errorf("%T: got %v, want AlreadyRegisteredError", c, err)
		}
	}
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, mf := range families {
		names = append(names, mf.GetName())
	}
	for _, want := range []string{"go_goroutines", "process_cpu_seconds_total"} {
		if runtime.GOOS == "linux" && !slices.Contains(names, want) {
			t.Errorf("%s is missing from %q", want, names)
		}
	}
}

func TestBuildInfo(t *testing.T) {
	families := gather(t, NewBuildInfoCollector())
	build, ok := debug.ReadBuildInfo()
	if !ok {
		t.Fatal("this test was built without modules")
	}
	info := families["go_build_info"].GetMetric()[0]
	got := make(map[string]string)
	for _, label := range info.GetLabel() {
		got[label.GetName()] = label.GetValue()
	}
	want := map[string]string{"path": build.Main.Path, "version": build.Main.Version, "checksum": build.Main.Sum}
	if !maps.Equal(got, want) || info.GetGauge().GetValue() != 1 || len(families) != 1 {
		t.Errorf("got %v, want a gauge of 1 with labels %v", families, want)
	}
}
