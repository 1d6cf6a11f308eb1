package main

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/simulate"
)

// The line comes after a while, makes room for what is written, and leaves
// nothing behind.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var screen strings.Builder
		var of simulate.Progress
		of.Tests.Store(7)
		p := watch(&of, &screen, true)
		p.pause(func() { fmt.Fprintln(&screen, "first") })
		time.Sleep(patience + time.Millisecond)
		of.Done.Store(3)
		of.Evaluations.Store(100)
		time.Sleep(patience / 4)
		p.pause(func() { fmt.Fprintln(&screen, "second") })
		p.stop()
		const want = "first\n" +
			"\r\x1b[K0 of 7 tests done, groups evaluated 0 times" +
			"\r\x1b[K3 of 7 tests done, groups evaluated 100 times" +
			"\r\x1b[Ksecond\n"
		if got := screen.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestNoProgressWithoutTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var page strings.Builder
		p := watch(&simulate.Progress{}, &page, false)
		time.Sleep(2 * patience)
		p.pause(func() { fmt.Fprintln(&page, "only this") })
		p.stop()
		if got, want := page.String(), "only this\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
