package benchmarks

import (
	"runtime"
	"syscall"
	"testing"
	"unsafe"
)

// pin holds the calling goroutine to a core until the function that it returns
// is called.
func pin(b *testing.B, core int) (release func()) {
	runtime.LockOSThread()
	var before, after [16]uint64 // a bit per core
	affinity := func(call uintptr, mask *[16]uint64) {
		if _, _, err := syscall.RawSyscall(call, 0, unsafe.Sizeof(*mask), uintptr(unsafe.Pointer(mask))); err != 0 {
			b.Errorf("cannot hold a thread to core %d: %v", core, err)
		}
	}
	affinity(syscall.SYS_SCHED_GETAFFINITY, &before)
	after[core/64] = 1 << (core % 64)
	affinity(syscall.SYS_SCHED_SETAFFINITY, &after)
	return func() {
		affinity(syscall.SYS_SCHED_SETAFFINITY, &before)
		runtime.UnlockOSThread()
	}
}
