package registry

// Reason is why something is left out of a page.
type Reason string

const (
	// Invalid is a series that no page may have: with labels that are not
	// valid, or not those of its desc, or without a name or a value.
	Invalid Reason = "invalid"
	// Duplicate is a series that is on the page already.
	Duplicate Reason = "duplicate"
	// Conflict is a series whose family is on the page with another help or
	// type, or whose name collides with those of a summary or histogram.
	Conflict Reason = "conflict"
	// Panic is foreign code that panicked.
	Panic Reason = "panic"
	// Failed is foreign code that said it failed, or that ended otherwise than
	// by returning.
	Failed Reason = "error"
	// Timeout is foreign code that did not come back in time.
	Timeout Reason = "timeout"
)

// because is an error with its reason.
type because struct {
	reason Reason
	family string // "" if the error is not about one family
	err    error
}

func (b *because) Error() string { return b.err.Error() }
func (b *because) Unwrap() error { return b.err }

// Because gives an error for Batch.Fail its reason and the name of the family
// that it is about, if it is about one: then it costs one series, otherwise it
// is the source that failed. An error without a reason is one of the source,
// which failed.
func Because(reason Reason, family string, err error) error {
	return &because{reason, family, err}
}

// reasonOf returns an error with its reason, whether it was given one or not.
func reasonOf(err error) *because {
	if b, ok := err.(*because); ok {
		return b
	}
	return &because{Failed, "", err}
}
