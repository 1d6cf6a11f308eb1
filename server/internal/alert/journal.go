package alert

import (
	"context"
	"errors"
)

// ErrNotSaved is what errors are that say that the journal could not keep a
// change. The change is in force all the same.
var ErrNotSaved = errors.New("not saved")

// Journal makes alerts outlive the process.
type Journal interface {
	// Append adds changes, in the order in which they were made, and does not wait.
	// When wait has returned nil, they are as safe as the journal makes them. Many
	// wait at the same time, so that what they wait for can be written together. The
	// slice belongs to the journal from now on; the alerts in it never change.
	Append(changes []Change) (wait func(context.Context) error)
}

// Change is what an alert has become.
type Change struct {
	Alert *Alert
	// Gone says that the store has forgotten it.
	Gone bool
}
