package main

import (
	"fmt"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

// cores is a bit per core that a thread may run on.
type cores [16]uint64

// pin holds the calling goroutine to the nth of the cores that it may run on,
// until the function that it returns is called.
func pin(n int) (release func(), err error) {
	runtime.LockOSThread()
	var allowed, one cores
	if err := affinity(syscall.SYS_SCHED_GETAFFINITY, &allowed); err != nil {
		return runtime.UnlockOSThread, err
	}
	core := allowed.nth(n)
	if core < 0 {
		return runtime.UnlockOSThread, fmt.Errorf("a thread of its own core needs %d cores that this process may run on", n+1)
	}
	one[core/64] = 1 << (core % 64)
	if err := affinity(syscall.SYS_SCHED_SETAFFINITY, &one); err != nil {
		return runtime.UnlockOSThread, err
	}
	return func() {
		// A thread that stays on its core is not given back.
		if affinity(syscall.SYS_SCHED_SETAFFINITY, &allowed) == nil {
			runtime.UnlockOSThread()
		}
	}, nil
}

// affinity reads or sets the cores that the calling thread may run on.
func affinity(call uintptr, c *cores) error {
	// The kernel does not keep the pointer.
	if _, _, errno := syscall.RawSyscall(call, 0, unsafe.Sizeof(*c), uintptr(unsafe.Pointer(c))); errno != 0 {
		return fmt.Errorf("cannot hold a thread to a core: %w", errno)
	}
	return nil
}

// nth returns the number of the nth core, or -1.
func (c *cores) nth(n int) int {
	for core := range len(c) * 64 {
		if c[core/64]>>(core%64)&1 == 0 {
			continue
		}
		if n == 0 {
			return core
		}
		n--
	}
	return -1
}

// cpuTime returns the CPU time that all threads of the process have used.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
