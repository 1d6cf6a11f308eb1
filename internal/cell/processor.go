//go:build gc && !purego

package cell

import _ "unsafe" // for go:linkname

// pin returns the number of the processor that the goroutine runs on, and keeps it
// there until unpin. What is in between must be short and must not block.
//
// The runtime lets packages use these two by name (https://go.dev/issue/67401).
//
//go:linkname pin runtime.procPin
func pin() int

//go:linkname unpin runtime.procUnpin
func unpin()
