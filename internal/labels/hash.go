package labels

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"reflect"
	"strings"
	"unsafe"
)

// part is a piece of memory of a value that tells it from others.
type part struct {
	offset uintptr
	size   uintptr // of bytes
	kind   partKind
	keys   [2]uint64 // keep whoever chooses label values from choosing hashes
}

type partKind uint8

const (
	partString partKind = iota
	part8
	part16
	part32
	part64
	partBytes // an array of integers, without gaps
)

// addParts adds the memory of a flat type. Gaps between the fields of a struct are
// left out: they may hold anything.
func (p *Plan) addParts(t reflect.Type, offset uintptr) {
	add := func(k partKind) {
		p.parts = append(p.parts, part{offset, t.Size(), k, [2]uint64{rand.Uint64(), rand.Uint64() | 1}})
	}
	switch t.Kind() {
	case reflect.String:
		add(partString)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.Name != "_" { // == does not look at it either
				p.addParts(f.Type, offset+f.Offset)
			}
		}
	case reflect.Array:
		if kind := t.Elem().Kind(); isPlain(kind) && kind != reflect.String {
			add(partBytes)
			return
		}
		for i := range t.Len() {
			p.addParts(t.Elem(), offset+uintptr(i)*t.Elem().Size())
		}
	default:
		switch t.Size() {
		case 1:
			add(part8)
		case 2:
			add(part16)
		case 4:
			add(part32)
		default:
			add(part64)
		}
	}
}

// Hash returns a number that is the same for values that are equal. The pointer
// is to a value of the plan's type.
//
// It is the sum of one number for each part, mixed with keys of its own, so that
// equal parts in different places count differently and no part waits for
// another. Nearly all labels are integers and short strings, which are read as two
// words whose pieces may overlap; the length tells apart what looks the same then.
// The loop calls nothing, so that all it needs stays in registers: values with
// something longer are begun again by hashLong.
func (p *Plan) Hash(labels unsafe.Pointer) uint64 {
	var h uint64
	parts := p.parts
	for i := range parts {
		part := &parts[i]
		at := unsafe.Add(labels, part.offset)
		var a, b uint64
		switch part.kind {
		case partString:
			n := (*stringHeader)(at).length
			at := (*stringHeader)(at).data
			b = uint64(n)
			if n > shortString {
				return p.hashLong(labels)
			}
			if n >= 4 {
				middle := n >> 3 << 2 // 0, 4 or 8: of the pieces that are not at either end
				a = word(at, 0)<<32 | word(at, middle)
				b ^= word(at, n-4)<<32 | word(at, n-4-middle)
			} else if n > 0 {
				a = letter(at, 0)<<16 | letter(at, n>>1)<<8 | letter(at, n-1)
			}
		case part64:
			a = *(*uint64)(at)
		case part32:
			a = uint64(*(*uint32)(at))
		case part16:
			a = uint64(*(*uint16)(at))
		case part8:
			a = uint64(*(*uint8)(at))
		default:
			return p.hashLong(labels)
		}
		h += part.mix(a, b)
	}
	return h
}

const shortString = 16

// stringHeader is how Go keeps a string.
type stringHeader struct {
	data   unsafe.Pointer
	length int
}

// word reads four bytes, wherever they are.
func word(at unsafe.Pointer, offset int) uint64 {
	return uint64(binary.LittleEndian.Uint32((*[4]byte)(unsafe.Add(at, offset))[:]))
}

func letter(at unsafe.Pointer, offset int) uint64 { return uint64(*(*byte)(unsafe.Add(at, offset))) }

func (p *part) mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a^p.keys[0], b^p.keys[1])
	return high ^ low
}

// hashLong is Hash for values that have a long string or an array.
func (p *Plan) hashLong(labels unsafe.Pointer) uint64 {
	var h uint64
	for i := range p.parts {
		part := &p.parts[i]
		at := unsafe.Add(labels, part.offset)
		var a uint64
		switch part.kind {
		case partString:
			a = maphash.String(p.seed, *(*string)(at))
		case part64:
			a = *(*uint64)(at)
		case part32:
			a = uint64(*(*uint32)(at))
		case part16:
			a = uint64(*(*uint16)(at))
		case part8:
			a = uint64(*(*uint8)(at))
		default:
			a = maphash.String(p.seed, unsafe.String((*byte)(at), int(part.size)))
		}
		h += part.mix(a, 0)
	}
	return h
}

// Own makes a value independent of whoever gave it: its strings become copies.
func (p *Plan) Own(labels unsafe.Pointer) {
	for _, part := range p.parts {
		if part.kind == partString {
			s := (*string)(unsafe.Add(labels, part.offset))
			*s = strings.Clone(*s)
		}
	}
}
