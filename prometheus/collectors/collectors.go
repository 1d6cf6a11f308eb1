// Package collectors has collectors of what every Go program has: the Go
// runtime and the process. The default registry comes with both; for a registry
// of one's own they are made here:
//
//	reg := prometheus.NewRegistry()
//	reg.MustRegister(
//		collectors.NewGoCollector(),
//		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
//	)
package collectors

import "github.com/cresset-metrics/cresset/prometheus"

// ProcessCollectorOpts are the options of a collector of the state of a
// process.
type ProcessCollectorOpts struct {
	// PidFn returns the process ID, each time anew; prometheus.NewPidFileFn
	// reads it from a file. Without it, it is that of the process itself.
	PidFn func() (int, error)
	// Namespace, unless it is empty, is put before all names, with an
	// underscore in between.
	Namespace string
	// ReportErrors makes a gather fail if something cannot be had. Otherwise
	// that is just not exposed.
	ReportErrors bool
}

// NewProcessCollector returns a collector of the state of a process: processor
// time, memory, file descriptors, network traffic, start time. Not every
// operating system tells all of them; prometheus.NewProcessCollector says which.
func NewProcessCollector(opts ProcessCollectorOpts) prometheus.Collector {
	return prometheus.NewProcessCollector(prometheus.ProcessCollectorOpts(opts))
}
