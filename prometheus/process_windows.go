package prometheus

import "syscall"

func processSupported() bool { return true }

func (c *processCollector) known() []*Desc {
	return []*Desc{c.cpuSeconds, c.startTime}
}

func (c *processCollector) collect(pid int, r processReport) {
	process, err := syscall.OpenProcess(syscall.PROCESS_QUERY_INFORMATION, false, uint32(pid))
	if err != nil {
		r.fail(nil, err)
		return
	}
	defer syscall.CloseHandle(process)

	var created, exited, kernel, user syscall.Filetime
	if err := syscall.GetProcessTimes(process, &created, &exited, &kernel, &user); err != nil {
		r.fail(nil, err)
		return
	}
	r.gauge(c.startTime, float64(created.Nanoseconds()/1e9))
	r.counter(c.cpuSeconds, duration(kernel)+duration(user))
}

// duration returns a span of time that Windows counts in units of 100
// nanoseconds.
func duration(t syscall.Filetime) float64 {
	return float64(uint64(t.HighDateTime)<<32|uint64(t.LowDateTime)) / 1e7
}
