//go:build !darwin && !js && !wasip1 && !windows

package prometheus

import "github.com/prometheus/procfs"

func processSupported() bool {
	_, err := procfs.NewDefaultFS()
	return err == nil
}

func (c *processCollector) known() []*Desc {
	return []*Desc{
		c.cpuSeconds, c.openFDs, c.maxFDs, c.virtualMemory, c.maxMemory,
		c.residentMemory, c.startTime, c.receivedBytes, c.transmittedBytes,
	}
}

func (c *processCollector) collect(pid int, r processReport) {
	process, err := procfs.NewProc(pid)
	if err != nil {
		r.fail(nil, err)
		return
	}
	if stat, err := process.Stat(); err != nil {
		r.fail(nil, err)
	} else {
		r.counter(c.cpuSeconds, stat.CPUTime())
		r.gauge(c.virtualMemory, float64(stat.VirtualMemory()))
		r.gauge(c.residentMemory, float64(stat.ResidentMemory()))
		if start, err := stat.StartTime(); err != nil {
			r.fail(c.startTime, err)
		} else {
			r.gauge(c.startTime, start)
		}
	}
	if open, err := process.FileDescriptorsLen(); err != nil {
		r.fail(c.openFDs, err)
	} else {
		r.gauge(c.openFDs, float64(open))
	}
	if limits, err := process.Limits(); err != nil {
		r.fail(nil, err)
	} else {
		r.gauge(c.maxFDs, float64(limits.OpenFiles))
		r.gauge(c.maxMemory, float64(limits.AddressSpace))
	}
	if network, err := process.Netstat(); err != nil {
		r.fail(nil, err)
	} else {
		r.counter(c.receivedBytes, orZero(network.InOctets))
		r.counter(c.transmittedBytes, orZero(network.OutOctets))
	}
}

func orZero(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}
