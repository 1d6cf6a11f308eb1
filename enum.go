package cresset

// Enum holds one value for each value of a small enumeration: the handles of
// metrics, resolved once and then reached without a lookup, as an array is.
// Enums can be nested, for label sets of several enumerations.
type Enum[E Enumerable, T any] struct {
	of   []T
	make func(E) T
}

// Enumerable is what an enumeration is made of: constants that count up from
// zero.
type Enumerable interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// Enumerate calls the function for the values of an enumeration that are below n,
// and returns what it returned for each. With the handles of a vector, this makes
// their series, too, so that they are exposed from the beginning.
func Enumerate[E Enumerable, T any](n E, make func(E) T) Enum[E, T] {
	e := Enum[E, T]{make: make}
	for i := E(0); i < n; i++ {
		e.of = append(e.of, make(i))
	}
	return e
}

// At returns what belongs to a value of the enumeration. For one that was not
// enumerated, it calls the function again.
func (e Enum[E, T]) At(value E) T {
	if i := uint64(value); i < uint64(len(e.of)) {
		return e.of[i]
	}
	return e.make(value)
}
