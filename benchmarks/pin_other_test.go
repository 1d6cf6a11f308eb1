//go:build !linux

package benchmarks

import (
	"runtime"
	"testing"
)

// pin gives the calling goroutine a thread of its own; which core that runs on
// is up to the system.
func pin(*testing.B, int) (release func()) {
	runtime.LockOSThread()
	return runtime.UnlockOSThread
}
