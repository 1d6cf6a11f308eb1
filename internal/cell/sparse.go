package cell

import (
	"iter"
	"sync/atomic"
)

// sparse has a counter for each exponential bucket of a schema, for numbers above
// and below zero, and takes memory for those that are used and their neighbours:
// a chunk has chunkSize counters and a page pageSize chunks, and both are made
// when they are touched first. Any number of goroutines may ask for counters at
// once: whoever is first puts a page or chunk into its place, and the others use
// that one.
type sparse struct {
	shift  uint8  // from the finest schema to this one
	offset uint32 // added before the shift, rounds up and makes the lowest place zero
	lowest int32  // the bucket at place zero
	pages  [2][]atomic.Pointer[page]
}

type (
	page  [pageSize]atomic.Pointer[chunk]
	chunk [chunkSize]atomic.Uint64
)

const (
	chunkSize = 32
	pageSize  = 64
)

// Signs of numbers, as their first bit has it.
const (
	positive = iota
	negative
)

func newSparse(schema int32) sparse {
	shift := FinestSchema - schema
	lowest := coarser(lowestFinest, shift)
	s := sparse{
		shift:  uint8(shift),
		offset: uint32(1<<shift - 1 - lowest<<shift),
		lowest: lowest,
	}
	places := coarser(infinityFinest, shift) - lowest + 1
	n := (places + chunkSize*pageSize - 1) / (chunkSize * pageSize)
	all := make([]atomic.Pointer[page], 2*n)
	s.pages = [2][]atomic.Pointer[page]{all[:n:n], all[n:]}
	return s
}

// place returns where the counter is for what is in a bucket of the finest
// schema.
func (s *sparse) place(finest int) uint32 {
	return (uint32(finest) + s.offset) >> (s.shift & 31)
}

// find returns the counter at a place, or nil if there is none yet.
func (s *sparse) find(sign uint64, place uint32) *atomic.Uint64 {
	if p := s.pages[sign&1][place/(chunkSize*pageSize)].Load(); p != nil {
		if c := p[place/chunkSize%pageSize].Load(); c != nil {
			return &c[place%chunkSize]
		}
	}
	return nil
}

// at returns the counter at a place, and makes it if there is none yet.
func (s *sparse) at(sign uint64, place uint32) *atomic.Uint64 {
	p := made(&s.pages[sign][place/(chunkSize*pageSize)])
	c := made(&p[place/chunkSize%pageSize])
	return &c[place%chunkSize]
}

// of returns the counter of a bucket as at does.
func (s *sparse) of(sign uint64, bucket int32) *atomic.Uint64 {
	return s.at(sign, uint32(bucket-s.lowest))
}

// made returns what is at a place, and puts a new one there if there is none.
func made[T any](at *atomic.Pointer[T]) *T {
	if there := at.Load(); there != nil {
		return there
	}
	fresh := new(T)
	if at.CompareAndSwap(nil, fresh) {
		return fresh
	}
	return at.Load()
}

// all yields the counters that there are, in the order of their buckets.
func (s *sparse) all(sign int) iter.Seq2[int32, *atomic.Uint64] {
	return func(yield func(int32, *atomic.Uint64) bool) {
		for i := range s.pages[sign] {
			p := s.pages[sign][i].Load()
			if p == nil {
				continue
			}
			for j := range p {
				c := p[j].Load()
				if c == nil {
					continue
				}
				first := s.lowest + int32((i*pageSize+j)*chunkSize)
				for k := range c {
					if !yield(first+int32(k), &c[k]) {
						return
					}
				}
			}
		}
	}
}
