package exposition

import (
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
)

// What holds for every encoder.

// chunks is a writer that fails after some writes.
type chunks struct {
	written []string
	fail    int // the number of the write that fails, counted from one; 0 for none
	calls   int
}

var errGone = errors.New("gone")

func (c *chunks) Write(p []byte) (int, error) {
	c.calls++
	if c.calls == c.fail {
		return 0, errGone
	}
	c.written = append(c.written, string(p))
	return len(p), nil
}

func bigPage(lines int) page {
	p := page{{Family: Family{Name: "big", Type: Gauge}}}
	for i := range lines {
		p[0].series = append(p[0].series, Series{Labels: labels("l", strings.Repeat("x", 90)), Value: float64(i)})
	}
	return p
}

func TestPagesAreHandedOnInChunks(t *testing.T) {
	p := bigPage(5_000)
	for _, enc := range encodings {
		t.Run(enc.name, func(t *testing.T) {
			var w chunks
			if err := p.write(enc.to(&w, Underscores)); err != nil {
				t.Fatal(err)
			}
			if got, want := strings.Join(w.written, ""), p.reference(t, enc, Underscores); got != want {
				t.Error("the chunks are not the page")
			}
			if got, most := len(w.written), len(p.reference(t, enc, Underscores))/chunkSize+2; got > most {
				t.Errorf("got %d writes, want no more than %d", got, most)
			}
			for _, chunk := range w.written {
				if len(chunk) > 2*chunkSize {
					t.Errorf("got a chunk of %d bytes, want about %d", len(chunk), chunkSize)
				}
			}
		})
	}
}

func TestTextIsHandedOnBeforeTheEnd(t *testing.T) {
	p := bigPage(5_000)
	for _, enc := range []encoding{asText, asOpenMetrics} {
		var w chunks
		e := enc.to(&w, Underscores)
		e.Family(&p[0].Family)
		for i := range p[0].series {
			e.Series(&p[0].series[i])
		}
		if len(w.written) == 0 {
			t.Errorf("%s: nothing was handed on before the end", enc.name)
		}
	}
}

func TestFamiliesOfAnySizeAreWhole(t *testing.T) {
	// Lengths at which a family or a series just fits a chunk, and just not.
	huge := strings.Repeat("x", 3*chunkSize)
	for _, n := range []int{0, 1, 100, 126, 127, 128, 129, 16_000, 16_384, chunkSize - 100, chunkSize - 10, chunkSize, chunkSize + 1, len(chunk{}), len(huge)} {
		small := Series{Labels: labels(), Value: 1}
		p := page{
			{Family{Name: "before", Type: Gauge}, []Series{small}},
			{Family{Name: "of_that_size_bytes", Help: huge[:n/2], HasHelp: true, Unit: "bytes", Type: Gauge}, []Series{small, {Labels: labels("l", huge[:n])}, small}},
			{Family{Name: "in_two_halves", Type: Gauge}, []Series{{Labels: labels("l", huge[:n/2])}, {Labels: labels("l", huge[:n-n/2])}}},
			{Family{Name: "after", Type: Gauge}, []Series{small}},
		}
		for _, enc := range encodings {
			if got, want := p.in(t, enc, Underscores), p.reference(t, enc, Underscores); got != want {
				t.Errorf("%s, %d bytes: the page is not that of the reference", enc.name, n)
			}
		}
	}
}

func TestTheFirstErrorOfTheWriterIsKept(t *testing.T) {
	p := append(bigPage(5_000), bigPage(1)...)
	for _, enc := range encodings {
		var whole chunks
		if err := p.write(enc.to(&whole, Underscores)); err != nil {
			t.Fatal(err)
		}
		for fail := 1; fail <= whole.calls; fail++ {
			w := chunks{fail: fail}
			if err := p.write(enc.to(&w, Underscores)); !errors.Is(err, errGone) {
				t.Errorf("%s, write %d fails: got error %v, want %v", enc.name, fail, err, errGone)
			}
			if w.calls != fail {
				t.Errorf("%s, write %d fails: got %d writes, want none after it", enc.name, fail, w.calls)
			}
		}
	}
}

// Encoders take memory from each other when they are done with it.
func TestPagesDoNotShareMemory(t *testing.T) {
	var group sync.WaitGroup
	for i := range 8 {
		p, enc := append(bigPage(1_000+300*i), pages[1+i]...).without(fractional), encodings[i%len(encodings)]
		want := p.reference(t, enc, AllowUTF8)
		group.Go(func() {
			for range 20 {
				var out strings.Builder
				if err := p.write(enc.to(&out, AllowUTF8)); err != nil || out.String() != want {
					t.Errorf("%s: got error %v and %d bytes, want none and the %d bytes of the reference", enc.name, err, out.Len(), len(want))
				}
				_ = p.write(enc.to(&chunks{fail: 1}, AllowUTF8))
				enc.to(io.Discard, AllowUTF8).Series(&p[0].series[0]) // a page that nobody closes
			}
		})
	}
	group.Wait()
}
