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
		p.parts = append(p.parts, part{offset, t.Size(), k, [2]uint64{rand.Uint64() | 1, rand.Uint64() | 1}})
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
func (p *Plan) Hash(labels unsafe.Pointer) uint64 {
	hash, _ := p.probe(labels, nil)
	return hash
}

// hashed is in every hash, and tells it from that of no value.
const hashed = 1 << 63

// probe hashes a value and, unless there are no slots, returns the first entry
// with that hash, or nil. Both are done here for the sake of one call less.
//
// The hash is made of a sum in which each part has keys of its own, so that equal
// parts in different places count differently and none waits for another. Nearly
// all labels are integers and short strings, which are read as two words whose
// pieces may overlap; the length tells apart what looks the same then. Values with
// something longer are begun again by hashLong.
func (p *Plan) probe(labels unsafe.Pointer, s *slots) (hash uint64, found *header) {
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
				hash = p.hashLong(labels)
				goto done
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
			hash = p.hashLong(labels)
			goto done
		}
		hash += part.share(a, b)
	}
done:
	hash = p.spread(hash)
	if s == nil {
		return hash, nil
	}
	for i := hash & s.mask; ; i = (i + 1) & s.mask {
		if h := s.entries[i].Load(); h == nil || h.hash == hash {
			return hash, h
		}
	}
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

// share returns what a part adds to the sum. A product has nothing of a high bit in
// its low ones, so that high bits are brought down first.
func (p *part) share(a, b uint64) uint64 { return (a^a>>32)*p.keys[0] + (b^b>>32)*p.keys[1] }

// spread has every bit of the sum count in every bit of the hash.
func (p *Plan) spread(sum uint64) uint64 {
	high, low := bits.Mul64(sum, p.key)
	return high ^ low | hashed
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
		h += part.share(a, 0)
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
