package sketch

import (
	"math"
	"math/bits"
	"slices"
)

// absorber counts observations where they fall among tuples, so that most of them
// need not even be sorted. It is memory that is used again and again.
type absorber struct {
	values []uint64 // the keys of the tuples, and noKey from there to a power of two
	into   []uint32 // per observation, its place among hits
	hits   []uint32 // per tuple, the observations equal to it and, next to them, those that fall before it
}

// absorb adds observations to the tuples whose values they have, and to the gaps
// that they fall into as far as there is room. It returns, in the memory of the
// keys, those for which there is none.
func (a *absorber) absorb(tuples []tuple, keys []uint64, b *bounds) []uint64 {
	a.prepare(tuples, len(keys))
	a.count(keys)
	missed := a.settle(tuples, b)
	if missed == 0 {
		return nil
	}
	left := keys[:0]
	for i, key := range keys {
		if a.hits[a.into[i]] != 0 {
			left = append(left, key)
		}
	}
	return left
}

func (a *absorber) prepare(tuples []tuple, observations int) {
	size := 1 << bits.Len(uint(len(tuples)))
	a.values = slices.Grow(a.values[:0], size)[:size]
	for i := range tuples {
		a.values[i] = tuples[i].key
	}
	for i := len(tuples); i < size; i++ {
		a.values[i] = noKey
	}
	a.hits = slices.Grow(a.hits[:0], 2*size)[:2*size]
	clear(a.hits)
	a.into = slices.Grow(a.into[:0], observations)[:observations]
}

// count finds the place of each observation.
func (a *absorber) count(keys []uint64) {
	i := 0
	for ; i+4 <= len(keys); i += 4 {
		k := (*[4]uint64)(keys[i:])
		p, q, r, s := search4(a.values, k[0], k[1], k[2], k[3])
		a.hit(i, p, k[0])
		a.hit(i+1, q, k[1])
		a.hit(i+2, r, k[2])
		a.hit(i+3, s, k[3])
	}
	for ; i < len(keys); i++ {
		p, _, _, _ := search4(a.values, keys[i], 0, 0, 0)
		a.hit(i, p, keys[i])
	}
}

// search4 returns the index of the first value that is not below the key, for four
// keys at a time: each step of a search has to wait for the one before, but not for
// those of others. There is a power of two of values, the last of which is noKey.
//
// It is a call of its own so that the processor's registers have room for all of this.
//
//go:noinline
func search4(values []uint64, a, b, c, d uint64) (p, q, r, s uint64) {
	p, q, r, s = minusOne, minusOne, minusOne, minusOne // the last one known to be below
	for half := uint64(len(values)) / 2; half > 0; half /= 2 {
		p += half & below(values[p+half], a)
		q += half & below(values[q+half], b)
		r += half & below(values[r+half], c)
		s += half & below(values[s+half], d)
	}
	return p + 1, q + 1, r + 1, s + 1
}

const minusOne = math.MaxUint64

// below returns all bits if a < b, and none otherwise. Which one is less, no
// processor can guess, so there is no branch to guess about.
func below(a, b uint64) uint64 {
	_, borrow := bits.Sub64(a, b, 0)
	return -borrow
}

// hit counts the observation at an index, of which it is known that it is equal to a
// value, or falls before it.
func (a *absorber) hit(index int, value, key uint64) {
	_, different := bits.Sub64(0, a.values[value]^key, 0)
	place := 2*value + different
	a.hits[place]++
	a.into[index] = uint32(place)
}

// settle adds what was counted to the tuples, and returns for how many
// observations there is no room. Of those that fall into one gap, all are taken
// or none.
func (a *absorber) settle(tuples []tuple, b *bounds) (missed int) {
	known := uint64(0)
	for i := range tuples {
		this := &tuples[i]
		equal, before := &a.hits[2*i], &a.hits[2*i+1]
		this.copies += uint64(*equal)
		*equal = 0
		if *before > 0 {
			if i > 0 && b.allow(this.uncertain()+uint64(*before), known) {
				this.gap += *before
				*before = 0
			} else {
				known += uint64(*before)
				missed += int(*before)
			}
		}
		known += uint64(this.gap) + this.copies
	}
	return missed + int(a.hits[2*len(tuples)+1])
}
