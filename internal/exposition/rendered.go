package exposition

import (
	"io"
	"slices"
	"strings"
	"sync/atomic"
)

// Block is a number of series that never change, of one family or of several,
// together with their bytes, which encoders copy instead of making them for each
// page: the lines of the text format from the start, those of the other formats
// from the first page that has them.
//
// The bytes are those of names as they are, and serve every page if no name needs
// to be escaped. Where one does, pages with escaping are made anew.
//
// Any number of goroutines may read a block. Only the later forms change: each is
// stored once it is complete. Two pages that need the same one at the same time may
// both make it; both are the same.
type Block struct {
	owner  any
	series []Rendered
	later  [laterForms]atomic.Pointer[rendering]
}

// form is a format as far as the bytes of a series depend on it.
type form int

const (
	openMetricsForm form = iota
	createdForm          // OpenMetrics with _created lines
	protobufForm
	laterForms
	textForm // is there from the start
)

// rendering has the bytes of all series of a block, one after the other.
type rendering struct {
	bytes string
	ends  []int // of each series
}

func (r *rendering) of(series int) string {
	start := 0
	if series > 0 {
		start = r.ends[series-1]
	}
	return r.bytes[start:r.ends[series]]
}

// Rendered is a series of a block.
type Rendered struct {
	// What a page of the text format needs stands together.
	text   string // the lines in that format
	family string
	value  float64
	rest   *Series // all of the series if it is more than a value, but its labels
	block  *Block
	at     uint32 // its place in the block
	typ    Type
	plain  bool // no name in it needs to be escaped
	labels Labels
}

// Member is a series as a block is made of it.
type Member struct {
	Family string
	Type   Type
	Schema *Schema // that the labels match, for the block to keep
	Series Series
}

// NewBlock makes a block of series. It copies them, all but the schema, messages
// and what stands behind pointers, which does not change. The owner is whatever it
// is of use to find with a series of the block.
func NewBlock(owner any, members []Member) *Block {
	b := &Block{owner: owner, series: make([]Rendered, len(members))}
	for i := range members {
		m := &members[i]
		b.series[i] = Rendered{
			block: b, at: uint32(i), family: m.Family, typ: m.Type,
			labels: *m.Series.Labels, value: m.Series.Value,
			plain: m.Schema.legacy && IsLegacyName(m.Family) && m.Series.plainExemplars(),
		}
		if !m.Series.isValue(m.Type) {
			rest := new(Series)
			rest.Set(&m.Series)
			rest.Labels, rest.Rendered = nil, nil
			b.series[i].rest = rest
		}
	}
	text := b.render(textForm)
	for i := range b.series {
		r := &b.series[i]
		r.text = text.of(i)
		// The labels are in the lines, where their bytes are kept once.
		r.labels = Labels{members[i].Schema, part(r.text, r.labels.text)}
	}
	return b
}

// part returns the text where it is part of another one, and otherwise a copy.
func part(whole, text string) string {
	if i := strings.Index(whole, text); i >= 0 {
		return whole[i : i+len(text)]
	}
	return strings.Clone(text)
}

// isValue tells whether there is nothing but a value to the series.
func (s *Series) isValue(t Type) bool {
	return (t == Counter || t == Gauge || t == Untyped) &&
		s.Exemplar == nil && !s.HasTimestamp && !s.Created.Known && s.Origin == nil
}

// plainExemplars tells whether no name of a label of an exemplar needs to be
// escaped.
func (s *Series) plainExemplars() bool {
	plain := func(e *Exemplar) bool {
		return e == nil || !slices.ContainsFunc(e.Labels, func(l Label) bool { return !isLegacyLabel(l.Name) })
	}
	for i := range s.Dist.Buckets {
		if !plain(s.Dist.Buckets[i].Exemplar) {
			return false
		}
	}
	return plain(s.Exemplar) // those of native buckets are in messages, where they stay as they are
}

// renderer is an encoder, as it makes the bytes of series.
type renderer interface {
	Encoder
	enter(family string, typ Type) (name string)
	render(*Series)
	rendered() []byte
}

func (o *output) rendered() []byte   { return o.buf }
func (p *Protobuf) rendered() []byte { return p.body }

// render makes the bytes of all series.
func (b *Block) render(f form) *rendering {
	var e renderer
	switch f {
	case textForm:
		e = NewText(io.Discard, AllowUTF8)
	case protobufForm:
		e = NewProtobuf(io.Discard, AllowUTF8)
	default:
		e = NewOpenMetrics(io.Discard, AllowUTF8, f == createdForm)
	}
	defer e.Close() // which gives its memory back
	out := &rendering{ends: make([]int, len(b.series))}
	var s Series
	for i := range b.series {
		r := &b.series[i]
		if i == 0 || r.family != b.series[i-1].family || r.typ != b.series[i-1].typ {
			e.enter(r.family, r.typ)
		}
		r.Fill(&s)
		e.render(&s)
		out.ends[i] = len(e.rendered())
	}
	out.bytes = string(e.rendered())
	return out
}

// renderedAs returns the bytes of the series on a page of that form, in the family
// of that name, if it has any.
func (s *Series) renderedAs(f form, family string, e Escaping) (string, bool) {
	r := s.Rendered
	if r == nil || s.Labels != &r.labels || family != r.family || !r.plain && e != AllowUTF8 {
		return "", false
	}
	if f == textForm {
		return r.text, true
	}
	done := r.block.later[f].Load()
	if done == nil {
		done = r.block.render(f)
		r.block.later[f].Store(done)
	}
	return done.of(int(r.at)), true
}

// Owner returns what NewBlock was given.
func (b *Block) Owner() any { return b.owner }

// At returns a series. It keeps the whole block in memory.
func (b *Block) At(i int) *Rendered { return &b.series[i] }

// Block returns the block that the series belongs to.
func (r *Rendered) Block() *Block { return r.block }

// Type returns the type of the family that the series belongs to.
func (r *Rendered) Type() Type { return r.typ }

// Labels returns the labels of the series.
func (r *Rendered) Labels() *Labels { return &r.labels }

// HasTimestamp tells whether the series has a timestamp of its own.
func (r *Rendered) HasTimestamp() bool { return r.rest != nil && r.rest.HasTimestamp }

// Fill stores the series into s, whose slices are used again.
func (r *Rendered) Fill(s *Series) {
	if r.rest != nil {
		s.Set(r.rest)
	} else {
		s.Reset()
		s.Value = r.value
	}
	s.Labels, s.Rendered = &r.labels, r
}
