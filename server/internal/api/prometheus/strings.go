package prometheus

import (
	"strings"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"
)

// Names and values of labels are told as they are, whatever a page of HTML would
// make of them; in all other strings <, > and & are escaped. An answer that has
// both is one withLabels, made of labelSets and texts.
type (
	withLabels struct{ data any }
	labelSet   labels.Labels
	text       string
)

func (l labelSet) MarshalJSON() ([]byte, error) { return appendLabels(nil, labels.Labels(l)), nil }

func (t text) MarshalJSON() ([]byte, error) { return appendText(nil, string(t)), nil }

func appendLabels(b []byte, ls labels.Labels) []byte {
	b = append(b, '{')
	i := 0
	ls.Range(func(l labels.Label) {
		b = appendComma(b, i)
		i++
		b = appendString(b, l.Name)
		b = append(b, ':')
		b = appendString(b, l.Value)
	})
	return append(b, '}')
}

// appendString writes s with nothing escaped but what JSON demands; that is
// nothing at all for nearly all names and values.
func appendString(b []byte, s string) []byte {
	if !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf }) {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	return appendEscaped(b, s, func(c rune) bool { return c < ' ' || c == '"' || c == '\\' })
}

// appendText writes s so that it can stand in a script within HTML.
func appendText(b []byte, s string) []byte {
	return appendEscaped(b, s, func(c rune) bool {
		return c < ' ' || strings.ContainsRune("\"\\<>&\u2028\u2029", c)
	})
}

func appendEscaped(b []byte, s string, escaped func(rune) bool) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, c := range s { // what is not UTF-8 becomes U+FFFD
		switch {
		case !escaped(c):
			b = utf8.AppendRune(b, c)
		case c == '"' || c == '\\':
			b = append(b, '\\', byte(c))
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		default:
			b = append(b, '\\', 'u', hex[c>>12], hex[c>>8&0xf], hex[c>>4&0xf], hex[c&0xf])
		}
	}
	return append(b, '"')
}
