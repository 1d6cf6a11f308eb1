package exposition

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// lines is what the line-based formats have in common: lines of samples that
// begin with a name and labels.
//
// A page has far more lines than names and bounds. So the start of a line is made
// once for a family, and the text of a bound once for all series that have it: a
// line is put together from parts that are only copied.
type lines struct {
	output
	escaping Escaping
	number   func(buf []byte, v float64) []byte // how the format writes a bound
	bounds   bounds

	// Of the family that is being written:
	name   string // before it is escaped
	head   string // what each line begins with: the name, or, if it needs quotes, {"name, to which a suffix can be added
	quoted bool

	// How its lines start; those of other types have no meaning.
	value  start // a value, or one quantile
	bucket start
	sum    start
	count  start
	since  start // a _created line
}

// start is what lines start with: their name, and what separates it from the first
// label.
type start []byte

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

// beginLines makes the starts of the lines that a family of that type has in every
// format.
func (l *lines) beginLines(typ Type) {
	switch typ {
	case Histogram, GaugeHistogram:
		l.set(&l.bucket, "_bucket")
		l.bounds.of("le")
	case Summary:
		l.set(&l.value, "")
		l.bounds.of("quantile")
	default:
		l.set(&l.value, "")
		return
	}
	l.set(&l.sum, "_sum")
	l.set(&l.count, "_count")
}

// set makes the start of the lines whose name has that suffix.
func (l *lines) set(s *start, suffix string) {
	*s = append(append((*s)[:0], l.head...), suffix...)
	if l.quoted {
		*s = append(*s, `",`...)
	} else {
		*s = append(*s, '{')
	}
}

// copyRendered writes the lines of a series that are there already, if they are.
func (l *lines) copyRendered(s *Series, f form) bool {
	if s.Rendered == nil {
		return false
	}
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

// roomForValue is more than a value, a timestamp and the end of a line need.
const roomForValue = 64

// appendStart writes a line up to its value, for which there is room then. The
// bound is that of a bucket or quantile, nil for other lines.
func (l *lines) appendStart(buf []byte, s start, labels *Labels, b *bound) []byte {
	text := labels.Text()
	if text == "" {
		return l.appendStartAlone(buf, s, b)
	}
	if l.escaping != AllowUTF8 && !labels.legacy() {
		return l.appendStartEscaped(buf, s, labels, b)
	}
	at := len(buf)
	most := len(s) + len(text) + len(`,} `) + len(bound{}.text) + roomForValue
	if cap(buf)-at < most {
		buf = slices.Grow(buf, most)
	}
	line := buf[at : at+most]
	n := copy(line, s)
	n += copy(line[n:], text)
	if b != nil {
		line[n] = ','
		n++
		n += copy(line[n:], b.text[:b.size])
	}
	line[n], line[n+1] = '}', ' '
	return buf[:at+n+2]
}

// appendStartAlone is appendStart for series without labels.
func (l *lines) appendStartAlone(buf []byte, s start, b *bound) []byte {
	switch {
	case b != nil:
		buf = append(append(buf, s...), b.text[:b.size]...)
		return append(buf, "} "...)
	case l.quoted:
		return append(append(buf, s[:len(s)-1]...), "} "...)
	default:
		return append(append(buf, s[:len(s)-1]...), ' ')
	}
}

// appendStartEscaped is appendStart for labels with names that this page has to
// escape.
func (l *lines) appendStartEscaped(buf []byte, s start, labels *Labels, b *bound) []byte {
	buf = append(buf, s...)
	var p pairs
	for p.begin(labels); p.next(); {
		if p.at > 1 {
			buf = append(buf, ',')
		}
		buf = appendLabelName(buf, p.name, l.escaping)
		buf = append(buf, `="`...)
		buf = append(buf, p.text...)
	}
	if b != nil {
		buf = append(append(buf, ','), b.text[:b.size]...)
	}
	return append(buf, "} "...)
}

// appendLabel writes name="value".
func appendLabel(buf []byte, name, value string, escaping Escaping) []byte {
	buf = appendLabelName(buf, name, escaping)
	buf = append(buf, `="`...)
	buf = appendValue(buf, value)
	return append(buf, '"')
}

// bound is a label le or quantile as text.
type bound struct {
	bits uint64   // of the number
	size uint8    // of the text; 0 if there is none yet
	text [36]byte // quantile="-1.2345678901234567e-300" is the longest
}

// keptBounds is for how many places of a series the text of the bound is kept.
const keptBounds = 32

// bounds are the last bound at each of the first places in a series, and one for all
// the other places. As a rule, all series of a family have the same.
type bounds struct {
	label string
	all   []bound
}

// of begins a family whose bounds are in that label.
func (b *bounds) of(label string) {
	if b.label != label {
		b.label, b.all = label, make([]bound, keptBounds+1)
	}
}

// bound returns the bound at a place of a series, which is good until the next call.
func (l *lines) bound(place int, number float64) *bound {
	b := &l.bounds.all[min(place, keptBounds)]
	if bits := math.Float64bits(number); b.bits != bits || b.size == 0 {
		text := append(b.text[:0], l.bounds.label...)
		text = l.number(append(text, `="`...), number)
		text = append(text, '"')
		b.bits, b.size = bits, uint8(len(text))
	}
	return b
}
