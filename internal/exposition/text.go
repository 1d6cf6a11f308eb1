package exposition

import (
	"io"
	"math"
	"strconv"
)

// Text writes the Prometheus text format, version 0.0.4:
// https://prometheus.io/docs/instrumenting/exposition_formats/
//
// It gathers lines in a buffer and hands them on in chunks, so the writer
// below it needs no buffer of its own.
type Text struct {
	w        io.Writer
	err      error // the first one of w; nothing is written after it
	buf      []byte
	escaping Escaping

	family Type
	name   string // as it stands in a line, escaped for this page
	quoted bool   // the name needs quotes, and so stands between the braces
}

// textChunk is how many bytes are gathered before they are handed on. Larger
// chunks do not make a page faster any more.
const textChunk = 64 << 10

// NewText returns an encoder that writes to w.
func NewText(w io.Writer, escaping Escaping) *Text {
	return &Text{w: w, escaping: escaping, buf: make([]byte, 0, textChunk+4<<10)}
}

// Family writes the HELP and TYPE lines.
func (t *Text) Family(f *Family) {
	t.family = f.Type
	t.name = EscapeName(f.Name, t.escaping)
	t.quoted = !IsLegacyName(t.name)
	if f.HasHelp {
		t.buf = append(t.buf, "# HELP "...)
		t.buf = appendName(t.buf, t.name)
		t.buf = append(t.buf, ' ')
		t.buf = appendEscaped(t.buf, f.Help, "\\\n")
		t.buf = append(t.buf, '\n')
	}
	t.buf = append(t.buf, "# TYPE "...)
	t.buf = appendName(t.buf, t.name)
	t.buf = append(t.buf, ' ')
	if f.Type == GaugeHistogram {
		// This format does not know them apart.
		t.buf = append(t.buf, Histogram.String()...)
	} else {
		t.buf = append(t.buf, f.Type.String()...)
	}
	t.buf = append(t.buf, '\n')
}

// Series writes the lines of one series.
func (t *Text) Series(s *Series) {
	switch t.family {
	case Histogram, GaugeHistogram:
		infSeen := false
		for _, bucket := range s.Dist.Buckets {
			t.line(s, "_bucket", "le", bucket.UpperBound, bucket.Count.Value())
			infSeen = infSeen || math.IsInf(bucket.UpperBound, +1)
		}
		if !infSeen {
			t.line(s, "_bucket", "le", math.Inf(+1), s.Dist.Count.Value())
		}
		t.line(s, "_sum", "", 0, s.Dist.Sum)
		t.line(s, "_count", "", 0, s.Dist.Count.Value())
	case Summary:
		for _, quantile := range s.Dist.Quantiles {
			t.line(s, "", "quantile", quantile.Rank, quantile.Value)
		}
		t.line(s, "_sum", "", 0, s.Dist.Sum)
		t.line(s, "_count", "", 0, s.Dist.Count.Value())
	default:
		t.line(s, "", "", 0, s.Value)
	}
	if len(t.buf) >= textChunk {
		t.flush()
	}
}

// line writes one sample. The extra label (le or quantile) stands last; its
// name is empty where there is none.
func (t *Text) line(s *Series, suffix, extra string, at, value float64) {
	buf := t.buf
	labelled := len(s.Labels.Names) > 0
	if !t.quoted {
		buf = append(buf, t.name...)
		buf = append(buf, suffix...)
	}
	if t.quoted || labelled || extra != "" {
		buf = append(buf, '{')
		if t.quoted {
			buf = appendName(buf, t.name+suffix)
			if labelled || extra != "" {
				buf = append(buf, ',')
			}
		}
		buf = t.appendLabels(buf, s.Labels)
		if extra != "" {
			if labelled {
				buf = append(buf, ',')
			}
			buf = append(buf, extra...)
			buf = append(buf, `="`...)
			buf = appendFloat(buf, at)
			buf = append(buf, '"')
		}
		buf = append(buf, '}')
	}
	buf = append(buf, ' ')
	buf = appendFloat(buf, value)
	if s.HasTimestamp {
		buf = append(buf, ' ')
		buf = strconv.AppendInt(buf, s.Timestamp, 10)
	}
	t.buf = append(buf, '\n')
}

func (t *Text) appendLabels(buf []byte, l *Labels) []byte {
	if l.legacy || t.escaping == AllowUTF8 {
		return append(buf, l.text...)
	}
	for i, name := range l.Names {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = appendName(buf, EscapeName(name, t.escaping))
		buf = append(buf, `="`...)
		buf = appendValue(buf, l.Values[i])
		buf = append(buf, '"')
	}
	return buf
}

// Close hands on what is left and returns the first error of the writer.
func (t *Text) Close() error {
	t.flush()
	return t.err
}

func (t *Text) flush() {
	if t.err == nil && len(t.buf) > 0 {
		_, t.err = t.w.Write(t.buf)
	}
	t.buf = t.buf[:0]
}

// appendFloat writes the shortest text that reads back as the same number.
func appendFloat(buf []byte, v float64) []byte {
	// Most values of counters and buckets are small whole numbers, for which
	// the shortest text is plain digits up to six of them.
	if v >= 0 && v < 1e6 && v == float64(uint32(v)) {
		return strconv.AppendUint(buf, uint64(v), 10)
	}
	switch {
	case math.IsInf(v, +1):
		return append(buf, "+Inf"...)
	case math.IsInf(v, -1):
		return append(buf, "-Inf"...)
	case math.IsNaN(v):
		return append(buf, "NaN"...)
	}
	return strconv.AppendFloat(buf, v, 'g', -1, 64)
}
