package query

import "context"

// gate bounds how many queries run at once; the others wait their turn, or
// until their context ends. It has the shape that the engine wants of a tracker
// of active queries, and tracks none.
//
// slots holds one element per running query: whoever gets an element in, runs.
type gate struct {
	slots chan struct{}
}

func newGate(n int) *gate { return &gate{slots: make(chan struct{}, n)} }

// What Insert returns and Delete is given back.
const (
	heldNothing = iota
	heldSlot
)

type gateKey struct{}

// passGate marks a query as one that does not wait.
func passGate(ctx context.Context) context.Context {
	return context.WithValue(ctx, gateKey{}, true)
}

// GetMaxConcurrent is asked by the engine, for its metrics.
func (g *gate) GetMaxConcurrent() int { return cap(g.slots) }

// Insert waits for a free slot.
func (g *gate) Insert(ctx context.Context, _ string) (int, error) {
	if ctx.Value(gateKey{}) != nil {
		return heldNothing, nil
	}
	select {
	case g.slots <- struct{}{}:
		return heldSlot, nil
	case <-ctx.Done():
		return heldNothing, ctx.Err()
	}
}

// Delete gives the slot back.
func (g *gate) Delete(held int) {
	if held == heldSlot {
		<-g.slots
	}
}

// Close has nothing to close.
func (g *gate) Close() error { return nil }
