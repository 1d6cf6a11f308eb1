package notify

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
)

var mergeStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func recordAt(seconds int, firing ...uint64) Record {
	return Record{
		Key:   Key{GroupKey: "{}:{}", Receiver: "team", Integration: "webhook"},
		Entry: Entry{Firing: firing, At: mergeStart.Add(time.Duration(seconds) * time.Second), ExpiresAt: mergeStart.Add(time.Hour)},
	}
}

// Sections 2.8 and 2.12: the younger entry wins, what has expired is no news, and
// what was news is told to others, unless they have been told directly.
func TestMerge(t *testing.T) {
	registry := prometheus.NewRegistry()
	l := NewLog(LogOptions{Registerer: registry})
	var told [][]byte
	l.SetBroadcast(func(b []byte) { told = append(told, b) })
	now := mergeStart.Add(time.Minute)
	merge := func(now time.Time, r Record) int {
		t.Helper()
		before := len(told)
		b, err := MarshalRecords([]Record{r})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Merge(now, b); err != nil {
			t.Fatal(err)
		}
		if n := len(told); n > before && !bytes.Equal(told[n-1], b) {
			t.Error("something else was passed on than what came")
		}
		return len(told) - before
	}
	firing := func() uint64 {
		e, _ := l.Get(recordAt(0).Key)
		return e.Firing[0]
	}
	if n := merge(now, recordAt(10, 1)); n != 1 || firing() != 1 {
		t.Errorf("new: passed on %d times, want once", n)
	}
	if n := merge(now, recordAt(10, 2)); n != 0 || firing() != 1 {
		t.Errorf("of the same time: passed on %d times, want it to change nothing", n)
	}
	if n := merge(now, recordAt(5, 3)); n != 0 || firing() != 1 {
		t.Errorf("older: passed on %d times, want it to change nothing", n)
	}
	if n := merge(now, recordAt(11, 4)); n != 1 || firing() != 4 {
		t.Errorf("younger: passed on %d times, want once", n)
	}
	if n := merge(mergeStart.Add(time.Hour+1), recordAt(12, 5)); n != 0 || firing() != 4 {
		t.Errorf("expired: passed on %d times, want it to change nothing", n)
	}
	large := recordAt(13, make([]uint64, 700)...)
	for i := range large.Entry.Firing {
		large.Entry.Firing[i] = 1<<63 + uint64(i)
	}
	if n := merge(now, large); n != 0 || firing() != 1<<63 {
		t.Errorf("oversized: passed on %d times, want it merged and not passed on", n)
	}
	if err := l.Merge(now, []byte("nonsense")); err == nil {
		t.Error("got no error for nonsense")
	}

	if err := l.Record(t.Context(), recordAt(20, 7)); err != nil {
		t.Fatal(err)
	}
	other := NewLog(LogOptions{})
	if err := other.Merge(now, told[len(told)-1]); err != nil {
		t.Fatal(err)
	}
	if e, ok := other.Get(recordAt(0).Key); !ok || e.Firing[0] != 7 {
		t.Errorf("got %v, want what was recorded here told there", e)
	}
	all, err := l.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	another := NewLog(LogOptions{})
	if err := another.Merge(now, all); err != nil || another.Len() != l.Len() {
		t.Errorf("got %d entries (%v) of the whole, want %d", another.Len(), err, l.Len())
	}
}

// logJournal has the last change of each key.
type logJournal map[Key]Entry

func (j logJournal) Append(changes []LogChange) func(context.Context) error {
	for _, c := range changes {
		if c.Gone {
			delete(j, c.Record.Key)
		} else {
			j[c.Record.Key] = c.Record.Entry
		}
	}
	return func(context.Context) error { return nil }
}

// Whatever changes an entry, the journal has it.
func TestLogJournal(t *testing.T) {
	j := logJournal{}
	l := NewLog(LogOptions{Journal: j})
	same := func(when string) {
		t.Helper()
		if len(j) != l.Len() {
			t.Errorf("%s: the journal has %d entries, the log %d", when, len(j), l.Len())
		}
		for _, r := range l.All() {
			if !j[r.Key].At.Equal(r.Entry.At) || !j[r.Key].ExpiresAt.Equal(r.Entry.ExpiresAt) {
				t.Errorf("%s: the journal has %v, want %v", when, j[r.Key], r.Entry)
			}
		}
	}
	r := recordAt(1, 1)
	if err := l.Record(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	same("recorded")
	l.Prolong(r.Key, r.Entry.At, r.Entry.ExpiresAt.Add(time.Hour))
	same("prolonged")
	if e, _ := l.Get(r.Key); !e.ExpiresAt.Equal(r.Entry.ExpiresAt.Add(time.Hour)) {
		t.Errorf("expires at %v, want an hour later", e.ExpiresAt)
	}
	l.Prolong(r.Key, r.Entry.At.Add(-1), r.Entry.ExpiresAt.Add(2*time.Hour))
	if e, _ := l.Get(r.Key); !e.ExpiresAt.Equal(r.Entry.ExpiresAt.Add(time.Hour)) {
		t.Error("prolonged though another notification was recorded since")
	}
	l.Import(mergeStart, []Record{recordAt(2, 2)})
	same("imported")
	l.Expire(mergeStart.Add(24 * time.Hour))
	same("expired")
	if len(j) != 0 {
		t.Errorf("%d entries are left, want none", len(j))
	}
}

// Maintenance removes what is over, writes the rest as Alertmanager does, and counts.
func TestMaintain(t *testing.T) {
	registry := prometheus.NewRegistry()
	l := NewLog(LogOptions{Registerer: registry})
	if err := l.Record(t.Context(), recordAt(1, 1)); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	into := func(write func(io.Writer) (int64, error)) error {
		file.Reset()
		_, err := write(&file)
		return err
	}
	if err := l.Maintain(mergeStart, into); err != nil {
		t.Fatal(err)
	}
	if records, err := UnmarshalRecords(&file); err != nil || len(records) != 1 {
		t.Errorf("got %d records (%v) in the file, want 1", len(records), err)
	}
	full := errors.New("disk full")
	if err := l.Maintain(mergeStart.Add(2*time.Hour), func(func(io.Writer) (int64, error)) error { return full }); !errors.Is(err, full) {
		t.Errorf("got %v, want the reason", err)
	}
	if l.Len() != 0 {
		t.Error("what is over is still there")
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{
		"alertmanager_nflog_maintenance_total":        2,
		"alertmanager_nflog_maintenance_errors_total": 1,
		"alertmanager_nflog_gc_duration_seconds":      2,
		"alertmanager_nflog_snapshot_size_bytes":      float64(file.Cap()),
	}
	for _, f := range families {
		m := f.GetMetric()[0]
		got := m.GetCounter().GetValue() + float64(m.GetSummary().GetSampleCount())
		if w, ok := want[f.GetName()]; ok && f.GetName() != "alertmanager_nflog_snapshot_size_bytes" && got != w {
			t.Errorf("%s is %v, want %v", f.GetName(), got, w)
		} else if f.GetName() == "alertmanager_nflog_snapshot_size_bytes" && m.GetGauge().GetValue() <= 0 {
			t.Error("the size of the snapshot is not told")
		}
	}
}

// What another copy told to be resolved since a flush began is not told to fire.
func TestOtherCopyToldSince(t *testing.T) {
	b := batchOf(mergeStart, "a", "b")
	resolved := Hashes{hash(b.Alerts[0].Labels)}
	anew := batchOf(mergeStart, "a", "b")
	anew.Alerts[0].StartsAt = mergeStart.Add(2 * time.Second)
	if c := compose(Entry{Resolved: resolved, At: mergeStart.Add(time.Second)}, anew, mergeStart.Add(10*time.Second)); names(c.alerts) != "a b " {
		t.Errorf("one that began anew: got %q, want it told", names(c.alerts))
	}
	for _, tc := range []struct {
		name  string
		entry Entry
		want  string
	}{
		{"since", Entry{Resolved: resolved, At: mergeStart.Add(time.Second)}, "b "},
		{"before", Entry{Resolved: resolved, At: mergeStart.Add(-time.Second)}, "a b "},
		{"later than now", Entry{Resolved: resolved, At: mergeStart.Add(time.Hour)}, "a b "},
		{"since, and something else", Entry{Firing: resolved, At: mergeStart.Add(time.Second)}, "a b "},
	} {
		c := compose(tc.entry, b, mergeStart.Add(10*time.Second))
		if got := names(c.alerts); got != tc.want || len(c.firing) != len(c.alerts) {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
}

// The end of a muted alert stands where its labels put it.
func TestMutedEndsAreSorted(t *testing.T) {
	b := batchOf(mergeStart, "b")
	b.Muted = batchOf(mergeStart, "-a", "-c", "-unknown").Alerts
	entry := Entry{At: mergeStart.Add(-time.Hour)}
	for _, a := range b.Muted[:2] {
		entry.Firing = append(entry.Firing, hash(a.Labels))
	}
	slices.Sort(entry.Firing)
	if got, want := names(compose(entry, b, mergeStart).alerts), "-a b -c "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := names(b.Alerts), "b "; got != want {
		t.Errorf("the batch is %q now, want %q as before", got, want)
	}
}
