package prometheus

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
)

// AlreadyRegisteredError is returned by Register for a Collector that describes
// exactly what one that is registered describes. Who only wants one of its kind
// goes on with the existing one:
//
//	if err := reg.Register(c); err != nil {
//		var exists prometheus.AlreadyRegisteredError
//		if !errors.As(err, &exists) {
//			return err
//		}
//		c = exists.ExistingCollector.(prometheus.Counter)
//	}
type AlreadyRegisteredError struct {
	ExistingCollector, NewCollector Collector
}

func (err AlreadyRegisteredError) Error() string {
	return "duplicate metrics collector registration attempted"
}

// MultiError is several errors as one. It is what Gather returns if more than
// one thing went wrong.
type MultiError []error

// Error lists the errors, a line each. It is empty if there are none.
func (errs MultiError) Error() string {
	if len(errs) == 0 {
		return ""
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "%d error(s) occurred:", len(errs))
	for _, err := range errs {
		fmt.Fprintf(&text, "\n* %s", err)
	}
	return text.String()
}

// Append adds an error unless it is nil.
func (errs *MultiError) Append(err error) {
	if err != nil {
		*errs = append(*errs, err)
	}
}

// MaybeUnwrap returns nil if there is no error, the error itself if there is
// one, and the MultiError if there are more.
func (errs MultiError) MaybeUnwrap() error {
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return errs[0]
	default:
		return errs
	}
}

// SafeMultiError is a MultiError that several goroutines may append to at once.
// The zero value is empty and ready for use.
type SafeMultiError struct {
	mu   sync.Mutex
	errs MultiError // guarded by mu
}

// Append adds an error unless it is nil.
func (s *SafeMultiError) Append(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errs.Append(err)
}

// MaybeUnwrap returns what was appended so far, as the method of MultiError
// does.
func (s *SafeMultiError) MaybeUnwrap() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.errs).MaybeUnwrap()
}
