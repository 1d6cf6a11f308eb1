package prometheus

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

func processSupported() bool { return true }

func (c *processCollector) known() []*Desc {
	return []*Desc{c.cpuSeconds, c.openFDs, c.maxFDs, c.maxMemory}
}

func (c *processCollector) collect(pid int, r processReport) {
	if own := os.Getpid(); pid != own {
		r.fail(nil, fmt.Errorf("collecting metrics for pid %d is not supported on darwin: process metrics collection is limited to the current process (pid %d)", pid, own))
		return
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		r.fail(c.cpuSeconds, err)
	} else {
		r.counter(c.cpuSeconds, time.Duration(usage.Utime.Nano()+usage.Stime.Nano()).Seconds())
	}
	if open, err := openFiles(); err != nil {
		r.fail(c.openFDs, err)
	} else {
		r.gauge(c.openFDs, float64(open))
	}
	collectLimit(r, c.maxFDs, syscall.RLIMIT_NOFILE)
	collectLimit(r, c.maxMemory, syscall.RLIMIT_AS)
}

func collectLimit(r processReport, desc *Desc, resource int) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(resource, &limit); err != nil {
		r.fail(desc, err)
		return
	}
	r.gauge(desc, float64(limit.Cur))
}

// openFiles counts the file descriptors of the process. Their names are enough:
// asking for more fails for some kinds.
func openFiles() (int, error) {
	dir, err := os.Open("/dev/fd")
	if err != nil {
		return 0, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(0)
	if err != nil {
		return 0, err
	}
	return len(names) - 1, nil // without that of the folder itself
}
