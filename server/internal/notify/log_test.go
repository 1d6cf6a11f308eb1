package notify

import (
	"reflect"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

// Section 2.8: the key's text, the last word by time, and the end of entries.
func TestLog(t *testing.T) {
	t0 := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	l := NewLog(LogOptions{Retention: time.Hour})
	a, b := Key{`{}:{a="1"}`, "team", "webhook", 0}, Key{`{}:{a="1"}`, "team", "webhook", 1}
	if got, want := b.String(), `{}:{a="1"}:team/webhook/1`; got != want {
		t.Errorf("got key %q, want %q", got, want)
	}
	l.Record(t.Context(),
		Record{a, Entry{Firing: Hashes{1}, At: t0, ExpiresAt: t0.Add(10 * time.Minute)}},
		Record{b, Entry{Firing: Hashes{2}, At: t0, ExpiresAt: t0.Add(20 * time.Minute)}},
	)
	l.Record(t.Context(), Record{a, Entry{Firing: Hashes{9}, At: t0.Add(-time.Second)}})
	if e, ok := l.Get(a); !ok || e.Firing[0] != 1 {
		t.Errorf("got %v, %v; want the entry with the later time", e, ok)
	}
	if n := l.Expire(t0.Add(10 * time.Minute)); n != 0 {
		t.Errorf("%d entries expired at the last instant of the first, want 0", n)
	}
	if n := l.Expire(t0.Add(15 * time.Minute)); n != 1 || l.Len() != 1 {
		t.Errorf("%d entries expired and %d are left, want 1 and 1", n, l.Len())
	}
	if _, ok := l.Get(a); ok {
		t.Error("the expired entry is still there")
	}
}

func TestLifetime(t *testing.T) {
	l := NewLog(LogOptions{Retention: 10 * time.Hour})
	for _, tc := range []struct{ group, repeat, want time.Duration }{
		{5 * time.Minute, time.Hour, 2 * time.Hour},
		{5 * time.Minute, 6 * time.Hour, 10 * time.Hour},
		{time.Hour, time.Minute, 2 * time.Hour},
	} {
		if got := l.lifetime(Batch{GroupInterval: tc.group, RepeatInterval: tc.repeat}); got != tc.want {
			t.Errorf("group_interval %v, repeat_interval %v: got %v, want %v", tc.group, tc.repeat, got, tc.want)
		}
	}
}

// A log that is restored knows what the other knew, except what has expired.
func TestLogRestore(t *testing.T) {
	t0 := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	a, b, c := Key{"g", "team", "webhook", 0}, Key{"g", "team", "email", 0}, Key{"h", "team", "webhook", 0}
	one, two := model.LabelSet{"n": "1"}, model.LabelSet{"n": "2"}
	old := NewLog(LogOptions{})
	old.Record(t.Context(),
		Record{a, Entry{Firing: Hashes{hash(one)}, Resolved: Hashes{hash(two)}, At: t0, ExpiresAt: t0.Add(time.Hour), Data: Data{Strings: map[string]string{"ts": "1"}}}},
		Record{b, Entry{Resolved: Hashes{hash(one)}, At: t0, ExpiresAt: t0.Add(time.Hour)}},
		Record{c, Entry{Firing: Hashes{hash(two)}, At: t0, ExpiresAt: t0.Add(time.Minute)}},
	)
	l := NewLog(LogOptions{})
	l.Restore(t0.Add(time.Minute+1), old.All())
	if _, ok := l.Get(c); ok || l.Len() != 2 {
		t.Errorf("got %d entries, want 2 and not the one that has expired", l.Len())
	}
	want, _ := old.Get(a)
	if got, ok := l.Get(a); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}

	told := l.Told()
	for _, tc := range []struct {
		group, receiver string
		labels          model.LabelSet
		want            bool
	}{
		{"g", "team", one, true},   // by one of the two integrations
		{"g", "team", two, false},  // its end was told too
		{"g", "other", one, false}, // another receiver
		{"h", "team", two, false},  // it has expired
	} {
		if got := told(tc.group, tc.receiver, tc.labels); got != tc.want {
			t.Errorf("%s of group %s was told to fire: got %v, want %v", tc.labels, tc.group, got, tc.want)
		}
	}
}
