package prometheus

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ProcessCollectorOpts are the options of a collector of the state of a
// process.
type ProcessCollectorOpts struct {
	// PidFn returns the process ID, each time anew. Without it, it is that of
	// the process itself.
	PidFn func() (int, error)
	// Namespace, unless it is empty, is put before all names, with an
	// underscore in between.
	Namespace string
	// ReportErrors makes a gather fail if something cannot be had. Otherwise
	// that is just not exposed.
	ReportErrors bool
}

// NewProcessCollector returns a collector of the state of a process: processor
// time, memory, file descriptors, network traffic, start time.
//
// It exposes what the operating system tells: on Linux and others with a /proc
// of that kind everything, the network traffic being that of the network
// namespace; on macOS processor time, file descriptors and limits, of the own
// process only; on Windows processor time and start time; elsewhere nothing.
func NewProcessCollector(opts ProcessCollectorOpts) Collector {
	desc := func(name, help string) *Desc { return NewDesc(BuildFQName(opts.Namespace, "", name), help, nil, nil) }
	c := &processCollector{
		pid:              opts.PidFn,
		reportErrors:     opts.ReportErrors,
		cpuSeconds:       desc("process_cpu_seconds_total", "Total user and system CPU time spent in seconds."),
		openFDs:          desc("process_open_fds", "Number of open file descriptors."),
		maxFDs:           desc("process_max_fds", "Maximum number of open file descriptors."),
		virtualMemory:    desc("process_virtual_memory_bytes", "Virtual memory size in bytes."),
		maxMemory:        desc("process_virtual_memory_max_bytes", "Maximum amount of virtual memory available in bytes."),
		residentMemory:   desc("process_resident_memory_bytes", "Resident memory size in bytes."),
		startTime:        desc("process_start_time_seconds", "Start time of the process since unix epoch in seconds."),
		receivedBytes:    desc("process_network_receive_bytes_total", "Number of bytes received by the process over the network."),
		transmittedBytes: desc("process_network_transmit_bytes_total", "Number of bytes sent by the process over the network."),
	}
	c.supported = processSupported()
	if c.pid == nil {
		own := os.Getpid()
		c.pid = func() (int, error) { return own, nil }
	}
	return c
}

type processCollector struct {
	pid          func() (int, error)
	reportErrors bool
	supported    bool // the operating system tells something

	cpuSeconds                      *Desc
	openFDs, maxFDs                 *Desc
	virtualMemory, maxMemory        *Desc
	residentMemory                  *Desc
	startTime                       *Desc
	receivedBytes, transmittedBytes *Desc
}

var errProcessNotSupported = errors.New("process metrics not supported on this platform")

// Describe implements Collector. A collector that cannot know anything
// describes nothing, and so stands in nobody's way.
func (c *processCollector) Describe(ch chan<- *Desc) {
	if !c.supported {
		if c.reportErrors {
			ch <- NewInvalidDesc(errProcessNotSupported)
		}
		return
	}
	for _, desc := range c.known() {
		ch <- desc
	}
}

// Collect implements Collector.
func (c *processCollector) Collect(ch chan<- Metric) {
	r := processReport{c, ch}
	if !c.supported {
		r.fail(nil, errProcessNotSupported)
		return
	}
	pid, err := c.pid()
	if err != nil {
		r.fail(nil, err)
		return
	}
	c.collect(pid, r)
}

// processReport sends what was found out about a process.
type processReport struct {
	c  *processCollector
	ch chan<- Metric
}

func (r processReport) counter(desc *Desc, v float64) {
	r.ch <- MustNewConstMetric(desc, CounterValue, v)
}

func (r processReport) gauge(desc *Desc, v float64) {
	r.ch <- MustNewConstMetric(desc, GaugeValue, v)
}

// fail tells that something could not be had, if errors are to be reported. The
// desc is nil if that is more than one metric.
func (r processReport) fail(desc *Desc, err error) {
	if !r.c.reportErrors {
		return
	}
	if desc == nil {
		desc = NewInvalidDesc(err)
	}
	r.ch <- NewInvalidMetric(desc, err)
}

// NewPidFileFn returns a PidFn for ProcessCollectorOpts that reads the process
// ID from a file.
func NewPidFileFn(pidFilePath string) func() (int, error) {
	return func() (int, error) {
		content, err := os.ReadFile(pidFilePath)
		if err != nil {
			return 0, fmt.Errorf("can't read pid file %q: %w", pidFilePath, err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
		if err != nil {
			return 0, fmt.Errorf("can't parse pid file %q: %w", pidFilePath, err)
		}
		return pid, nil
	}
}
