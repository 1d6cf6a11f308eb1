package cell

import "sync/atomic"

// sparse has a counter for each exponential bucket of a schema, for numbers
// above and below zero. It has memory for the counters that are used, and for
// their neighbours: a page covers pageSize chunks, a chunk chunkSize
// buckets, and both are made when they are touched first. Any number of
// goroutines may look up counters and make them: whoever is first puts the page
// or chunk into its place, and all others use that one.
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

// at returns the counter at a place.
func (s *sparse) at(sign int, place uint32) *atomic.Uint64 {
	if p := s.pages[sign&1][place/(chunkSize*pageSize)].Load(); p != nil {
		if c := p[place/chunkSize%pageSize].Load(); c != nil {
			return &c[place%chunkSize]
		}
	}
	return s.make(sign, place)
}

// of returns the counter of a bucket.
func (s *sparse) of(sign int, bucket int32) *atomic.Uint64 {
	return s.at(sign, uint32(bucket-s.lowest))
}

func (s *sparse) make(sign int, place uint32) *atomic.Uint64 {
	p := made(&s.pages[sign][place/(chunkSize*pageSize)])
	c := made(&p[place/chunkSize%pageSize])
	return &c[place%chunkSize]
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
func (s *sparse) all(sign int) func(yield func(bucket int32, counter *atomic.Uint64) bool) {
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
