package exposition

import (
	"encoding/binary"
	"math"
)

// The wire format of protocol buffers, as far as metrics need it:
// https://protobuf.dev/programming-guides/encoding/
//
// Every function appends one field, with its number in front.

const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
)

// appendTag appends the number and the kind of a field. No message here has as
// many as 256 fields.
func appendTag(buf []byte, field, wire uint64) []byte {
	tag := field<<3 | wire
	if tag < 0x80 {
		return append(buf, byte(tag))
	}
	return append(buf, byte(tag)|0x80, byte(tag>>7))
}

func appendUint(buf []byte, field, v uint64) []byte {
	buf = appendTag(buf, field, wireVarint)
	if v < 0x80 {
		return append(buf, byte(v))
	}
	return binary.AppendUvarint(buf, v)
}

// appendInt appends an int32 or int64.
func appendInt(buf []byte, field uint64, v int64) []byte { return appendUint(buf, field, uint64(v)) }

// appendSint appends a sint32 or sint64, whose small negative numbers are short.
func appendSint(buf []byte, field uint64, v int64) []byte {
	return appendUint(buf, field, uint64(v)<<1^uint64(v>>63))
}

func appendDouble(buf []byte, field uint64, v float64) []byte {
	return binary.LittleEndian.AppendUint64(appendTag(buf, field, wireFixed64), math.Float64bits(v))
}

func appendString(buf []byte, field uint64, v string) []byte {
	buf = appendTag(buf, field, wireBytes)
	if len(v) < 0x80 {
		buf = append(buf, byte(len(v)))
	} else {
		buf = binary.AppendUvarint(buf, uint64(len(v)))
	}
	return append(buf, v...)
}

// openMessage begins a field that is a message or any other sequence of bytes. What is
// appended then, up to closeMessage, is its content.
func openMessage(buf []byte, field uint64) (_ []byte, content int) {
	buf = append(appendTag(buf, field, wireBytes), 0) // the length, if it is one byte long
	return buf, len(buf)
}

// closeMessage puts the length in front of the content, which moves if more than the
// one byte is needed.
func closeMessage(buf []byte, content int) []byte {
	n := len(buf) - content
	if n < 0x80 {
		buf[content-1] = byte(n)
		return buf
	}
	var length [binary.MaxVarintLen64]byte
	more := binary.PutUvarint(length[:], uint64(n)) - 1
	buf = append(buf, length[:more]...)
	copy(buf[content+more:], buf[content:content+n])
	copy(buf[content-1:], length[:more+1])
	return buf
}
