package multierror_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/cresset-metrics/cresset/prometheus/internal/multierror"
)

type list []error

func (list) Error() string { return "several" }

func TestEach(t *testing.T) {
	first, second := errors.New("first"), errors.New("second")
	wrapped := fmt.Errorf("wrapped: %w", first)
	tests := []struct {
		name string
		err  error
		want []error
	}{
		{"none", nil, nil},
		{"one", first, []error{first}},
		{"one that wraps another", wrapped, []error{wrapped}},
		{"several", list{first, second}, []error{first, second}},
		{"several, wrapped", fmt.Errorf("gathering: %w", list{first, second}), []error{first, second}},
		{"no several of that type", errors.Join(first, second), nil},
	}
	for _, test := range tests {
		if test.want == nil && test.err != nil {
			test.want = []error{test.err}
		}
		if got := multierror.Each[list](test.err); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}
