// Package silence holds silences: which there are, which of them match an alert,
// and how they are merged with those of other copies of the server.
//
// The package is told the time and starts no goroutine; it reads the clock for its
// metrics alone.
package silence

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
)

// The errors that callers tell apart. Every other error of [Store.Set] says what is
// wrong with the silence.
var (
	// ErrNotFound is returned for an ID that no silence has.
	ErrNotFound = errors.New("silence not found")
	// ErrNotSaved is returned if a change is in force, but would not survive the
	// process as far as the journal knows.
	ErrNotSaved = errors.New("silence is in force but not saved")
)

// State is where a silence is in its life.
type State string

// The states of a silence, in the order of its life.
const (
	Pending State = "pending" // its start is still to come
	Active  State = "active"
	Expired State = "expired"
)

// Silence keeps alerts that it matches from being told while it is active. Once
// it is in a [Store] it is never changed again; an update is a new Silence.
type Silence struct {
	// ID is a UUID, given by the store.
	ID string
	// Matchers are sets of matchers: the silence matches what every matcher of at
	// least one set matches. Only the Type, Name and Value of what is handed to a
	// [Store] count, which makes matchers of its own of them; so regular expressions
	// need not be compiled.
	Matchers []labels.Matchers
	// StartsAt is the first instant at which the silence is active, EndsAt the
	// first at which it is no more.
	StartsAt, EndsAt time.Time
	// UpdatedAt is when it was last changed: of two versions the younger is right.
	UpdatedAt time.Time
	// ExpiresAt is when it is forgotten: EndsAt and the retention of the copy that
	// changed it last.
	ExpiresAt time.Time
	// CreatedBy, Comment and Annotations are for people.
	CreatedBy, Comment string
	Annotations        map[string]string
}

// StateAt returns the state at an instant.
func (s *Silence) StateAt(now time.Time) State {
	switch {
	case now.Before(s.StartsAt):
		return Pending
	case now.Before(s.EndsAt):
		return Active
	}
	return Expired
}

// A Change is what became of a silence.
type Change struct {
	Silence *Silence
	// Gone says that the silence is forgotten.
	Gone bool
}

// Journal makes silences outlive the process.
type Journal interface {
	// Append takes a batch of changes, in the order in which they happened. It does
	// not block and keeps the slice no longer than the call. The returned function
	// waits until the changes are safe.
	Append(changes []Change) (wait func(ctx context.Context) error)
}
