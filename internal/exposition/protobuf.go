package exposition

import (
	"encoding/binary"
	"io"
)

// Protobuf writes the protobuf format: messages of type
// io.prometheus.client.MetricFamily, each with its length in front.
//
// Fields stand in the order of their numbers, so that the bytes are those that
// the messages, marshalled by Go's protobuf package, would have.
//
// The length of a family is known when its last series has come, so a family is
// kept in memory until then, in chunks that are used again for the next one.
type Protobuf struct {
	output   // messages that are complete
	escaping Escaping

	// Of the family that is being written:
	begun  bool
	name   string // before it is escaped
	family Type
	unit   string
	body   []byte   // the end of its message
	before [][]byte // what comes before body
}

// NewProtobuf returns an encoder that writes to w.
//
// A series that has an Origin is written with the fields of that, but with its own
// labels, as the escaping wants them.
func NewProtobuf(w io.Writer, escaping Escaping) *Protobuf {
	return &Protobuf{output: newOutput(w), escaping: escaping, body: newChunk()}
}

// Of the message MetricFamily.
const (
	familyName   = 1
	familyHelp   = 2
	familyType   = 3
	familyMetric = 4
	familyUnit   = 5
)

var familyTypes = [...]uint64{Counter: 0, Gauge: 1, Summary: 2, Untyped: 3, Histogram: 4, GaugeHistogram: 5}

// Family begins a family.
func (p *Protobuf) Family(f *Family) {
	p.endFamily()
	p.begun, p.unit = true, f.Unit
	p.body = appendString(p.body, familyName, p.enter(f.Name, f.Type))
	if f.HasHelp {
		p.body = appendString(p.body, familyHelp, validText(f.Help))
	}
	p.body = appendUint(p.body, familyType, familyTypes[f.Type])
}

// enter prepares for the series of a family, and returns its name as this page
// has it.
func (p *Protobuf) enter(family string, typ Type) (name string) {
	p.name, p.family = family, typ
	return EscapeName(family, p.escaping)
}

// Series adds a series to the family.
func (p *Protobuf) Series(s *Series) {
	if len(p.body) >= chunkSize {
		p.before = append(p.before, p.body)
		p.body = newChunk()
	}
	if s.Rendered != nil {
		if done, ok := s.renderedAs(protobufForm, p.name, p.escaping); ok {
			p.body = append(p.body, done...)
			return
		}
	}
	p.render(s)
}

func (p *Protobuf) render(s *Series) {
	buf, metric := openMessage(p.body, familyMetric)
	buf = appendMetricLabels(buf, s.Labels, p.escaping)
	if s.Origin != nil {
		buf = s.Origin.AppendFields(buf)
	} else {
		buf = appendMetricValue(buf, p.family, s)
	}
	p.body = closeMessage(buf, metric)
}

// endFamily puts the family's length in front of it and hands both on.
func (p *Protobuf) endFamily() {
	if !p.begun {
		return
	}
	if p.unit != "" {
		p.body = appendString(p.body, familyUnit, p.unit)
	}
	length := len(p.body)
	for _, b := range p.before {
		length += len(b)
	}
	p.buf = binary.AppendUvarint(p.buf, uint64(length))
	for i, b := range p.before {
		p.send(b)
		freeChunk(b)
		p.before[i] = nil
	}
	p.send(p.body)
	p.begun, p.before, p.body = false, p.before[:0], p.body[:0]
}

// send hands on what is large by itself, and the rest together.
func (p *Protobuf) send(b []byte) {
	if len(p.buf)+len(b) <= chunkSize {
		p.buf = append(p.buf, b...)
		return
	}
	p.flush()
	if len(b) < chunkSize {
		p.buf = append(p.buf, b...)
		return
	}
	p.write(b)
}

// Close hands on what is left and returns the first error of the writer.
func (p *Protobuf) Close() error {
	p.endFamily()
	freeChunk(p.body)
	p.body = nil
	return p.finish()
}
