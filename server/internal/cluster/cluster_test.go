package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/internal/peertest"
	"github.com/cresset-metrics/cresset/server/internal/cluster"
)

// What one copy is told, small or large, all others hear, and who joins later hears
// all that was said before.
func TestWhatIsSharedReachesAll(t *testing.T) {
	a := start(t, "a")
	b := start(t, "b", a)
	meet(t, "ab", a, b)
	c := start(t, "c", b) // a is found through b
	members := []*member{a, b, c}
	meet(t, "abc", members...)

	large := strings.Repeat("x", 50_000)
	a.words.Add("from a")
	b.words.Add(large)
	c.other.Add("from c")
	peertest.Wait(t, func() bool {
		for _, m := range members {
			if !m.words.has("from a") || !m.words.has(large) || !m.other.has("from c") {
				return false
			}
		}
		return true
	}, "not all was heard by all")
	if a.other.has("from a") || c.words.has("from c") {
		t.Error("a word got from one state into the other")
	}
	if sent := b.counter(t, "alertmanager_oversized_gossip_message_sent_total"); sent < 2 {
		t.Errorf("%g oversized messages were sent, want one to each of two others", sent)
	}

	d := start(t, "d", c)
	peertest.Wait(t, func() bool {
		return d.words.has("from a") && d.words.has(large) && d.other.has("from c")
	}, "who joined later did not hear all")
}

// Position, section 2.12: each copy waits for one peer timeout per copy whose name
// comes first, and moves up when one leaves.
func TestTurns(t *testing.T) {
	b := start(t, "b") // the names count, not who was there first
	a := start(t, "a", b)
	c := start(t, "c", b)
	meet(t, "abc", a, b, c)
	expectWait(t, a, 0)
	expectWait(t, b, 15*time.Second)
	expectWait(t, c, 30*time.Second)

	a.leave(t)
	meet(t, "bc", b, c)
	expectWait(t, b, 0)
	expectWait(t, c, 15*time.Second)
	if n := b.counter(t, "alertmanager_peer_position"); n != 0 {
		t.Errorf("the metric says position %g, want 0", n)
	}
	if n := c.counter(t, "alertmanager_peer_position"); n != 1 {
		t.Errorf("the metric says position %g, want 1", n)
	}
}

func expectWait(t *testing.T, m *member, want time.Duration) {
	t.Helper()
	if got := m.Wait(); got != want {
		t.Errorf("%s waits %v, want %v", m.Status().Name, got, want)
	}
}

// Settling, section 2.12: whoever waits goes on when the number of copies has been
// the same for a while.
func TestSettling(t *testing.T) {
	a := newMember(t, options("a"))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.WaitReady(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("before: got %v, want %v", err, context.Canceled)
	}
	if got := a.Status().Status; got != "settling" {
		t.Errorf("before: got status %q, want settling", got)
	}

	a.run(t)
	if err := a.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := a.Status()
	want := cluster.Status{Name: "a", Status: "ready", Peers: []cluster.Peer{{Name: "a", Address: a.Addr()}}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("after: got %v, want %v", got, want)
	}
	for _, line := range []string{`msg="Waiting for gossip to settle..." component=cluster interval=200ms`, `msg="gossip settled; proceeding" component=cluster`} {
		if !a.log.has(line) {
			t.Errorf("the log has no %s:\n%s", line, a.log)
		}
	}
}

func TestSettlingCanBeTurnedOff(t *testing.T) {
	o := options("a")
	o.GossipInterval = time.Hour
	o.SettleTimeout = 0
	a := newMember(t, o).run(t)
	if err := a.WaitReady(t.Context()); err != nil {
		t.Error(err)
	}
	if line := "gossip not settled but continuing anyway"; !a.log.has(line) {
		t.Errorf("the log has no %q:\n%s", line, a.log)
	}
}

// Nothing is notified by a copy that stops before it knows what the others told.
func TestLeavingBeforeItHasSettled(t *testing.T) {
	o := options("a")
	o.GossipInterval = time.Hour
	a := newMember(t, o).run(t)
	peertest.Wait(t, func() bool { return a.log.has("Waiting for gossip to settle") }, "it does not settle")
	waited := make(chan error)
	go func() { waited <- a.WaitReady(t.Context()) }()
	a.leave(t)
	if err := <-waited; err == nil || err.Error() != "the cluster was left before it had settled" {
		t.Errorf("got %v, want that the cluster was left", err)
	}
}

// A server that cannot start gives up its membership by a Run that ends at once.
func TestRunThatIsOverAtOnce(t *testing.T) {
	a := start(t, "a")
	b := newMember(t, options("b", a.Addr()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Run(ctx); err != nil {
		t.Error(err)
	}
	if b.log.has("joined cluster") {
		t.Errorf("it joined:\n%s", b.log)
	}
	if err := b.WaitReady(t.Context()); err == nil {
		t.Error("it is ready, though it has left")
	}
}

// The others need not be there at the start.
func TestOthersThatComeLater(t *testing.T) {
	later := options("b")
	later.ListenAddress = freeAddress(t)
	a := newMember(t, options("a", later.ListenAddress)).run(t)
	peertest.Wait(t, func() bool { return a.log.has("unable to join gossip mesh") }, "it does not say that nobody is there")
	peertest.Wait(t, func() bool { return a.counter(t, "alertmanager_cluster_reconnections_failed_total") > 0 }, "it never tried again")
	b := newMember(t, later).run(t)
	meet(t, "ab", a, b)
}

// Copies that stop at the same time do not wait for each other to listen.
func TestAllLeaveAtOnce(t *testing.T) {
	a := start(t, "a")
	b := start(t, "b", a)
	c := start(t, "c", a)
	meet(t, "abc", a, b, c)
	a.cancel()
	b.cancel()
	c.cancel()
	for _, m := range []*member{a, b, c} {
		m.leave(t)
	}
}
