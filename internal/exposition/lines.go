package exposition

import (
	"strings"
	"unicode/utf8"
)

// lines is what the line-based formats have in common: lines of samples that
// begin with a name and labels.
type lines struct {
	output
	escaping Escaping
	number   func(buf []byte, v float64) []byte // how the format writes a bound

	// Of the family that is being written:
	name   string // before it is escaped
	head   string // what each line begins with: the name, or, if it needs quotes, {"name, to which a suffix can be added
	quoted bool
}

// begin prepares for the lines of a family, and returns its name as this page has
// it.
func (l *lines) begin(name string) (escaped string) {
	escaped = EscapeName(name, l.escaping)
	l.name, l.head, l.quoted = name, escaped, !IsLegacyName(escaped)
	if l.quoted {
		l.head = string(appendValue([]byte(`{"`), escaped))
	}
	return escaped
}

// copyRendered writes the lines of a series that are there already, if they are.
func (l *lines) copyRendered(s *Series, f form) bool {
	done, ok := s.renderedAs(f, l.name, l.escaping)
	l.buf = append(l.buf, done...)
	return ok
}

// meta writes a line about the family of that name.
func (l *lines) meta(keyword, name, text, special string) {
	l.buf = append(l.buf, keyword...)
	l.buf = appendName(l.buf, name)
	l.buf = append(l.buf, ' ')
	l.buf = appendEscaped(l.buf, text, special)
	l.buf = append(l.buf, '\n')
}

// validText replaces what is not UTF-8 in a help text: a reader would refuse the
// whole page because of it.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, string(utf8.RuneError))
}

// appendSeries writes the name with a suffix, and the labels. The extra label
// (le or quantile) stands last; its name is empty where there is none.
func (l *lines) appendSeries(buf []byte, labels *Labels, suffix, extra string, bound float64) []byte {
	labelled := labels.Len() > 0
	buf = append(buf, l.head...)
	buf = append(buf, suffix...)
	if l.quoted {
		buf = append(buf, '"')
	}
	if !labelled && extra == "" {
		if l.quoted {
			buf = append(buf, '}')
		}
		return buf
	}
	if l.quoted {
		buf = append(buf, ',')
	} else {
		buf = append(buf, '{')
	}
	buf = l.appendLabels(buf, labels)
	if extra != "" {
		if labelled {
			buf = append(buf, ',')
		}
		buf = append(buf, extra...)
		buf = append(buf, `="`...)
		buf = l.number(buf, bound)
		buf = append(buf, '"')
	}
	return append(buf, '}')
}

func (l *lines) appendLabels(buf []byte, labels *Labels) []byte {
	if l.escaping == AllowUTF8 || labels.legacy() {
		return append(buf, labels.text...)
	}
	var p pairs
	for p.begin(labels); p.next(); {
		if p.at > 1 {
			buf = append(buf, ',')
		}
		buf = appendLabelName(buf, p.name, l.escaping)
		buf = append(buf, `="`...)
		buf = append(buf, p.text...)
	}
	return buf
}

// appendLabel writes name="value".
func appendLabel(buf []byte, name, value string, escaping Escaping) []byte {
	buf = appendLabelName(buf, name, escaping)
	buf = append(buf, `="`...)
	buf = appendValue(buf, value)
	return append(buf, '"')
}
