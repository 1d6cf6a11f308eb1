// Package version has a collector of the version of a program, as package
// github.com/prometheus/common/version knows it. Most of that is set when the
// program is linked:
//
//	go build -ldflags "-X github.com/prometheus/common/version.Version=1.4.2"
package version

import (
	"fmt"
	"maps"

	"github.com/prometheus/common/version"

	"github.com/cresset-metrics/cresset/prometheus"
)

// Option is an option of NewCollector.
type Option func(*options)

type options struct{ extra prometheus.Labels }

// WithExtraConstLabels adds labels to those that the metric has anyhow. One of
// the same name takes the place of that. The labels are copied; where the option
// is given several times, the last one counts.
func WithExtraConstLabels(l prometheus.Labels) Option {
	extra := maps.Clone(l)
	return func(o *options) { o.extra = extra }
}

// NewCollector returns a collector of a single metric, whose value is always 1
// and whose labels tell what the program was built of. Its name is that of the
// program with _build_info behind it, so the name of the program has to be one
// that a metric may begin with.
func NewCollector(program string, opts ...Option) prometheus.Collector {
	var o options
	for _, set := range opts {
		set(&o)
	}
	labels := prometheus.Labels{
		"version":   version.Version,
		"revision":  version.GetRevision(),
		"branch":    version.Branch,
		"goversion": version.GoVersion,
		"goos":      version.GoOS,
		"goarch":    version.GoArch,
		"tags":      version.GetTags(),
	}
	maps.Copy(labels, o.extra)
	help := fmt.Sprintf("A metric with a constant '1' value labeled by version, revision, branch, goversion from which %s was built, and the goos and goarch for the build.", program)
	return prometheus.NewGaugeFunc(
		prometheus.GaugeOpts{Namespace: program, Name: "build_info", Help: help, ConstLabels: labels},
		func() float64 { return 1 },
	)
}
