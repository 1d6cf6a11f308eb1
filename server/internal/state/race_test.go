//go:build race

package state

import "runtime"

// Under the race detector, Go's runtime (1.26) runs the channel timers of a bubble on
// whatever thread looks at one, but gives all of them one context of the detector. Two
// threads that look at once crash the process. So there is one; what happens at the
// same time is seen by the detector all the same.
func init() { runtime.GOMAXPROCS(1) }
