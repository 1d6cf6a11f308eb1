package series

import (
	"unsafe"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/keyhash"
)

// few is how many values are looked up without a call.
const few = 4

// findShort is find for values that are few and short, as nearly all are: it does
// in one function, which calls none, what keyhash.Texts and Entry.has do. If it is
// not sure of what it returns, find must be asked.
//
// While it hashes the values it keeps them as words, with which it then compares
// the text of a series of that hash and those lengths, in which each value has its
// place.
func (ix *index) findShort(values []string, gaps []exposition.Gap) *Entry {
	if len(values) != len(gaps) || len(values) > few {
		return nil
	}
	var words [few]struct {
		a, b uint64
		n    int
	}
	var sum, lengths uint64
	for i, value := range values {
		at, n := unsafe.Pointer(unsafe.StringData(value)), len(value)
		var a, b uint64 // keyhash.Words(value)
		switch {
		case n > keyhash.Short:
			return nil
		case n >= 8:
			a, b = keyhash.Eight(at), keyhash.Eight(unsafe.Add(at, n-8))
		case n >= 4:
			a = keyhash.Four(at) | keyhash.Four(unsafe.Add(at, n-4))<<32
		case n > 0:
			a = keyhash.One(at) | keyhash.One(unsafe.Add(at, n>>1))<<8 | keyhash.One(unsafe.Add(at, n-1))<<16
		}
		w := &words[i&(few-1)]
		w.a, w.b, w.n = a, b, n
		sum += keyhash.At(i).Mix(a, b)
		lengths = lengths<<8 | uint64(n)
	}
	hash := uint32(keyhash.End(sum, lengths))
	slots := ix.slots
probe:
	for i := int(hash); ; i++ {
		e := slots[i&(len(slots)-1)].Load()
		if e == nil {
			return nil
		}
		if e.hash != hash {
			continue
		}
		if e.lengths != lengths {
			if e.lengths == keyhash.Irregular {
				return nil
			}
			continue
		}
		at := unsafe.Pointer(unsafe.StringData(e.Labels.Text())) // of which all that is read is part, by the lengths
		for i := range gaps {
			g := &gaps[i]
			w := &words[g.Place&(few-1)]
			at = unsafe.Add(at, g.Before)
			n := w.n
			switch {
			case n >= 8:
				if keyhash.Eight(at) != w.a || keyhash.Eight(unsafe.Add(at, n-8)) != w.b {
					continue probe
				}
			case n >= 4:
				if keyhash.Four(at)|keyhash.Four(unsafe.Add(at, n-4))<<32 != w.a {
					continue probe
				}
			case n > 0:
				if keyhash.One(at)|keyhash.One(unsafe.Add(at, n>>1))<<8|keyhash.One(unsafe.Add(at, n-1))<<16 != w.a {
					continue probe
				}
			}
			at = unsafe.Add(at, n)
		}
		return e
	}
}
