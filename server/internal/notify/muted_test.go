package notify

import (
	"testing"
	"testing/synctest"
	"time"
)

// Alerts that are muted and of which the integration never heard say nothing about
// those of which it did: they may be known to another copy alone, or on their way.
func TestMutedStrangers(t *testing.T) {
	for _, stranger := range []string{"b", "-b"} {
		synctest.Test(t, func(t *testing.T) {
			in := &integration{name: "webhook", sendResolved: true}
			r, log := newReceiver(in)
			deliver := func(b Batch) {
				t.Helper()
				time.Sleep(5 * time.Minute)
				if _, err := r.Deliver(t.Context(), b); err != nil {
					t.Fatal(err)
				}
			}
			deliver(batchOf(time.Now(), "a"))
			key := Key{GroupKey: `{}:{cluster="c"}`, Receiver: "team", Integration: "webhook"}
			told, _ := log.Get(key)

			quiet := batchOf(time.Now())
			quiet.Muted = batchOf(time.Now(), stranger).Alerts
			deliver(quiet)
			if got, _ := log.Get(key); !got.At.Equal(told.At) || len(got.Firing) != 1 {
				t.Errorf("%s: got entry %+v, want what it was: %+v", stranger, got, told)
			}
			deliver(batchOf(time.Now(), "a"))
			if n := len(in.calls); n != 1 {
				t.Errorf("%s: told %d times, want once", stranger, n)
			}
		})
	}
}

// Where ends are not sent, that one alert ended while another is muted is no news: the
// muted one is not told as new when it is muted no more.
func TestEndBesideMutedIsNoNewsWithoutSendResolved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := &integration{name: "email"}
		r, _ := newReceiver(in)
		quiet := batchOf(time.Now(), "-b")
		quiet.Muted = batchOf(time.Now(), "a").Alerts
		for _, b := range []Batch{batchOf(time.Now(), "a", "b"), quiet, batchOf(time.Now(), "a")} {
			if _, err := r.Deliver(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Minute)
		}
		if n := len(in.calls); n != 1 {
			t.Errorf("told %d times, want once", n)
		}
	})
}
