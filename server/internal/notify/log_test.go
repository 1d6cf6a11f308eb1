package notify

import (
	"testing"
	"time"
)

// Section 2.8: the key's text, the last word by time, and the end of entries.
func TestLog(t *testing.T) {
	t0 := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	l := NewLog(time.Hour)
	a, b := Key{`{}:{a="1"}`, "team", "webhook", 0}, Key{`{}:{a="1"}`, "team", "webhook", 1}
	if got, want := b.String(), `{}:{a="1"}:team/webhook/1`; got != want {
		t.Errorf("got key %q, want %q", got, want)
	}
	l.Record(
		Record{a, Entry{Firing: Hashes{1}, At: t0, ExpiresAt: t0.Add(10 * time.Minute)}},
		Record{b, Entry{Firing: Hashes{2}, At: t0, ExpiresAt: t0.Add(20 * time.Minute)}},
	)
	l.Record(Record{a, Entry{Firing: Hashes{9}, At: t0.Add(-time.Second)}})
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
	l := NewLog(10 * time.Hour)
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
