package exposition

import (
	"cmp"
	"math/bits"
	"strings"
)

// What the text formats escape.
const (
	inQuotes = "\\\"\n"
	inText   = "\\\n"
)

// appendValue escapes what stands in quotes.
func appendValue(buf []byte, value string) []byte {
	for i := range len(value) {
		if c := value[i]; c == '"' || c == '\\' || c == '\n' {
			return appendEscaped(buf, value, inQuotes)
		}
	}
	return append(buf, value...) // as nearly all are
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

// appendUnescaped does the reverse.
func appendUnescaped(buf []byte, escaped string) []byte {
	for {
		i := strings.IndexByte(escaped, '\\')
		if i < 0 {
			return append(buf, escaped...)
		}
		buf = append(buf, escaped[:i]...)
		buf = append(buf, unescaped(escaped[i+1]))
		escaped = escaped[i+2:]
	}
}

// equalsEscaped tells whether the first text is the second one, escaped.
func equalsEscaped(escaped, value string) bool {
	for ; escaped != ""; value = value[1:] {
		c := escaped[0]
		escaped = escaped[1:]
		if c == '\\' {
			c = unescaped(escaped[0])
			escaped = escaped[1:]
		}
		if value == "" || value[0] != c {
			return false
		}
	}
	return value == ""
}

// unescaped returns what a character after a backslash stands for.
func unescaped(c byte) byte {
	if c == 'n' {
		return '\n'
	}
	return c
}

// endOfValue returns where the quote is that ends the value at the beginning of
// the text, and whether that stands there as it is.
func endOfValue(text string) (end int, plain bool) {
	plain = true
	for i := 0; ; i++ {
		switch text[i] {
		case '"':
			return i, plain
		case '\\':
			plain = false
			i++
		}
	}
}

// compareEscaped compares values as they are without making them: each stands at
// the beginning of its text, escaped, with a quote at its end. What follows is the
// same in both as long as the values are, as it is in the texts of one schema, which
// are compared whole.
func compareEscaped(a, b string) int {
	i := firstDifference(a, b)
	if i == len(a) {
		return 0
	}
	slashes := 0 // in front, in both
	for slashes < i && a[i-slashes-1] == '\\' {
		slashes++
	}
	if slashes%2 == 1 {
		return cmp.Compare(unescaped(a[i]), unescaped(b[i]))
	}
	return cmp.Compare(rank(a[i:]), rank(b[i:]))
}

// rank returns the first byte of the value that goes on with that text, -1 for none.
func rank(text string) int {
	switch text[0] {
	case '"':
		return -1
	case '\\':
		return int(unescaped(text[1]))
	default:
		return int(text[0])
	}
}

// firstDifference returns where texts begin to differ, or where the shorter one
// ends.
func firstDifference(a, b string) int {
	i, n := 0, min(len(a), len(b))
	for ; i+8 <= n; i += 8 {
		if x := word(a[i:i+8]) ^ word(b[i:i+8]); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

// word reads eight bytes, the first one as the lowest.
func word(s string) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}
