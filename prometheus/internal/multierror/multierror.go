// Package multierror takes apart errors that stand for several.
package multierror

import "errors"

// Each returns the errors that one consists of: those of the M that it is or wraps,
// otherwise itself; nil for nil. What it returns must not be written to.
func Each[M interface {
	~[]error
	error
}](err error) []error {
	var several M
	switch {
	case err == nil:
		return nil
	case errors.As(err, &several):
		return several
	default:
		return []error{err}
	}
}
