package exposition

import (
	"cmp"
	"iter"
	"slices"
)

// Labels are the labels of one series, sorted by name, as the text that they have
// in the exposition formats. They are made once, when the series is created, and
// never change: whoever holds them may read them at any time.
//
// The text is all there is. A value stands in it as it is, unless it has characters
// that the formats escape: only then is it made anew for whoever asks for it.
type Labels struct {
	schema *Schema // of the series, or one of its own; nil for no labels
	text   string  // name="value",... as it stands between the braces
}

// NewLabels renders labels that are of no schema. Names must be sorted, and belong
// to the Labels from then on. The values are copied.
func NewLabels(names, values []string) Labels { return schemaOf(names).Labels(values) }

// Text returns name="value" pairs separated by commas, escaped, without the
// braces around them. Names that are not legacy ones stand in quotes.
func (l *Labels) Text() string { return l.text }

// legacy tells whether every name is one that needs no quotes.
func (l *Labels) legacy() bool { return l.schema == nil || l.schema.legacy }

// Len returns how many labels there are.
func (l *Labels) Len() int { return len(l.Names()) }

// Names returns the names, sorted. They must not be written to.
func (l *Labels) Names() []string {
	if l.schema == nil {
		return nil
	}
	return l.schema.names
}

// Value returns the value of the label whose name is at that place among the
// names.
func (l *Labels) Value(i int) string {
	var p pairs
	for p.begin(l); ; i-- {
		p.next()
		if i == 0 {
			return p.value()
		}
	}
}

// All yields the names with their values.
func (l *Labels) All() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		var p pairs
		for p.begin(l); p.next(); {
			if !yield(p.name, p.value()) {
				return
			}
		}
	}
}

// Get returns the value of the label with that name.
func (l *Labels) Get(name string) (string, bool) {
	if i, ok := slices.BinarySearch(l.Names(), name); ok {
		return l.Value(i), true
	}
	return "", false
}

// AppendVariable appends the values of the variable labels of the schema, in the
// order of their declaration.
func (l *Labels) AppendVariable(values []string) []string {
	if l.schema == nil {
		return values
	}
	first := len(values)
	values = append(values, make([]string, len(l.schema.variable))...)
	var p pairs
	for p.begin(l); p.next(); {
		if p.label.source >= 0 {
			values[first+p.label.source] = p.value()
		}
	}
	return values
}

// Plain tells whether nothing is escaped in the values of variable labels, which are
// as long as that together.
func (l *Labels) Plain(length int) bool { return len(l.text) == l.schema.fixed+length }

// Spell tells whether these are the values of the variable labels, by the order of
// their declaration, if the labels are plain and each value is as long as its own.
func (l *Labels) Spell(values []string) bool {
	text := l.text
	for i := range l.schema.gaps {
		g := &l.schema.gaps[i]
		value := values[g.Place]
		if text = text[g.Before:]; text[:len(value)] != value {
			return false
		}
		text = text[len(value):]
	}
	return true
}

// Have tells whether these are the values of the variable labels, by the order of
// their declaration.
func (l *Labels) Have(values []string) bool {
	var p pairs
	for p.begin(l); p.next(); {
		if p.label.source >= 0 && !p.is(values[p.label.source]) {
			return false
		}
	}
	return true
}

// Compare gives the order that series have within a family: fewer labels
// first, then by the values in the order of the names. The names themselves
// only decide between series that are otherwise equal.
func (l *Labels) Compare(other *Labels) int {
	if l.schema == other.schema {
		return compareEscaped(l.text, other.text)
	}
	if c := cmp.Compare(l.Len(), other.Len()); c != 0 {
		return c
	}
	var a, b pairs
	a.begin(l)
	b.begin(other)
	for a.next() && b.next() {
		if c := compareEscaped(a.text, b.text); c != 0 {
			return c
		}
	}
	return slices.Compare(l.Names(), other.Names())
}

// pairs goes through the labels of a series.
type pairs struct {
	name  string
	label *label
	text  string // the value as it stands in the text, with the quote after it
	plain bool   // nothing in it is escaped

	schema *Schema
	at     int    // of the next label
	rest   string // of the text, from that quote on
}

func (p *pairs) begin(l *Labels) { p.schema, p.rest = l.schema, l.text }

// next goes to the next label, and tells whether there is one.
func (p *pairs) next() bool {
	if p.schema == nil || p.at == len(p.schema.names) {
		return false
	}
	p.name, p.label = p.schema.names[p.at], &p.schema.labels[p.at]
	p.at++
	text := p.rest[len(p.label.before):]
	end, plain := endOfValue(text)
	p.text, p.plain, p.rest = text[:end+1], plain, text[end:]
	return true
}

// escaped returns the value as it stands in the text.
func (p *pairs) escaped() string { return p.text[:len(p.text)-1] }

// value returns the value as it is.
func (p *pairs) value() string {
	if p.plain {
		return p.escaped()
	}
	return string(appendUnescaped(nil, p.escaped()))
}

// is tells whether that is the value.
func (p *pairs) is(value string) bool {
	if p.plain {
		return p.escaped() == value
	}
	return equalsEscaped(p.escaped(), value)
}

// appendValue appends the value as it is.
func (p *pairs) appendValue(buf []byte) []byte {
	if p.plain {
		return append(buf, p.escaped()...)
	}
	return appendUnescaped(buf, p.escaped())
}
