package clientgolang

import (
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
)

// forward has send send to a channel of its own and sends on what comes,
// translated. It returns when send has returned and all is sent on.
//
// send runs on the goroutine of the caller, so that a panic of it comes out of
// forward. One of translate does, too, once send has nothing more to say.
func forward[From, To any](send func(chan<- From), out chan<- To, translate func(From) To) {
	ch := make(chan From, 64)
	var translating sync.WaitGroup
	var panicked any // written by the goroutine, read after it
	translating.Go(func() {
		defer func() {
			if panicked = recover(); panicked != nil {
				for range ch { // send must not wait for ever
				}
			}
		}()
		for v := range ch {
			out <- translate(v)
		}
	})
	defer func() {
		close(ch)
		translating.Wait()
		if panicked != nil {
			panic(panicked)
		}
	}()
	send(ch)
}

// descs are the translated Descs of a Collector, as translating one costs more
// than all else that is done to a metric. They are kept from one Collect to the
// next, and no longer: what a Collect did not meet is forgotten.
//
// A Desc is known by its text, because Collectors may send metrics whose Descs are
// made anew each time. Two that differ may have the same text if the names of
// their labels contain commas, in which case both are translated as the first.
type descs[From interface {
	comparable
	fmt.Stringer
}, To any] struct {
	translate func(From) To
	known     atomic.Pointer[map[string]To] // by text; never changed once it is here
}

// lookup returns the function that translates the Descs of one Collect, which
// calls keep when it is through. Collects may overlap; the last one to end
// decides what is kept.
func (d *descs[From, To]) lookup() (of func(From) To, keep func()) {
	var before map[string]To
	if known := d.known.Load(); known != nil {
		before = *known
	}
	var noDesc From // stays none
	var none To
	met, byText := map[From]To{noDesc: none}, make(map[string]To)
	of = func(desc From) To {
		if translated, ok := met[desc]; ok {
			return translated
		}
		text := desc.String()
		translated, ok := byText[text]
		if !ok {
			if translated, ok = before[text]; !ok {
				translated = d.translate(desc)
			}
			byText[text] = translated
		}
		met[desc] = translated
		return translated
	}
	keep = func() {
		if !maps.EqualFunc(before, byText, func(To, To) bool { return true }) {
			d.known.Store(&byText)
		}
	}
	return of, keep
}
