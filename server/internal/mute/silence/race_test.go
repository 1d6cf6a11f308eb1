package silence_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

// What was acknowledged is seen by whoever asks afterwards, whatever else goes on.
func TestAcknowledgedIsSeen(t *testing.T) {
	reg := prometheus.NewRegistry()
	s := silence.New(silence.Options{Retention: time.Hour, Registerer: reg})
	s.SetBroadcast(func([]byte) {})
	const writers, rounds = 3, 60
	now := time.Now()
	stop := make(chan struct{})
	var busy, done sync.WaitGroup
	background := func(f func()) {
		busy.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					f()
				}
			}
		})
	}
	background(func() {
		if _, err := s.GC(now); err != nil {
			t.Error(err)
		}
	})
	background(func() {
		for w := range writers {
			s.SilencedBy(model.LabelSet{"w": model.LabelValue(fmt.Sprint(w)), "x": "y"}, now)
		}
	})
	background(func() {
		b, err := s.MarshalBinary()
		if err == nil {
			err = s.Merge(now, b)
		}
		if _, gatherErr := reg.Gather(); err != nil || gatherErr != nil {
			t.Error(err, gatherErr)
		}
	})
	for w := range writers {
		done.Go(func() {
			ls := model.LabelSet{"w": model.LabelValue(fmt.Sprint(w)), "x": "y"}
			for i := range rounds {
				matcher := fmt.Sprintf("w=%d", w)
				if i%2 == 1 {
					matcher = fmt.Sprintf("w=~%d|none", w)
				}
				sil := between(t, 0, 0, matcher)
				sil.StartsAt, sil.EndsAt = now, now.Add(time.Hour)
				id, err := s.Set(t.Context(), now, sil)
				if err != nil {
					t.Error(err)
				}
				if got := s.SilencedBy(ls, now); len(got) != 1 || got[0] != id {
					t.Errorf("after a silence was made: got %v, want %s", got, id)
				}
				if err := s.Expire(t.Context(), now, id); err != nil {
					t.Error(err)
				}
				if got := s.SilencedBy(ls, now); got != nil {
					t.Errorf("after it was expired: got %v", got)
				}
			}
		})
	}
	done.Wait()
	close(stop)
	busy.Wait()
}

// There is no moment at which a silence is replaced and neither silences, here or
// on another copy.
func TestReplacedAtOnce(t *testing.T) {
	s, other := silence.New(silence.Options{Retention: time.Hour}), silence.New(silence.Options{Retention: time.Hour})
	now := time.Now()
	s.SetBroadcast(func(b []byte) {
		if err := other.Merge(now, b); err != nil {
			t.Error(err)
		}
	})
	sil := between(t, 0, 0, "a=b")
	sil.StartsAt, sil.EndsAt = now, now.Add(time.Hour)
	sil.ID = set(t, s, now, sil)
	ls := model.LabelSet{"a": "b", "c": "d"}

	stop := make(chan struct{})
	var readers sync.WaitGroup
	for _, s := range []*silence.Store{s, other} {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if len(s.SilencedBy(ls, now)) == 0 {
						t.Error("nothing silences")
						return
					}
				}
			}
		})
	}
	for i := range 300 {
		sil.Matchers = []labels.Matchers{match(t, []string{"a=~b|c", "a=b"}[i%2])}
		sil.ID = set(t, s, now, sil)
	}
	close(stop)
	readers.Wait()
	if got := s.SilencedBy(ls, now); len(got) != 1 || got[0] != sil.ID {
		t.Errorf("got %v, want only the last, %s", got, sil.ID)
	}
}
