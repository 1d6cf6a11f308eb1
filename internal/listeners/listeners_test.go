package listeners

import (
	"runtime"
	"testing"
)

type listener struct {
	called  int
	happens func()
}

func newListener() *listener {
	l := new(listener)
	l.happens = func() { l.called++ }
	return l
}

func TestCall(t *testing.T) {
	var l List
	l.Call()
	a, b := newListener(), newListener()
	l.Add(&a.happens)
	l.Add(&b.happens)
	l.Call()
	l.Call()
	if a.called != 2 || b.called != 2 {
		t.Errorf("got %d and %d calls, want 2 of each", a.called, b.called)
	}
}

func TestWhatIsNotReachableIsForgotten(t *testing.T) {
	var l List
	for range 100 {
		l.Add(&newListener().happens)
	}
	runtime.GC()
	kept := newListener()
	l.Add(&kept.happens)
	if len(l) != 1 {
		t.Errorf("got %d functions, want that of the one listener that is left", len(l))
	}
	l.Call()
	if kept.called != 1 {
		t.Errorf("got %d calls, want 1", kept.called)
	}
}
