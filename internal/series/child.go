package series

import (
	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/keyhash"
)

// Child is one series of a table. It may be part of what it holds.
type Child[T any] struct {
	Entry
	Item T
}

// Entry is what a series is known by. It does not change, but for the mark that
// the table puts on it.
type Entry struct {
	Labels exposition.Labels

	lengths uint64 // of the values of variable labels, see keyhash; irregular if something in them is escaped
	hash    uint32 // of those values
	deleted bool   // of a child; guarded by the lock of the table
}

// neverFound are the lengths of no values.
const neverFound = keyhash.Irregular - 1

// Entry returns the entry of a series with these values of the variable labels,
// which are copied, whether or not the table has it.
func (t *Table[T]) Entry(values []string) Entry {
	e := Entry{Labels: t.schema.Labels(values)}
	var few [8]string
	own := e.Labels.AppendVariable(few[:0]) // the caller's are not read again
	hash, lengths := keyhash.Texts(own)
	total := 0
	for _, value := range own {
		total += len(value)
	}
	if !e.Labels.Plain(total) {
		lengths = keyhash.Irregular
	}
	e.hash, e.lengths = uint32(hash), lengths
	return e
}

// is tells whether two entries of one table are of the same series.
func (e *Entry) is(other *Entry) bool {
	return e.hash == other.hash && e.Labels.Text() == other.Labels.Text()
}

// has tells whether a series has these values, of that hash and those lengths.
func (e *Entry) has(values []string, hash uint32, lengths uint64) bool {
	if e.hash != hash {
		return false
	}
	if e.lengths == lengths && lengths != keyhash.Irregular {
		return e.Labels.Spell(values)
	}
	return e.lengths == keyhash.Irregular && e.Labels.Have(values)
}

// Values returns the values of the variable labels in the order of declaration.
func (e *Entry) Values() []string { return e.Labels.AppendVariable(nil) }

// Has tells whether those are these.
func (e *Entry) Has(values []string) bool { return e.Labels.Have(values) }
