package dispatch

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/notify"
)

// Several copies of the pipeline that get the same alerts and know of each other's
// notifications, section 2.12: together they tell everything once.

const (
	haPeerTimeout = 15 * time.Second
	haLatency     = 500 * time.Millisecond // of what one copy tells the others
)

// haCopy is one copy. Its clock goes ahead of the bubble's by skew, of which others
// see something in the times that it sends.
type haCopy struct {
	*rig
	log      *notify.Log
	skew     time.Duration
	position atomic.Int64
	ready    chan struct{} // closed when it has settled
	cut      atomic.Bool   // off from the others
}

func (c *haCopy) Wait() time.Duration { return time.Duration(c.position.Load()) * haPeerTimeout }

func (c *haCopy) WaitReady(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-c.ready:
		return nil
	}
}

// newCopies returns n copies with these skews, at positions from 0 on, that have
// settled.
func newCopies(t *testing.T, yaml string, skews []time.Duration, change ...func(*Options)) []*haCopy {
	t.Helper()
	copies := make([]*haCopy, len(skews))
	for i, skew := range skews {
		copies[i] = newCopy(t, yaml, i, skew, change...)
		close(copies[i].ready)
	}
	connect(t, copies)
	return copies
}

func newCopy(t *testing.T, yaml string, position int, skew time.Duration, change ...func(*Options)) *haCopy {
	t.Helper()
	c := &haCopy{log: notify.NewLog(notify.LogOptions{}), skew: skew, ready: make(chan struct{})}
	c.position.Store(int64(position))
	c.rig = newRig(t, yaml, slices.Concat([]func(*Options){func(o *Options) { o.Log, o.Peer = c.log, c }}, change)...)
	return c
}

// connect has each copy tell all others what it notified, after a while.
func connect(t *testing.T, copies []*haCopy) {
	for _, from := range copies {
		from.log.SetBroadcast(func(b []byte) {
			b = slices.Clone(b)
			for _, to := range copies {
				if to != from {
					time.AfterFunc(haLatency, func() { pass(t, from, to, b) })
				}
			}
		})
	}
}

// pass brings bytes from one copy to another, as the other's clock sees them.
func pass(t *testing.T, from, to *haCopy, b []byte) {
	if from.cut.Load() || to.cut.Load() {
		return
	}
	records, err := notify.UnmarshalRecords(bytes.NewReader(b))
	if err != nil {
		t.Error(err)
	}
	for i := range records {
		e := &records[i].Entry
		e.At = e.At.Add(from.skew - to.skew)
		e.ExpiresAt = e.ExpiresAt.Add(from.skew - to.skew)
	}
	if b, err = notify.MarshalRecords(records); err != nil {
		t.Error(err)
	}
	if err := to.log.Merge(time.Now(), b); err != nil {
		t.Error(err)
	}
}

// die stops a copy, and lets the others find out after the given time.
func die(copies []*haCopy, position int, noticed time.Duration) {
	copies[position].cut.Store(true)
	copies[position].stop()
	time.AfterFunc(noticed, func() {
		for _, c := range copies[position+1:] {
			c.position.Add(-1)
		}
	})
}

// sendAll sends the same alerts to all copies, to each a little later than to the
// one before, as a Prometheus server does.
func sendAll(t *testing.T, copies []*haCopy, lasts time.Duration, specs ...string) {
	t.Helper()
	for _, c := range copies {
		if !c.cut.Load() {
			c.send(t, lasts, specs...)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// The first copy tells; the others wait, see that it did, and tell nothing. Only that
// a repetition is due another copy may find first: it is due at the first flush after
// the interval is over, and the flushes of that copy come a little later.
func TestOneCopyTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		copies := newCopies(t, "route: {receiver: team, group_wait: 30s, group_interval: 5m, repeat_interval: 12h}", make([]time.Duration, 3))
		a := copies[0]
		sendAll(t, copies, forever, "a")
		a.until(time.Hour)
		sendAll(t, copies, forever, "b")
		a.until(14 * time.Hour)
		sendAll(t, copies, -time.Second, "a")
		a.until(15 * time.Hour)
		sendAll(t, copies, -time.Second, "b")
		a.until(24 * time.Hour)
		expect(t, a.team.take(), "30s a (first notification); 1h0m30s a b (new alerts added); 14h0m30s -a b (some alerts resolved); 15h0m30s -b (all alerts resolved)")
		expect(t, copies[1].team.take(), "13h0m45.1s a b (repeat interval elapsed)")
		expect(t, copies[2].team.take(), "")
		for _, c := range copies {
			if n := c.groupCount(); n != 0 {
				t.Errorf("position %d has %d groups left, want none", c.position.Load(), n)
			}
		}
	})
}

// A copy that dies before it has told is stood in for by the next, once its turn
// comes; afterwards that is the first.
func TestFirstCopyDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		copies := newCopies(t, "route: {receiver: team, group_wait: 30s, group_interval: 5m, repeat_interval: 12h}", make([]time.Duration, 3))
		a, b, c := copies[0], copies[1], copies[2]
		sendAll(t, copies, forever, "a")
		b.until(29 * time.Second)
		die(copies, 0, 20*time.Second) // later than the flush of the others
		b.until(time.Hour)
		expect(t, a.team.take(), "")
		expect(t, b.team.take(), "45.1s a (first notification)")
		sendAll(t, copies, forever, "b")
		b.until(2 * time.Hour)
		expect(t, b.team.take(), "1h0m30.1s a b (new alerts added)")
		expect(t, c.team.take(), "")
	})
}

// What a copy told before it died is not told again by the others.
func TestCopyDiesAfterTelling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		copies := newCopies(t, "route: {receiver: team, group_wait: 30s, group_interval: 5m, repeat_interval: 12h}", make([]time.Duration, 2))
		a, b := copies[0], copies[1]
		sendAll(t, copies, forever, "a")
		b.until(time.Minute)
		expect(t, a.team.take(), "30s a (first notification)")
		die(copies, 0, 10*time.Second)
		b.until(11 * time.Hour)
		expect(t, b.team.take(), "")
		b.until(13 * time.Hour) // it was told at 30s, so a repetition is due at the flush of 12h0m30.1s
		expect(t, b.team.take(), "12h0m30.1s a (repeat interval elapsed)")
		sendAll(t, copies, -time.Second, "a")
		b.until(14 * time.Hour)
		expect(t, b.team.take(), "13h0m30.1s -a (all alerts resolved)")
	})
}

// Copies that are cut off from each other both tell: twice rather than never. When
// they are together again, one is enough.
func TestCopiesApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		copies := newCopies(t, "route: {receiver: team, group_wait: 30s, group_interval: 5m, repeat_interval: 12h}", make([]time.Duration, 2))
		a, b := copies[0], copies[1]
		b.cut.Store(true)
		b.position.Store(0)
		a.send(t, forever, "a")
		b.send(t, forever, "a")
		a.until(time.Hour)
		expect(t, a.team.take(), "30s a (first notification)")
		expect(t, b.team.take(), "30s a (first notification)")
		b.cut.Store(false)
		b.position.Store(1)
		sendAll(t, copies, -time.Second, "a")
		a.until(2 * time.Hour)
		expect(t, a.team.take(), "1h0m30s -a (all alerts resolved)")
		expect(t, b.team.take(), "")
	})
}

// A copy that comes later tells nothing before it knows what was told.
func TestCopyThatSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const yaml = "route: {receiver: team, group_wait: 30s, group_interval: 5m, repeat_interval: 12h}"
		a := newCopy(t, yaml, 1, 0)
		close(a.ready)
		a.send(t, forever, "a")
		a.until(time.Hour)
		expect(t, a.team.take(), "45s a (first notification)") // alone, but at position 1

		late := newCopy(t, yaml, 0, 0) // nothing but settling holds it back
		connect(t, []*haCopy{a, late})
		late.send(t, forever, "a", "b")
		late.until(time.Minute) // its flush is due
		b, err := a.log.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		pass(t, a, late, b)
		close(late.ready)
		late.until(time.Hour)
		expect(t, late.team.take(), "1m0s a b (new alerts added)")
		expect(t, a.team.take(), "")
	})
}

// An alert that a copy told, and that is muted when it ends, is told resolved by one
// copy, once, even if it is not the one that told it.
func TestMutedEndAmongCopies(t *testing.T) {
	for _, dies := range []bool{false, true} {
		t.Run(fmt.Sprintf("the first copy dies: %v", dies), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var silenced silencing
				copies := newCopies(t, "route: {receiver: team, group_wait: 30s, group_interval: 5m, repeat_interval: 1h}", make([]time.Duration, 2),
					func(o *Options) { o.ResolvedWhileMuted, o.Silences = true, &silenced })
				a, b := copies[0], copies[1]
				sendAll(t, copies, forever, "a", "b")
				a.until(time.Minute)
				silenced.name.Store("a")
				a.until(3 * time.Hour)
				expect(t, a.team.take(), "30s a b (first notification); 2h5m30s b (repeat interval elapsed)")
				expect(t, b.team.take(), "1h0m45.1s b (repeat interval elapsed)")
				if dies {
					die(copies, 0, 10*time.Second)
					time.Sleep(10 * time.Second)
				}
				sendAll(t, copies, -time.Second, "a")
				a.until(3*time.Hour + 10*time.Minute)
				got := [2]string{a.team.take(), b.team.take()}
				want := [2]string{"3h0m30s -a b (some alerts resolved)", ""}
				if dies {
					want = [2]string{"", "3h0m30.1s -a b (some alerts resolved)"}
				}
				if got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		})
	}
}

// silencing silences the alerts of one name.
type silencing struct{ name atomic.Value }

func (s *silencing) SilencedBy(ls model.LabelSet, _ time.Time) []string {
	if name, ok := s.name.Load().(string); ok && string(ls["alertname"]) == name {
		return []string{"silence"}
	}
	return nil
}

// Clocks that differ by seconds change who tells and when by seconds, but neither
// what is told nor how often.
func TestClocksDiffer(t *testing.T) {
	const repeat = 4 * time.Hour
	for _, exact := range []bool{false, true} {
		for _, skew := range []time.Duration{-5 * time.Second, -200 * time.Millisecond, 200 * time.Millisecond, 5 * time.Second} {
			t.Run(fmt.Sprintf("exact %v skew %v", exact, skew), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					copies := newCopies(t, "route: {receiver: team, group_wait: 30s, group_interval: 5m, repeat_interval: 4h}", []time.Duration{0, skew, -skew},
						func(o *Options) { o.ExactRepeat = exact })
					a := copies[0]
					sendAll(t, copies, forever, "a")
					a.until(48 * time.Hour)
					sendAll(t, copies, -time.Second, "a")
					a.until(50 * time.Hour)

					told := toldByAll(t, copies)
					if first := told[0]; first.what != " a (first notification)" || first.at != 30*time.Second {
						t.Errorf("first: got %v%s", first.at, first.what)
					}
					last := told[len(told)-1]
					if last.what != " -a (all alerts resolved)" || last.at < 48*time.Hour || last.at > 48*time.Hour+6*time.Minute {
						t.Errorf("last: got %v%s", last.at, last.what)
					}
					for i, this := range told[1 : len(told)-1] {
						if gap := this.at - told[i].at; this.what != " a (repeat interval elapsed)" || gap < repeat-time.Minute || gap > repeat+6*time.Minute {
							t.Errorf("got %v%s, %v after the one before", this.at, this.what, gap)
						}
					}
					if n := len(told); n < 11 || n > 13 {
						t.Errorf("%d notifications in two days, want about one in four hours", n)
					}
				})
			})
		}
	}
}

type toldAt struct {
	at   time.Duration
	what string
}

// toldByAll is what all copies told, in the order of time.
func toldByAll(t *testing.T, copies []*haCopy) []toldAt {
	t.Helper()
	var all []toldAt
	for _, c := range copies {
		for text := range strings.SplitSeq(c.team.take(), "; ") {
			if text == "" {
				continue
			}
			when, _, _ := strings.Cut(text, " ")
			at, err := time.ParseDuration(when)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, toldAt{at, text[len(when):]})
		}
	}
	slices.SortFunc(all, func(a, b toldAt) int { return int(a.at - b.at) })
	return all
}

// What the second copy saw before it waited for its turn may be over when that comes:
// an alert that ended meanwhile, which the first copy has told by then, is not told to
// fire again, nor one resolved that fires again.
func TestWhatChangesWhileACopyWaits(t *testing.T) {
	for _, tc := range []struct {
		name string
		// how long the alert lasts, as sent before the second copy's flush, and while
		// that waits
		before, meanwhile time.Duration
		want              string
	}{
		{"ends", forever, -time.Second, "5m35s -a (all alerts resolved)"},
		{"ended and fires again", -time.Second, forever, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				copies := newCopies(t, "route: {receiver: team, group_wait: 30s, group_interval: 5m, repeat_interval: 12h}", make([]time.Duration, 2))
				first, second := copies[0], copies[1]
				second.send(t, forever, "a")
				second.until(5 * time.Second)
				first.send(t, forever, "a") // its flushes are at 35s and 5m35s
				sendBoth := func(when, lasts time.Duration) {
					t.Helper()
					second.until(when)
					first.send(t, lasts, "a")
					second.send(t, lasts, "a")
				}
				sendBoth(5*time.Minute+29*time.Second, tc.before)
				expect(t, first.team.take(), "35s a (first notification)")
				sendBoth(5*time.Minute+32*time.Second, tc.meanwhile) // the second waits from 5m30s to 5m45s
				second.until(time.Hour)
				expect(t, first.team.take(), tc.want)
				expect(t, second.team.take(), "")
			})
		})
	}
}

// What a copy waits for its turn does not count against the time that it has to notify.
func TestWaitIsLongerThanTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCopy(t, "route: {receiver: team, group_wait: 0s, group_interval: 5s, repeat_interval: 12h}", 2, 0)
		close(c.ready)
		c.send(t, forever, "a")
		c.until(time.Minute)
		expect(t, c.team.take(), "30s a (first notification)")
	})
}
