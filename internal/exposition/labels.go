package exposition

import (
	"cmp"
	"slices"
	"strings"
)

// Labels are the labels of one series, sorted by name, together with the text
// they have in the exposition formats. They are made once, when the series is
// created, and never change: whoever holds them may read them at any time.
type Labels struct {
	Names  []string // sorted, without duplicates; one slice may serve many series
	Values []string // Values[i] belongs to Names[i]

	text   string // name="value",... as it stands between the braces
	legacy bool   // every name is one that needs no quotes
}

// NewLabels renders labels. Names must be sorted and unique, and both slices
// belong to the Labels from then on.
//
// The bytes of the values are copied: values that need no escaping point into
// the rendered text afterwards, so that theirs are kept once.
func NewLabels(names, values []string) Labels {
	l := Labels{Names: names, Values: values, legacy: true}
	if len(names) == 0 {
		return l
	}
	size := 0
	for i, name := range names {
		l.legacy = l.legacy && isLegacyLabel(name)
		size += len(name) + len(values[i]) + len(`="",`)
	}
	buf := make([]byte, 0, size)
	starts := make([]int, 0, 16)
	for i, name := range names {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = appendLabelName(buf, name, AllowUTF8)
		buf = append(buf, `="`...)
		starts = append(starts, len(buf))
		buf = appendValue(buf, values[i])
		buf = append(buf, '"')
	}
	l.text = string(buf)
	for i, value := range values {
		if rendered := l.text[starts[i]:]; strings.HasPrefix(rendered, value) {
			l.Values[i] = rendered[:len(value)]
		} else {
			l.Values[i] = strings.Clone(value)
		}
	}
	return l
}

// Text returns name="value" pairs separated by commas, escaped, without the
// braces around them. Names that are not legacy ones stand in quotes.
func (l *Labels) Text() string { return l.text }

// Get returns the value of the label with that name.
func (l *Labels) Get(name string) (string, bool) {
	if i, ok := slices.BinarySearch(l.Names, name); ok {
		return l.Values[i], true
	}
	return "", false
}

// Compare gives the order that series have within a family: fewer labels
// first, then by the values in the order of the names. The names themselves
// only decide between series that are otherwise equal.
func (l *Labels) Compare(other *Labels) int {
	if c := cmp.Compare(len(l.Values), len(other.Values)); c != 0 {
		return c
	}
	for i := range l.Values {
		if c := strings.Compare(l.Values[i], other.Values[i]); c != 0 {
			return c
		}
	}
	return slices.Compare(l.Names, other.Names)
}

// What the text formats escape.
const (
	inQuotes = "\\\"\n"
	inText   = "\\\n"
)

// appendValue escapes what stands in quotes.
func appendValue(buf []byte, value string) []byte {
	return appendEscaped(buf, value, inQuotes)
}

// appendEscaped escapes the characters of value that stand in special, each
// of which is a backslash, a double quote or a line feed.
func appendEscaped(buf []byte, value, special string) []byte {
	for {
		i := strings.IndexAny(value, special)
		if i < 0 {
			return append(buf, value...)
		}
		buf = append(buf, value[:i]...)
		buf = append(buf, '\\')
		if value[i] == '\n' {
			buf = append(buf, 'n')
		} else {
			buf = append(buf, value[i])
		}
		value = value[i+1:]
	}
}
