package alert

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

// journal writes changes down, and is as safe as its answer says.
type journal struct {
	mu     sync.Mutex // guards what follows
	text   []string
	last   map[model.Fingerprint]*Alert
	answer func(context.Context) error
}

func (j *journal) Append(changes []Change) func(context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range changes {
		j.text = append(j.text, fmt.Sprintf("%s gone=%v", c.Alert.Name(), c.Gone))
		if c.Gone {
			delete(j.last, c.Alert.Fingerprint())
		} else {
			j.last[c.Alert.Fingerprint()] = c.Alert
		}
	}
	if j.answer == nil {
		return func(context.Context) error { return nil }
	}
	return j.answer
}

func newJournal() *journal { return &journal{last: make(map[model.Fingerprint]*Alert)} }

func lasting(name string, ends float64) *Alert {
	return &Alert{Alert: model.Alert{Labels: model.LabelSet{"alertname": model.LabelValue(name)}, StartsAt: at(0), EndsAt: at(ends)}}
}

// What is received is written down, what changes nothing is not, and what is
// forgotten is written down too.
func TestJournal(t *testing.T) {
	j := newJournal()
	s := NewStore(Options{Journal: j})
	if err := s.Receive(t.Context(), at(1), []*Alert{lasting("a", 10), {}, lasting("b", 20)}); err == nil {
		t.Error("got no error for an alert without labels")
	}
	if n := s.Expire(at(15), func(fp model.Fingerprint) bool { return fp == lasting("a", 0).Fingerprint() }); n != 0 {
		t.Errorf("%d alerts forgotten that are needed, want none", n)
	}
	if n := s.Expire(at(15), nil); n != 1 {
		t.Errorf("%d alerts forgotten, want 1", n)
	}
	if want := []string{"a gone=false", "b gone=false", "a gone=true"}; !slices.Equal(j.text, want) {
		t.Errorf("got %q, want %q", j.text, want)
	}
}

// The answer waits for the journal, and says so if that fails. The alert is in force
// all the same.
func TestReceiveWaitsForTheJournal(t *testing.T) {
	j := newJournal()
	full := errors.New("disk full")
	j.answer = func(context.Context) error { return full }
	s := NewStore(Options{Journal: j})
	err := s.Receive(t.Context(), at(1), []*Alert{lasting("a", 10)})
	if !errors.Is(err, ErrNotSaved) || !errors.Is(err, full) {
		t.Errorf("got %v, want an ErrNotSaved with the reason", err)
	}
	if len(s.All()) != 1 {
		t.Error("the alert is not in force")
	}

	j.answer = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := s.Receive(ctx, at(2), []*Alert{lasting("b", 10)}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's end", err)
	}
}

// Many send versions of the same alerts at once: the journal's order is that of the
// store, so its last word is the store's.
func TestJournalHasTheLastWord(t *testing.T) {
	j := newJournal()
	s := NewStore(Options{Journal: j})
	var many sync.WaitGroup
	for i := range 8 {
		many.Go(func() {
			for k := range 100 {
				if err := s.Receive(t.Context(), at(float64(k)), []*Alert{lasting(fmt.Sprint(k%5), float64(100+i*k))}); err != nil {
					t.Error(err)
				}
				if k%10 == 0 {
					s.Expire(at(150), nil)
				}
			}
		})
	}
	many.Wait()
	for _, a := range s.All() {
		if j.last[a.Fingerprint()] != a {
			t.Errorf("%v: the journal has %v, want %v", a.Name(), j.last[a.Fingerprint()], a)
		}
		delete(j.last, a.Fingerprint())
	}
	if len(j.last) != 0 {
		t.Errorf("the journal has %d alerts that the store has not", len(j.last))
	}
}

// What fired when it was last saved and ended while nobody listened fires for one
// resolve timeout more, unless its client says that it ended; what is about to end has
// as long as it had when nobody listened any more, but not more than that timeout.
func TestRestoreSustains(t *testing.T) {
	j := newJournal()
	s := NewStore(Options{Journal: j})
	s.SetResolveTimeout(30 * time.Minute)
	s.Restore(at(100), at(50), []*Alert{lasting("ended before", 40), lasting("ended then", 60), lasting("ends soon", 101), lasting("fires", 200)})
	ends := func(name string) time.Time {
		return s.Get(model.LabelSet{"alertname": model.LabelValue(name)}.Fingerprint()).EndsAt
	}
	for name, want := range map[string]time.Time{"ended before": at(40), "ended then": at(130), "ends soon": at(130), "fires": at(200)} {
		if got := ends(name); !got.Equal(want) {
			t.Errorf("%s: ends at %v, want %v", name, got, want)
		}
	}
	if want := []string{"ended then gone=false", "ends soon gone=false"}; !slices.Equal(j.text, want) {
		t.Errorf("got %q written down, want %q", j.text, want)
	}
	if a := s.Get(lasting("ended then", 0).Fingerprint()); !a.Timeout {
		t.Error("the end that it was given counts as its client's")
	}
	resolved := lasting("ended then", 101)
	if err := s.Receive(t.Context(), at(102), []*Alert{resolved}); err != nil {
		t.Fatal(err)
	}
	if got := ends("ended then"); !got.Equal(at(101)) {
		t.Errorf("its client said that it ended at %v, but it ends at %v", at(101), got)
	}
}

// After a short absence nothing ends before its client had the time that it always has.
func TestRestoreGivesBackTheTime(t *testing.T) {
	s := NewStore(Options{})
	s.SetResolveTimeout(30 * time.Minute)
	s.Restore(at(100), at(97), []*Alert{lasting("soon", 101), lasting("later", 120), lasting("far", 140)})
	for name, want := range map[string]time.Time{"soon": at(104), "later": at(123), "far": at(140)} {
		if got := s.Get(model.LabelSet{"alertname": model.LabelValue(name)}.Fingerprint()).EndsAt; !got.Equal(want) {
			t.Errorf("%s: ends at %v, want %v", name, got, want)
		}
	}
}

// What a lowered limit refuses is gone from the journal too.
func TestRestoreUnderALowerLimit(t *testing.T) {
	j := newJournal()
	s := NewStore(Options{Journal: j, PerNameLimit: 1})
	var alerts []*Alert
	for _, instance := range []model.LabelValue{"1", "2", "3"} {
		a := lasting("a", 100)
		a.Labels["instance"] = instance
		j.last[a.Fingerprint()] = a
		alerts = append(alerts, a)
	}
	s.Restore(at(50), at(50), alerts)
	if len(s.All()) != 1 || len(j.last) != 1 || j.last[s.All()[0].Fingerprint()] == nil {
		t.Errorf("the store has %d alerts, the journal %d; want the same one", len(s.All()), len(j.last))
	}
}
