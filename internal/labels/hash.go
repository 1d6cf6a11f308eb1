package labels

import (
	"reflect"
	"strings"
	"unsafe"

	"github.com/cresset-metrics/cresset/internal/keyhash"
)

// part is a piece of memory of a value that tells it from others.
type part struct {
	offset uintptr
	size   uintptr // of bytes
	kind   partKind
	secret keyhash.Secret
}

type partKind uint8

const (
	partString partKind = iota
	part8
	part16
	part32
	part64
	partLong // an array of integers, without gaps
	partMore // a string beyond those that have their lengths in the hash
)

// addParts adds the memory of a flat type. Gaps between the fields of a struct are
// left out: they may hold anything.
func (p *Plan) addParts(t reflect.Type, offset uintptr) {
	add := func(k partKind) {
		p.parts = append(p.parts, part{offset, t.Size(), k, keyhash.NewSecret()})
	}
	switch t.Kind() {
	case reflect.String:
		if p.strings++; p.strings <= keyhash.Places {
			add(partString)
		} else {
			add(partMore)
		}
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.Name != "_" { // == does not look at it either
				p.addParts(f.Type, offset+f.Offset)
			}
		}
	case reflect.Array:
		if kind := t.Elem().Kind(); isPlain(kind) && kind != reflect.String {
			add(partLong)
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
// Nearly all labels are integers and short strings, which two numbers stand for.
// Values with something longer are begun again by hashLong.
func (p *Plan) probe(labels unsafe.Pointer, s *slots) (hash uint64, found *header) {
	var sum, lengths uint64
	parts := p.parts
	for i := range parts {
		part := &parts[i]
		at := unsafe.Add(labels, part.offset)
		var a, b uint64
		switch part.kind {
		case partString: // keyhash.Words
			n := (*stringHeader)(at).length
			at := (*stringHeader)(at).data
			lengths = lengths<<8 | uint64(n)
			switch {
			case n > keyhash.Short:
				hash = p.hashLong(labels)
				goto done
			case n >= 8:
				a, b = keyhash.Eight(at), keyhash.Eight(unsafe.Add(at, n-8))
			case n >= 4:
				a = keyhash.Four(at) | keyhash.Four(unsafe.Add(at, n-4))<<32
			case n > 0:
				a = keyhash.One(at) | keyhash.One(unsafe.Add(at, n>>1))<<8 | keyhash.One(unsafe.Add(at, n-1))<<16
			}
		case partLong, partMore:
			hash = p.hashLong(labels)
			goto done
		default:
			a = part.integer(at)
		}
		sum += part.secret.Mix(a, b)
	}
	hash = keyhash.End(sum, lengths)
done:
	hash |= hashed
	if s == nil {
		return hash, nil
	}
	for i := hash & s.mask; ; i = (i + 1) & s.mask {
		if h := s.entries[i].Load(); h == nil || h.hash == hash {
			return hash, h
		}
	}
}

// stringHeader is how Go keeps a string.
type stringHeader struct {
	data   unsafe.Pointer
	length int
}

// integer returns a part that is not a string.
func (p *part) integer(at unsafe.Pointer) uint64 {
	switch p.kind {
	case part64:
		return *(*uint64)(at)
	case part32:
		return uint64(*(*uint32)(at))
	case part16:
		return uint64(*(*uint16)(at))
	default:
		return uint64(*(*uint8)(at))
	}
}

// hashLong is Hash for values that have a long string, an array or many strings. Each
// part is mixed with what came before it.
func (p *Plan) hashLong(labels unsafe.Pointer) (hash uint64) {
	for i := range p.parts {
		part := &p.parts[i]
		at := unsafe.Add(labels, part.offset)
		var a, n uint64
		switch part.kind {
		case partString, partMore:
			text := *(*string)(at)
			a, n = keyhash.Long(text), uint64(len(text))
		case partLong:
			a = keyhash.Long(unsafe.String((*byte)(at), int(part.size)))
		default:
			a = part.integer(at)
		}
		hash = part.secret.Mix(hash^a, n)
	}
	return hash
}

// Own makes a value independent of whoever gave it: its strings become copies.
func (p *Plan) Own(labels unsafe.Pointer) {
	for _, part := range p.parts {
		if part.kind == partString || part.kind == partMore {
			s := (*string)(unsafe.Add(labels, part.offset))
			*s = strings.Clone(*s)
		}
	}
}

// Share has the strings of a value that are the same as their texts be those, which
// are kept in any case, so that nothing is kept twice.
func (p *Plan) Share(labels unsafe.Pointer, texts []string) {
	for i := range p.fields {
		if f := &p.fields[i]; f.verbatim {
			if s := (*string)(unsafe.Add(labels, f.offset)); *s == texts[i] {
				*s = texts[i]
			}
		}
	}
}
