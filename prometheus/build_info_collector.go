package prometheus

import "runtime/debug"

// NewBuildInfoCollector returns a collector of go_build_info, which is the same
// as that of package collectors.
//
// Deprecated: Use collectors.NewBuildInfoCollector.
func NewBuildInfoCollector() Collector {
	path, version, sum := "unknown", "unknown", "unknown"
	if build, ok := debug.ReadBuildInfo(); ok {
		path, version, sum = build.Main.Path, build.Main.Version, build.Main.Sum
	}
	desc := NewDesc("go_build_info", "Build information about the main Go module.", nil,
		Labels{"path": path, "version": version, "checksum": sum})
	return buildInfoCollector{MustNewConstMetric(desc, GaugeValue, 1)}
}

type buildInfoCollector struct{ info Metric }

// Describe implements Collector.
func (c buildInfoCollector) Describe(ch chan<- *Desc) { ch <- c.info.Desc() }

// Collect implements Collector.
func (c buildInfoCollector) Collect(ch chan<- Metric) { ch <- c.info }
