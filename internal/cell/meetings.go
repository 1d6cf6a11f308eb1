package cell

import (
	"sync/atomic"
	"time"
)

// meetings tells whether updates that run at the same time get in each other's way so
// often that they should be kept apart: if oftenMet of them happen within that time,
// which is when going out of each other's way takes about a hundredth of a
// processor's time.
type meetings struct {
	n      atomic.Uint32
	looked atomic.Int64 // when it was last one of the numbers at which the time is looked at
}

const (
	oftenMet = 16
	often    = 100 * time.Microsecond
)

// began is what times are counted from.
var began = time.Now()

// tooOften counts a meeting, and tells whether it is time to keep updates apart.
func (m *meetings) tooOften() bool {
	if m.n.Add(1)%oftenMet != 0 {
		return false
	}
	now := time.Since(began)
	return now-time.Duration(m.looked.Swap(int64(now))) < often
}

// apart keeps what one processor writes off the lines of memory that others use.
type apart [64]byte
