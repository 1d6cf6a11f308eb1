package cell

import (
	"sync"
	"testing"
)

// spareParts and boundParts return how many there are.
func spareParts[S any](p *parts[S]) (n int) {
	if o := p.others.Load(); o != nil {
		for s := o.spares.Load(); s != nil; s = s.next {
			n++
		}
	}
	return n
}

func spreads[S any](p *parts[S]) bool { return p.spread.Load() != nil }

// takeAny takes whatever part an update would.
func takeAny(p *parts[int]) *part[int] {
	if first := p.take(); first != nil {
		return first
	}
	return p.takeOther(func() int { return 0 })
}

// There are never more spare parts than updates that were held up at once.
func TestSparePartsAreUsedAgain(t *testing.T) {
	var p parts[int]
	for range 10 {
		var held []*part[int]
		for range 5 {
			held = append(held, takeAny(&p))
		}
		for _, part := range held {
			part.state++
			part.give()
		}
		p.each(func(*int) {})
	}
	if got := spareParts(&p); got > 5 {
		t.Errorf("got %d spare parts, want at most 5", got)
	}
	total := 0
	p.each(func(n *int) { total += *n })
	if total != 50 {
		t.Errorf("got %d, want 50: something was lost", total)
	}
}

// A reader that meets an update now and then does not make updates spread.
func TestRareMeetingsDoNotSpread(t *testing.T) {
	var p parts[int]
	for range oftenMet - 1 {
		p.each(func(*int) { takeAny(&p).give() })
	}
	if spreads(&p) {
		t.Error("updates spread")
	}
	if got := spareParts(&p); got != 1 {
		t.Errorf("got %d spare parts, want 1", got)
	}
}

func TestUpdatesSpreadWhileTheyMeet(t *testing.T) {
	var p parts[int]
	first := p.take()
	for tries := 0; !spreads(&p); tries++ {
		if tries == 100_000 {
			t.Fatal("updates do not spread although they meet all the time")
		}
		takeAny(&p).give()
	}
	first.give()
	other := takeAny(&p)
	if !other.bound {
		t.Error("an update does not go to the part of its processor")
	}
	other.give()

	p.each(func(*int) {})
	if spreads(&p) {
		t.Error("updates still spread after a read")
	}
	if lone := takeAny(&p); lone != &p.first {
		t.Error("a lone update does not go to the first part")
	}
}

func TestNothingIsLostBetweenParts(t *testing.T) {
	var p parts[int]
	var updates sync.WaitGroup
	const goroutines, each = 8, 5_000
	for range goroutines {
		updates.Go(func() {
			for range each {
				part := takeAny(&p)
				part.state++
				part.give()
			}
		})
	}
	done := make(chan struct{})
	go func() { updates.Wait(); close(done) }()
	total := 0
	move := func(n *int) { total += *n; *n = 0 }
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		p.each(move)
	}
	if p.each(move); total != goroutines*each {
		t.Errorf("got %d, want %d", total, goroutines*each)
	}
}
