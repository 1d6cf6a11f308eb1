package prometheus

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Labels are label names with their values.
type Labels map[string]string

// errInconsistentCardinality is for a number of label values that is not the
// number of label names.
var errInconsistentCardinality = errors.New("inconsistent label cardinality")

func checkLabelCount(values []string, want int) error {
	if len(values) == want {
		return nil
	}
	// A copy, so that the message alone does not move the caller's strings to
	// the heap.
	copied := cloneAll(values)
	return fmt.Errorf("%w: expected %d label values but got %d in %#v", errInconsistentCardinality, want, len(copied), copied)
}

// cloneAll returns nil for no values.
func cloneAll(values []string) []string {
	if len(values) == 0 {
		return nil
	}
	copied := make([]string, len(values))
	for i, value := range values {
		copied[i] = strings.Clone(value)
	}
	return copied
}

func checkLabelMapCount(labels Labels, want int) error {
	if len(labels) == want {
		return nil
	}
	var copied Labels
	if labels != nil {
		copied = make(Labels, len(labels))
	}
	for name, value := range labels {
		copied[strings.Clone(name)] = strings.Clone(value)
	}
	return fmt.Errorf("%w: expected %d label values but got %d in %#v", errInconsistentCardinality, want, len(copied), copied)
}

// notUTF8 is how an error about a label value ends.
const notUTF8 = "is not valid UTF-8"

func checkNamedValues(names, values []string) error {
	for i, value := range values {
		if !utf8.ValidString(value) {
			return invalidNamedValue(names[i], value)
		}
	}
	return nil
}

func invalidNamedValue(name, value string) error {
	return fmt.Errorf("label %s: value %q "+notUTF8, name, value)
}

func checkPlacedValues(_, values []string) error { return checkLabelValues(values) }

func checkLabelValues(values []string) error {
	for _, value := range values {
		if !utf8.ValidString(value) {
			return fmt.Errorf("label value %q "+notUTF8, value)
		}
	}
	return nil
}
