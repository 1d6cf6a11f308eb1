//go:build !gc || purego

package cell

import "unsafe"

// pin returns a number that goroutines which run at the same time mostly do not
// have in common, made of where their stacks are. It does not keep the goroutine on
// its processor, which is a matter of speed alone.
func pin() int {
	var here byte
	return int(uintptr(unsafe.Pointer(&here)) >> 11 * 0x9E37 >> 4 & 0xFFFF)
}

func unpin() {}
