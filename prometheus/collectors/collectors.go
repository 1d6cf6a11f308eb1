// Package collectors has collectors of what Go programs have in common: the Go
// runtime, the process, the build, database handles, and the variables of
// package expvar. The default registry comes with the first two; for a registry
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

// NewBuildInfoCollector returns a collector of a single metric, go_build_info,
// whose value is always 1. Its labels path, version and checksum are those of
// the program's main module, as runtime/debug.ReadBuildInfo tells them, and
// "unknown" if it tells nothing. A program that was built from a local folder
// has no checksum.
func NewBuildInfoCollector() prometheus.Collector {
	//lint:ignore SA1019 the one that is not deprecated
	return prometheus.NewBuildInfoCollector()
}

// NewExpvarCollector returns a collector of variables of package expvar, for
// those that a program has already; a metric of its own costs less. The map,
// which is copied, says for the name of each variable how it is described. The
// metrics are untyped.
//
// If a Desc has no variable labels, the variable is a number, or a bool, which
// counts as 1 or 0. With one variable label it is a map of those, whose keys are
// the values of the label; with more it is maps in maps, one level for each
// label, in the order of the Desc. What does not fit, and variables that are not
// there, are left out; a variable that is not valid JSON is an error of the
// gather.
func NewExpvarCollector(exports map[string]*prometheus.Desc) prometheus.Collector {
	//lint:ignore SA1019 the one that is not deprecated
	return prometheus.NewExpvarCollector(exports)
}
