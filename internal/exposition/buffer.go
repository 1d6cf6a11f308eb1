package exposition

import (
	"io"
	"sync"
)

// chunkSize is how many bytes are gathered before they are handed on. Larger
// chunks do not make a page faster any more.
const chunkSize = 64 << 10

// chunk is room for chunkSize bytes and for the series that goes beyond them.
type chunk [chunkSize + 4<<10]byte

// chunkPool has those that no page is using.
var chunkPool = sync.Pool{New: func() any { return new(chunk) }}

func newChunk() []byte { return chunkPool.Get().(*chunk)[:0] }

// freeChunk takes back what newChunk returned. A chunk that an append has moved
// to larger memory is left to the garbage collector, so that a single huge
// series does not keep memory for ever.
func freeChunk(b []byte) {
	if cap(b) == len(chunk{}) {
		chunkPool.Put((*chunk)(b[:cap(b)]))
	}
}

// output is the end of an encoder: bytes are appended to buf, and handed on to
// the writer when a chunk has come together, so the writer needs no buffer of its
// own.
type output struct {
	w   io.Writer
	err error // the first one of w; nothing is written after it
	buf []byte
}

func newOutput(w io.Writer) output { return output{w: w, buf: newChunk()} }

// Err returns the first error of the writer so far, nil if there is none. What is
// written after it is lost.
func (o *output) Err() error { return o.err }

// flushFull hands on what is in buf if that is a chunk.
func (o *output) flushFull() {
	if len(o.buf) >= chunkSize {
		o.flush()
	}
}

func (o *output) flush() {
	if len(o.buf) > 0 {
		o.write(o.buf)
	}
	o.buf = o.buf[:0]
}

// write hands on b, past buf, which must be empty or b itself.
func (o *output) write(b []byte) {
	if o.err == nil {
		_, o.err = o.w.Write(b)
	}
}

// finish hands on what is left and gives up the memory. It returns the first
// error of the writer.
func (o *output) finish() error {
	o.flush()
	freeChunk(o.buf)
	o.buf = nil
	return o.err
}
