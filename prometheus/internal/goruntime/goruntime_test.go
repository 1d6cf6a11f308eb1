package goruntime

import (
	"math"
	"reflect"
	"regexp"
	"runtime/metrics"
	"slices"
	"testing"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

func TestTranslate(t *testing.T) {
	tests := []struct {
		description metrics.Description
		want        Metric // without a name: it cannot be exposed
	}{
		{
			metrics.Description{Name: "/gc/heap/allocs:bytes", Description: "Bytes.", Kind: metrics.KindUint64, Cumulative: true},
			Metric{Name: "go_gc_heap_allocs_bytes_total", Help: "Bytes. Sourced from /gc/heap/allocs:bytes.", Unit: "bytes", Type: exposition.Counter},
		},
		{
			metrics.Description{Name: "/cpu/classes/gc/mark/assist:cpu-seconds", Kind: metrics.KindFloat64},
			Metric{Name: "go_cpu_classes_gc_mark_assist_cpu_seconds", Help: " Sourced from /cpu/classes/gc/mark/assist:cpu-seconds.", Unit: "cpu_seconds", Type: exposition.Gauge},
		},
		{
			metrics.Description{Name: "/gc/heap/allocs-by-size:bytes", Kind: metrics.KindFloat64Histogram, Cumulative: true},
			Metric{
				Name: "go_gc_heap_allocs_by_size_bytes", Help: " Sourced from /gc/heap/allocs-by-size:bytes.", Unit: "bytes", Type: exposition.Histogram,
				SumSource: "/gc/heap/allocs:bytes",
			},
		},
		{
			metrics.Description{Name: "/net/rate:bytes/second*core", Kind: metrics.KindFloat64},
			Metric{Name: "go_net_rate_bytes_per_second_core", Help: " Sourced from /net/rate:bytes/second*core.", Unit: "bytes_per_second_core", Type: exposition.Gauge},
		},
		{metrics.Description{Name: "/gc/élan:bytes", Kind: metrics.KindUint64}, Metric{}},
		{metrics.Description{Name: "/gc/future:bytes", Kind: metrics.ValueKind(99)}, Metric{}},
	}
	for _, test := range tests {
		got, ok := translate(test.description)
		if ok != (test.want.Name != "") {
			t.Errorf("%s: got %v, %t", test.description.Name, got, ok)
			continue
		}
		test.want.Source = test.description.Name
		if ok && got != test.want {
			t.Errorf("%s\ngot  %+v\nwant %+v", test.description.Name, got, test.want)
		}
	}
}

func TestRules(t *testing.T) {
	allow := func(s string) Rule { return Rule{Matcher: regexp.MustCompile(s)} }
	deny := func(s string) Rule { return Rule{Matcher: regexp.MustCompile(s), Deny: true} }
	tests := []struct {
		rules []Rule
		name  string
		want  bool
	}{
		{nil, "/gc/gogc:percent", false},
		{Default().Rules, "/gc/gogc:percent", true},
		{Default().Rules, "/gc/cycles/total:gc-cycles", false},
		{[]Rule{allow("/gc/.*")}, "/gc/gogc:percent", true},
		{[]Rule{allow("/gc/.*"), deny("percent")}, "/gc/gogc:percent", false},
		{[]Rule{deny("percent"), allow("/gc/.*")}, "/gc/gogc:percent", true},
		{[]Rule{allow("/gc/.*"), deny("/sched/.*")}, "/gc/gogc:percent", true},
	}
	for _, test := range tests {
		if got := (Options{Rules: test.rules}).allows(test.name); got != test.want {
			t.Errorf("%v of %s: got %t, want %t", test.rules, test.name, got, test.want)
		}
	}
	var names []string
	for _, m := range Default().Chosen() {
		names = append(names, m.Name)
	}
	if want := []string{"go_gc_gogc_percent", "go_gc_gomemlimit_bytes", "go_sched_gomaxprocs_threads"}; !slices.Equal(names, want) {
		t.Errorf("by default: got %q, want %q", names, want)
	}
}

func TestDistribution(t *testing.T) {
	inf := math.Inf(+1)
	// at returns a bound with the count of what is below it.
	at := func(bound float64, count uint64) exposition.Bucket {
		return exposition.Bucket{UpperBound: math.Nextafter(bound, bound-1), Count: exposition.Count{Whole: count}}
	}
	tests := []struct {
		name   string
		unit   string
		bounds []float64
		counts []uint64
		want   exposition.Distribution
	}{
		{
			"another unit keeps its bounds", "objects", []float64{0, 10, 11, inf}, []uint64{1, 2, 4},
			exposition.Distribution{Count: exposition.Count{Whole: 7}, Sum: 0 + 20 + 44, Buckets: []exposition.Bucket{at(10, 1), at(11, 3)}},
		},
		{
			"bytes go by powers of two", "bytes", []float64{1, 1.5, 2, 3, 4, 7, inf}, []uint64{1, 2, 3, 4, 5, 6},
			exposition.Distribution{Count: exposition.Count{Whole: 21}, Sum: 1*3 + 2*7 + 4*11, Buckets: []exposition.Bucket{at(2, 3), at(4, 10)}},
		},
		{
			"seconds go by powers of ten, up to one", "seconds", []float64{0.01, 0.05, 0.1, 1, 5, 10, inf}, []uint64{1, 1, 1, 1, 1, 1},
			exposition.Distribution{Count: exposition.Count{Whole: 6}, Sum: 0.01*2 + 0.1 + 1*3, Buckets: []exposition.Bucket{at(0.1, 2), at(1, 3)}},
		},
		{
			"the lowest bucket has no bound", "objects", []float64{math.Inf(-1), 0, 1, inf}, []uint64{3, 2, 1},
			exposition.Distribution{Count: exposition.Count{Whole: 6}, Sum: 1, Buckets: []exposition.Bucket{at(1, 5)}},
		},
		{
			"neither has the lowest of seconds", "seconds", []float64{math.Inf(-1), 0, 0.5, 1, inf}, []uint64{0, 2, 2, 1},
			exposition.Distribution{Count: exposition.Count{Whole: 5}, Sum: 0.5 * 3, Buckets: []exposition.Bucket{at(0.5, 2)}},
		},
		{
			"nothing counted", "bytes", []float64{0, 8, inf}, []uint64{0, 0},
			exposition.Distribution{Buckets: []exposition.Bucket{at(8, 0)}},
		},
		{
			"bounded above", "objects", []float64{1, 2, 3}, []uint64{1, 1},
			exposition.Distribution{Count: exposition.Count{Whole: 2}, Sum: 3, Buckets: []exposition.Bucket{at(2, 1), at(3, 2)}},
		},
	}
	for _, test := range tests {
		bounds := slices.Clone(test.bounds)
		got := Distribution(&metrics.Float64Histogram{Buckets: bounds, Counts: test.counts}, test.unit)
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s\ngot  %+v\nwant %+v", test.name, got, test.want)
		}
		if !slices.Equal(bounds, test.bounds) {
			t.Errorf("%s: the runtime's bounds became %v", test.name, bounds)
		}
	}
}

// TestEveryHistogramOfTheRuntime: nothing gets lost when buckets are merged.
func TestEveryHistogramOfTheRuntime(t *testing.T) {
	all := Options{Rules: []Rule{{Matcher: regexp.MustCompile("")}}}
	seen := 0
	for _, m := range all.Chosen() {
		if m.Type != exposition.Histogram {
			continue
		}
		seen++
		sample := []metrics.Sample{{Name: m.Source}}
		metrics.Read(sample)
		h := sample[0].Value.Float64Histogram()
		want := uint64(0)
		for _, n := range h.Counts {
			want += n
		}
		d := Distribution(h, m.Unit)
		if d.Count.Whole != want {
			t.Errorf("%s: got %v observations, want %v", m.Name, d.Count.Whole, want)
		}
		if !slices.IsSortedFunc(d.Buckets, func(a, b exposition.Bucket) int {
			if a.UpperBound < b.UpperBound && a.Count.Whole <= b.Count.Whole {
				return -1
			}
			return 1
		}) {
			t.Errorf("%s: buckets out of order: %v", m.Name, d.Buckets)
		}
		if len(d.Buckets) > 100 || math.IsNaN(d.Sum) || math.IsInf(d.Sum, 0) {
			t.Errorf("%s: %d buckets, sum %v", m.Name, len(d.Buckets), d.Sum)
		}
	}
	if seen < 5 {
		t.Errorf("only %d histograms", seen)
	}
}

func TestNumber(t *testing.T) {
	samples := []metrics.Sample{{Name: "/sched/gomaxprocs:threads"}, {Name: "/no/such:thing"}, {Name: "/cpu/classes/total:cpu-seconds"}}
	metrics.Read(samples)
	if got := Number(samples[0].Value); got < 1 {
		t.Errorf("an integer: got %v", got)
	}
	if got := Number(samples[1].Value); got != 0 {
		t.Errorf("a metric that the runtime does not know: got %v, want 0", got)
	}
	if got, want := Number(samples[2].Value), samples[2].Value.Float64(); got != want {
		t.Errorf("a float: got %v, want %v", got, want)
	}
}
