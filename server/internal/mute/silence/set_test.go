package silence_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

// journal remembers what it is told, and answers with err.
type journal struct {
	changes []silence.Change
	batches int
	err     error
}

func (j *journal) Append(changes []silence.Change) func(context.Context) error {
	j.changes = append(j.changes, changes...)
	j.batches++
	return func(context.Context) error { return j.err }
}

// Section 2.9: state by time, and an ID that is a UUID.
func TestStates(t *testing.T) {
	s := silence.New(silence.Options{})
	id := set(t, s, at(0), between(t, 5, 10, "a=b"))
	if parsed, err := uuid.Parse(id); err != nil || parsed.Version() != 4 {
		t.Errorf("ID %q: got version %d, %v; want a random UUID", id, parsed.Version(), err)
	}
	for _, tc := range []struct {
		at   time.Time
		want silence.State
	}{
		{at(5).Add(-1), silence.Pending},
		{at(5), silence.Active},
		{at(10).Add(-1), silence.Active},
		{at(10), silence.Expired},
	} {
		if got := s.Get(id).StateAt(tc.at); got != tc.want {
			t.Errorf("at %v: got %s, want %s", tc.at, got, tc.want)
		}
		if got, want := len(s.SilencedBy(model.LabelSet{"a": "b"}, tc.at)) == 1, tc.want == silence.Active; got != want {
			t.Errorf("at %v: silenced %v, want %v", tc.at, got, want)
		}
	}
}

// Section 2.9: a start in the past becomes now when the silence is made.
func TestNewSilence(t *testing.T) {
	s := silence.New(silence.Options{Retention: time.Hour})
	given := between(t, -5, 10, "a=b")
	given.Annotations = map[string]string{"ticket": "1"}
	id := set(t, s, at(0), given)
	given.Annotations["ticket"] = "2"
	given.Matchers[0][0].Value = "c"

	got := s.Get(id)
	if got.ID != id || !got.StartsAt.Equal(at(0)) || !got.EndsAt.Equal(at(10)) || !got.UpdatedAt.Equal(at(0)) || !got.ExpiresAt.Equal(at(70)) {
		t.Errorf("got %+v", got)
	}
	if got.CreatedBy != "ana" || got.Comment != "works" || !maps.Equal(got.Annotations, map[string]string{"ticket": "1"}) || got.Matchers[0].String() != `{a="b"}` {
		t.Errorf("got %+v, want it as it was when it was given", got)
	}

	noStart := between(t, 0, 10, "a=b")
	noStart.StartsAt = time.Time{}
	if got := s.Get(set(t, s, at(1), noStart)).StartsAt; !got.Equal(at(1)) {
		t.Errorf("without a start it starts at %v, want now", got)
	}
	if got := len(s.All()); got != 2 {
		t.Errorf("got %d silences, want 2", got)
	}
	if s.Get("no such ID") != nil {
		t.Error("got a silence for an ID that there is not")
	}
}

// Section 2.9: what makes a silence valid, in the words that clients know.
func TestInvalid(t *testing.T) {
	raw := func(typ labels.MatchType, name, value string) labels.Matchers {
		return labels.Matchers{{Type: typ, Name: name, Value: value}}
	}
	for _, tc := range []struct {
		name   string
		change func(*silence.Silence)
		want   string
	}{
		{"no matchers", func(s *silence.Silence) { s.Matchers = nil }, "invalid silence: at least one matcher set required"},
		{"an empty set", func(s *silence.Silence) { s.Matchers = append(s.Matchers, nil) }, "invalid silence: matcher set 1 is empty"},
		{"a bad name", func(s *silence.Silence) { s.Matchers[0] = raw(labels.MatchEqual, "", "x") }, `invalid silence: invalid label matcher 0 in set 0: invalid label name ""`},
		{"a bad value", func(s *silence.Silence) { s.Matchers[0] = raw(labels.MatchEqual, "a", "\xff") }, `invalid silence: invalid label matcher 0 in set 0: invalid label value "\xff"`},
		{"a bad regular expression", func(s *silence.Silence) { s.Matchers[0] = raw(labels.MatchNotRegexp, "a", "(") },
			"invalid silence: invalid label matcher 0 in set 0: invalid regular expression \"(\": error parsing regexp: missing closing ): `(`"},
		{"one that is bad between anchors", func(s *silence.Silence) { s.Matchers[0] = raw(labels.MatchRegexp, "a", `\Qb`) },
			"invalid silence: invalid label matcher 0 in set 0: invalid regular expression \"\\\\Qb\": error parsing regexp: missing closing ): `^(?:\\Qb)$`"},
		{"an unknown type", func(s *silence.Silence) { s.Matchers[0] = raw(7, "a", "b") }, `invalid silence: invalid label matcher 0 in set 0: unknown matcher type "7"`},
		{"all match the empty string", func(s *silence.Silence) { s.Matchers[0] = match(t, "a=", "b=~.*") },
			"invalid silence: matcher set 0: at least one matcher must not match the empty string"},
		{"the second set matches the empty string", func(s *silence.Silence) { s.Matchers = append(s.Matchers, match(t, "a=~x|")) },
			"invalid silence: matcher set 1: at least one matcher must not match the empty string"},
		{"a negative matcher never only matches the empty string", func(s *silence.Silence) { s.Matchers[0] = match(t, "a!=b") }, ""},
		{"no end", func(s *silence.Silence) { s.EndsAt = time.Time{} }, "invalid silence: invalid zero end timestamp"},
		{"end before start", func(s *silence.Silence) { s.StartsAt = at(11) }, "invalid silence: end time must not be before start time"},
		{"end at the start", func(s *silence.Silence) { s.StartsAt = at(10) }, ""},
		{"text that is no text", func(s *silence.Silence) { s.Comment = "\xff" }, "string field contains invalid UTF-8"},
		{"an unknown ID", func(s *silence.Silence) { s.ID = "x" }, "silence not found"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			j := &journal{}
			s := silence.New(silence.Options{Journal: j})
			sil := between(t, 0, 10, "a=b")
			tc.change(sil)
			_, err := s.Set(t.Context(), at(0), sil)
			if tc.want == "" {
				if err != nil {
					t.Errorf("got %v, want no error", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
			if len(s.All()) != 0 || j.batches != 0 {
				t.Error("something was stored")
			}
			if errors.Is(err, silence.ErrNotFound) != (sil.ID != "") {
				t.Errorf("errors.Is(%v, ErrNotFound) is wrong", err)
			}
		})
	}
}

// Section 2.9: a silence is updated in place if what is past stays true; else it
// is expired and another one made.
func TestUpdate(t *testing.T) {
	for _, tc := range []struct {
		name       string
		start, end int // of the silence as it is made at minute 0
		minute     int // of the update
		change     func(*silence.Silence)
		inPlace    bool
		oldEnds    time.Time // of the old one, if not in place
	}{
		{"active: a new end", 0, 10, 5, func(s *silence.Silence) { s.EndsAt = at(20) }, true, time.Time{}},
		{"active: an end that is now", 0, 10, 5, func(s *silence.Silence) { s.EndsAt = at(5) }, true, time.Time{}},
		{"active: an end in the past", 0, 10, 5, func(s *silence.Silence) { s.EndsAt = at(4) }, false, at(5)},
		{"active: a start in the same second", 0, 10, 5, func(s *silence.Silence) { s.StartsAt = at(0).Add(999 * time.Millisecond) }, true, time.Time{}},
		{"active: another start", 0, 10, 5, func(s *silence.Silence) { s.StartsAt = at(0).Add(time.Second) }, false, at(5)},
		{"active: another comment", 0, 10, 5, func(s *silence.Silence) { s.Comment = "still" }, true, time.Time{}},
		{"active: other matchers", 0, 10, 5, func(s *silence.Silence) { s.Matchers = []labels.Matchers{match(t, "a=c")} }, false, at(5)},
		{"active: one more set", 0, 10, 5, func(s *silence.Silence) { s.Matchers = append(s.Matchers, match(t, "a=c")) }, false, at(5)},
		{"active: matchers in another order", 0, 10, 5, func(s *silence.Silence) { s.Matchers[0][0], s.Matchers[0][1] = s.Matchers[0][1], s.Matchers[0][0] }, false, at(5)},
		{"pending: another start that is to come", 5, 10, 3, func(s *silence.Silence) { s.StartsAt = at(4) }, true, time.Time{}},
		{"pending: a start that is now", 5, 10, 3, func(s *silence.Silence) { s.StartsAt = at(3) }, true, time.Time{}},
		{"pending: a start in the past", 5, 10, 3, func(s *silence.Silence) { s.StartsAt = at(2) }, false, at(3)},
		{"expired", 0, 10, 15, func(s *silence.Silence) { s.EndsAt = at(20) }, false, at(10)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			j := &journal{}
			s := silence.New(silence.Options{Retention: time.Hour, Journal: j})
			id := set(t, s, at(0), between(t, tc.start, tc.end, "a=b", "b=c"))
			change := between(t, tc.start, tc.end, "a=b", "b=c")
			change.ID = id
			tc.change(change)
			newID := set(t, s, at(tc.minute), change)

			if (newID == id) != tc.inPlace {
				t.Fatalf("in place: got %v, want %v", newID == id, tc.inPlace)
			}
			got := s.Get(newID)
			wantStart := change.StartsAt
			if !tc.inPlace && wantStart.Before(at(tc.minute)) {
				wantStart = at(tc.minute)
			}
			if !got.StartsAt.Equal(wantStart) || !got.EndsAt.Equal(change.EndsAt) || got.Comment != change.Comment || !got.UpdatedAt.Equal(at(tc.minute)) {
				t.Errorf("got %+v, want %+v", got, change)
			}
			if tc.inPlace {
				return
			}
			old := s.Get(id)
			if !old.EndsAt.Equal(tc.oldEnds) || old.StateAt(at(tc.minute)) != silence.Expired {
				t.Errorf("the old one: got %+v, want it expired at %v", old, tc.oldEnds)
			}
			if j.batches != 2 {
				t.Errorf("the journal got %d batches, want one for each call", j.batches)
			}
		})
	}
}

// Section 2.9: expiring is idempotent; what is pending starts and ends now.
func TestExpire(t *testing.T) {
	j := &journal{}
	s := silence.New(silence.Options{Retention: time.Hour, Journal: j})
	active, pending := set(t, s, at(0), between(t, 0, 10, "a=b")), set(t, s, at(0), between(t, 5, 10, "a=b"))
	for _, minute := range []int{2, 3} {
		for _, id := range []string{active, pending} {
			if err := s.Expire(t.Context(), at(minute), id); err != nil {
				t.Fatal(err)
			}
			got := s.Get(id)
			if got.StateAt(at(2)) != silence.Expired || !got.EndsAt.Equal(at(2)) || !got.UpdatedAt.Equal(at(2)) || !got.ExpiresAt.Equal(at(62)) {
				t.Errorf("minute %d: got %+v", minute, got)
			}
		}
	}
	if got := s.Get(active).StartsAt; !got.Equal(at(0)) {
		t.Errorf("the active one started at %v", got)
	}
	if got := s.Get(pending).StartsAt; !got.Equal(at(2)) {
		t.Errorf("the pending one started at %v, want when it was expired", got)
	}
	if len(j.changes) != 6 {
		t.Errorf("the journal has %d changes, want 6: two made, and each of two expired and said to be twice", len(j.changes))
	}
	if err := s.Expire(t.Context(), at(2), "x"); !errors.Is(err, silence.ErrNotFound) {
		t.Errorf("an unknown ID: got %v", err)
	}
}

// What somebody does is in force at once, whatever the clocks of others say.
func TestLaterThanWhatIsKnown(t *testing.T) {
	ahead, s := silence.New(silence.Options{Retention: time.Hour}), silence.New(silence.Options{Retention: time.Hour})
	id := set(t, ahead, at(30), between(t, 30, 40, "a=b"))
	b, err := ahead.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Merge(at(25), b); err != nil {
		t.Fatal(err)
	}
	change := between(t, 30, 50, "a=b")
	change.ID = id
	set(t, s, at(25), change)
	if got := s.Get(id); !got.EndsAt.Equal(at(50)) || !got.UpdatedAt.After(at(30)) {
		t.Errorf("updated: got %+v", got)
	}
	if err := s.Expire(t.Context(), at(25), id); err != nil {
		t.Fatal(err)
	}
	if got := s.Get(id); !got.EndsAt.Equal(at(25)) {
		t.Errorf("expired: got %+v", got)
	}
	if b, err = s.MarshalBinary(); err != nil {
		t.Fatal(err)
	}
	if err := ahead.Merge(at(31), b); err != nil {
		t.Fatal(err)
	}
	if got := ahead.SilencedBy(model.LabelSet{"a": "b"}, at(31)); got != nil {
		t.Errorf("the other copy is still silenced by %v", got)
	}
}

// Section 2.9: limits, for what is made here.
func TestLimits(t *testing.T) {
	s := silence.New(silence.Options{Retention: time.Hour, MaxSilences: 2})
	id := set(t, s, at(0), between(t, 0, 1, "a=b"))
	other := set(t, s, at(0), between(t, 0, 10, "a=b"))
	refused := "exceeded maximum number of silences: 2 (limit: 2)"
	if _, err := s.Set(t.Context(), at(5), between(t, 5, 10, "a=b")); err == nil || err.Error() != refused {
		t.Errorf("got %v, want %s, the expired one included", err, refused)
	}
	replacing := between(t, 0, 10, "a=c")
	replacing.ID = other
	if _, err := s.Set(t.Context(), at(5), replacing); err == nil || err.Error() != refused {
		t.Errorf("got %v, want %s", err, refused)
	}
	if got := s.Get(other).StateAt(at(5)); got != silence.Active {
		t.Errorf("what could not be replaced is %s", got)
	}
	update := between(t, 0, 20, "a=b")
	update.ID = other
	set(t, s, at(5), update)
	if n, err := s.GC(at(61)); n != 1 || err != nil || s.Get(id) != nil {
		t.Errorf("GC: got %d, %v", n, err)
	}
	set(t, s, at(61), between(t, 61, 70, "a=b"))

	s = silence.New(silence.Options{MaxSilenceBytes: 150})
	set(t, s, at(0), between(t, 0, 10, "a=b"))
	large := between(t, 0, 10, "a=b")
	large.Comment = strings.Repeat("x", 150)
	if _, err := s.Set(t.Context(), at(0), large); err == nil || !strings.HasPrefix(err.Error(), "silence exceeded maximum size: ") || !strings.HasSuffix(err.Error(), " bytes (limit: 150 bytes)") {
		t.Errorf("got %v, want it refused for its size", err)
	}
}

// A change that the journal does not take is in force, and said to be unsafe.
func TestNotSaved(t *testing.T) {
	j := &journal{err: errors.New("disk full")}
	s := silence.New(silence.Options{Journal: j})
	id, err := s.Set(t.Context(), at(0), between(t, 0, 10, "a=b"))
	if !errors.Is(err, silence.ErrNotSaved) || !errors.Is(err, j.err) {
		t.Errorf("got %v", err)
	}
	if got := s.SilencedBy(model.LabelSet{"a": "b"}, at(1)); len(got) != 1 || got[0] != id {
		t.Errorf("got %v, want %s", got, id)
	}
	for range 2 { // trying again does not make it safe
		if err := s.Expire(t.Context(), at(2), id); !errors.Is(err, silence.ErrNotSaved) {
			t.Errorf("got %v", err)
		}
	}
	j.err = nil
	if err := s.Expire(t.Context(), at(3), id); err != nil {
		t.Errorf("got %v", err)
	}
	if last := j.changes[len(j.changes)-1]; last.Gone || !last.Silence.EndsAt.Equal(at(2)) {
		t.Errorf("the journal was told %+v", last)
	}
}

// The journal is told under the lock and waited for without it.
func TestWaitingBlocksNobody(t *testing.T) {
	w := waiting{begun: make(chan struct{}), release: make(chan struct{})}
	s := silence.New(silence.Options{Journal: w})
	done := make(chan error)
	go func() {
		_, err := s.Set(t.Context(), at(0), between(t, 0, 10, "a=b"))
		done <- err
	}()
	<-w.begun
	if len(s.SilencedBy(model.LabelSet{"a": "b"}, at(1))) != 1 || len(s.All()) != 1 {
		t.Error("the silence is not in force while it is being saved")
	}
	close(w.release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w = waiting{begun: make(chan struct{}, 1)}
	s = silence.New(silence.Options{Journal: w})
	if _, err := s.Set(ctx, at(0), between(t, 0, 10, "a=b")); !errors.Is(err, context.Canceled) || !errors.Is(err, silence.ErrNotSaved) {
		t.Errorf("got %v, want that the caller gave up", err)
	}
}

// waiting is a journal that says when it is waited for, and has things safe when
// it is released.
type waiting struct{ begun, release chan struct{} }

func (w waiting) Append([]silence.Change) func(context.Context) error {
	return func(ctx context.Context) error {
		w.begun <- struct{}{}
		select {
		case <-w.release:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
