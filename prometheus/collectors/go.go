package collectors

import (
	"regexp"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/internal/goruntime"
)

// NewGoCollector returns a collector of the state of the Go runtime:
// goroutines, threads, garbage collection and memory. Options take some of its
// metrics away and add more of those of package runtime/metrics.
func NewGoCollector(opts ...func(o *goruntime.Options)) prometheus.Collector {
	return prometheus.NewGoCollector(opts...)
}

// WithGoCollectorMemStatsMetricsDisabled leaves out the metrics named after the
// fields of runtime.MemStats, which are those that begin with go_memstats_
// except go_memstats_last_gc_time_seconds.
func WithGoCollectorMemStatsMetricsDisabled() func(options *goruntime.Options) {
	return func(o *goruntime.Options) { o.WithoutMemStats = true }
}

// GoRuntimeMetricsRule chooses metrics of package runtime/metrics: those whose
// names, such as "/gc/heap/allocs:bytes", the expression matches.
type GoRuntimeMetricsRule struct {
	Matcher *regexp.Regexp
}

// Rules for groups of metrics.
var (
	MetricsAll       = GoRuntimeMetricsRule{regexp.MustCompile(`/.*`)}
	MetricsGC        = GoRuntimeMetricsRule{regexp.MustCompile(`^/gc/.*`)}
	MetricsMemory    = GoRuntimeMetricsRule{regexp.MustCompile(`^/memory/.*`)}
	MetricsScheduler = GoRuntimeMetricsRule{regexp.MustCompile(`^/sched/.*`)}
	MetricsDebug     = GoRuntimeMetricsRule{regexp.MustCompile(`^/godebug/.*`)}
)

// WithGoCollectorRuntimeMetrics adds metrics of package runtime/metrics. The
// name of each is that of the runtime with a go_ in front and its unit at the
// end, as in go_gc_heap_allocs_bytes_total. Where several rules match a metric,
// be it of this option or of WithoutGoCollectorRuntimeMetrics, the last one
// counts.
func WithGoCollectorRuntimeMetrics(rules ...GoRuntimeMetricsRule) func(options *goruntime.Options) {
	return func(o *goruntime.Options) {
		for _, rule := range rules {
			o.Rules = append(o.Rules, goruntime.Rule{Matcher: rule.Matcher})
		}
	}
}

// WithoutGoCollectorRuntimeMetrics takes away metrics of package
// runtime/metrics, be they there by default or by an option before this one.
func WithoutGoCollectorRuntimeMetrics(matchers ...*regexp.Regexp) func(options *goruntime.Options) {
	return func(o *goruntime.Options) {
		for _, matcher := range matchers {
			o.Rules = append(o.Rules, goruntime.Rule{Matcher: matcher, Deny: true})
		}
	}
}

// GoCollectionOption chooses metrics of the Go collector by where they come
// from.
//
// Deprecated: It is for WithGoCollections.
type GoCollectionOption uint32

const (
	// GoRuntimeMemStatsCollection stands for those named after the fields of
	// runtime.MemStats.
	//
	// Deprecated: Use WithGoCollectorMemStatsMetricsDisabled to leave them out.
	GoRuntimeMemStatsCollection GoCollectionOption = 1 << iota
	// GoRuntimeMetricsCollection stands for all of package runtime/metrics.
	//
	// Deprecated: Use WithGoCollectorRuntimeMetrics(MetricsAll).
	GoRuntimeMetricsCollection
)

// WithGoCollections chooses metrics by where they come from.
//
// Deprecated: Use WithGoCollectorMemStatsMetricsDisabled and
// WithGoCollectorRuntimeMetrics.
func WithGoCollections(flags GoCollectionOption) func(options *goruntime.Options) {
	return func(o *goruntime.Options) {
		if flags&GoRuntimeMemStatsCollection == 0 {
			WithGoCollectorMemStatsMetricsDisabled()(o)
		}
		if flags&GoRuntimeMetricsCollection != 0 {
			WithGoCollectorRuntimeMetrics(MetricsAll)(o)
		}
	}
}
