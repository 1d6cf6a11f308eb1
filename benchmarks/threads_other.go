//go:build !linux

package main

import (
	"runtime"
	"time"
)

// pin gives the calling goroutine a thread of its own; which core that runs on
// is up to the system.
func pin(int) (release func(), err error) {
	runtime.LockOSThread()
	return runtime.UnlockOSThread, nil
}

// cpuTime is not known here.
func cpuTime() time.Duration { return 0 }
