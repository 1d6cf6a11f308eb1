package silence_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/testutil"
	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

// wire returns what a copy that has these silences sends.
func wire(t testing.TB, now time.Time, silences ...*silence.Silence) []byte {
	t.Helper()
	s := silence.New(silence.Options{})
	s.Restore(now, silences)
	if got := len(s.All()); got != len(silences) {
		t.Fatalf("%d of %d silences are valid", got, len(silences))
	}
	b, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// version returns a silence as a copy has it that updated it at some minute.
func version(t testing.TB, id string, updated, end int) *silence.Silence {
	t.Helper()
	sil := between(t, 0, end, "a=b")
	sil.ID, sil.UpdatedAt, sil.ExpiresAt = id, at(updated), at(end+60)
	return sil
}

// Sections 2.9 and 2.12: strictly newer wins, the expired is ignored, news is
// passed on unless the message was large.
func TestMerge(t *testing.T) {
	large := version(t, "1", 5, 30)
	large.Comment = strings.Repeat("x", 700)
	for _, tc := range []struct {
		name   string
		minute int
		merged *silence.Silence
		ends   int
		passed bool
	}{
		{"younger", 5, version(t, "1", 5, 30), 30, true},
		{"younger, that ended", 5, version(t, "1", 5, 4), 4, true},
		{"as old", 5, version(t, "1", 1, 30), 10, false},
		{"older", 5, version(t, "1", 0, 30), 10, false},
		{"younger, and over", 100, version(t, "1", 5, 30), 10, false},
		{"younger, and about to be over", 90, version(t, "1", 5, 30), 30, true},
		{"too large to be passed on", 5, large, 30, false},
		{"another one", 5, version(t, "2", 0, 30), 10, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			j, reg := &journal{}, prometheus.NewRegistry()
			s := silence.New(silence.Options{Journal: j, Registerer: reg})
			s.Restore(at(1), []*silence.Silence{version(t, "1", 1, 10)})
			passed := 0
			b := wire(t, at(0), tc.merged)
			s.SetBroadcast(func(got []byte) {
				passed++
				if !slices.Equal(got, b) {
					t.Error("something else was passed on")
				}
			})
			for range 2 { // the second time nothing is news
				if err := s.Merge(at(tc.minute), b); err != nil {
					t.Fatal(err)
				}
			}
			if got := s.Get("1").EndsAt; !got.Equal(at(tc.ends)) {
				t.Errorf("it ends at %v, want %v", got, at(tc.ends))
			}
			news := 0
			if tc.passed || tc.merged == large {
				news = 1
			}
			if len(j.changes) != news {
				t.Errorf("the journal has %d changes, want %d", len(j.changes), news)
			}
			if (passed == 1) != tc.passed {
				t.Errorf("passed on %d times", passed)
			}
			if n := value(t, reg, "alertmanager_silences_gossip_messages_propagated_total"); n != float64(passed) {
				t.Errorf("counted %v messages, want %d", n, passed)
			}
		})
	}
}

// value returns the only value of a counter or gauge.
func value(t testing.TB, reg *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.Metric[0].GetCounter().GetValue() + f.Metric[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

// A silence that ended here and goes on elsewhere silences here too.
func TestMergeRevives(t *testing.T) {
	for _, gc := range []bool{false, true} {
		s := silence.New(silence.Options{Retention: time.Hour})
		s.Restore(at(1), []*silence.Silence{version(t, "1", 1, 10)})
		ls := model.LabelSet{"a": "b"}
		if got := s.SilencedBy(ls, at(5)); len(got) != 1 {
			t.Fatalf("got %v", got)
		}
		if gc {
			s.GC(at(12))
		}
		if got := s.SilencedBy(ls, at(12)); got != nil {
			t.Fatalf("got %v", got)
		}
		if err := s.Merge(at(13), wire(t, at(0), version(t, "1", 9, 20))); err != nil {
			t.Fatal(err)
		}
		if got := s.SilencedBy(ls, at(13)); !slices.Equal(got, []string{"1"}) {
			t.Errorf("after GC %v: got %v, want it to silence again", gc, got)
		}
	}
}

// One ID with other matchers, which no copy sends, is taken as it comes.
func TestMergeOtherMatchers(t *testing.T) {
	s := silence.New(silence.Options{})
	s.Restore(at(1), []*silence.Silence{version(t, "1", 1, 10)})
	ask := func() (b, c []string) {
		return s.SilencedBy(model.LabelSet{"a": "b"}, at(2)), s.SilencedBy(model.LabelSet{"a": "c"}, at(2))
	}
	if b, c := ask(); len(b) != 1 || len(c) != 0 {
		t.Fatalf("got %v, %v", b, c)
	}
	other := version(t, "1", 2, 10)
	other.Matchers = []labels.Matchers{match(t, "a=c"), match(t, "a=~c|d")}
	if err := s.Merge(at(2), wire(t, at(0), other)); err != nil {
		t.Fatal(err)
	}
	if b, c := ask(); len(b) != 0 || len(c) != 1 {
		t.Errorf("got %v, %v; want the later matchers to count", b, c)
	}
	if got := len(s.All()); got != 1 {
		t.Errorf("got %d silences", got)
	}
}

// A message that is broken anywhere changes nothing.
func TestMergeBroken(t *testing.T) {
	s := silence.New(silence.Options{})
	b := wire(t, at(0), version(t, "1", 1, 10))
	for name, b := range map[string][]byte{
		"cut off":            b[:len(b)-1],
		"rubbish at the end": append(slices.Clone(b), 0x05, 'h', 'e', 'l', 'l', 'o'),
		"no silence":         append(slices.Clone(b), 0),
	} {
		if err := s.Merge(at(1), b); err == nil || len(s.All()) != 0 {
			t.Errorf("%s: got %v and %d silences, want an error and none", name, err, len(s.All()))
		}
	}
	if err := s.Merge(at(1), append(slices.Clone(b), 0)); err == nil || err.Error() != "invalid state" {
		t.Errorf("got %v, want invalid state", err)
	}
}

// What was restored is not journaled again; what was imported is.
func TestRestoreAndImport(t *testing.T) {
	j := &journal{}
	s := silence.New(silence.Options{Journal: j})
	s.Restore(at(20), []*silence.Silence{version(t, "1", 1, 10), version(t, "2", 1, 10)})
	if len(s.All()) != 2 || j.batches != 0 {
		t.Errorf("restored %d, journaled %d batches; want 2, 0", len(s.All()), j.batches)
	}
	s.Import(at(20), []*silence.Silence{version(t, "1", 2, 30), version(t, "2", 0, 30), version(t, "3", 0, 30), version(t, "4", 0, -50)})
	if len(s.All()) != 3 || j.batches != 1 || len(j.changes) != 2 {
		t.Errorf("there are %d, journaled %v; want 3, and 1 and 3 journaled", len(s.All()), j.changes)
	}
	if got := s.SilencedBy(model.LabelSet{"a": "b"}, at(20)); !slices.Equal(got, []string{"1", "3"}) {
		t.Errorf("got %v", got)
	}
}

// Matchers that do not compile cost their own silence only, and are counted.
func TestMatchersThatDoNotCompile(t *testing.T) {
	reg := prometheus.NewRegistry()
	s := silence.New(silence.Options{Registerer: reg})
	bad, unknown := version(t, "bad", 1, 10), version(t, "unknown", 1, 10)
	bad.Matchers = []labels.Matchers{{{Type: labels.MatchRegexp, Name: "a", Value: "("}}}
	unknown.Matchers = []labels.Matchers{{{Type: 9, Name: "a", Value: "b"}}}
	s.Import(at(1), []*silence.Silence{bad, version(t, "good", 1, 10), unknown})
	if err := s.Merge(at(1), handMade(t, "(")); err != nil {
		t.Fatal(err)
	}
	if got := s.SilencedBy(model.LabelSet{"a": "b"}, at(2)); !slices.Equal(got, []string{"good"}) {
		t.Errorf("got %v, want the good one to work", got)
	}
	want := `
# HELP alertmanager_silences_matcher_compile_errors_total How many silence matcher compilations failed.
# TYPE alertmanager_silences_matcher_compile_errors_total counter
alertmanager_silences_matcher_compile_errors_total{stage="index"} 1
alertmanager_silences_matcher_compile_errors_total{stage="load_snapshot"} 2
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "alertmanager_silences_matcher_compile_errors_total"); err != nil {
		t.Error(err)
	}
}

// Section 2.9: GC after the retention; a silence that does not say when it is to
// be forgotten goes with the next one, and is counted.
func TestGC(t *testing.T) {
	reg, j := prometheus.NewRegistry(), &journal{}
	s := silence.New(silence.Options{Retention: time.Hour, Registerer: reg, Journal: j})
	id := set(t, s, at(0), between(t, 0, 10, "a=b"))
	ls := model.LabelSet{"a": "b"}
	if got := s.SilencedBy(ls, at(5)); len(got) != 1 {
		t.Fatalf("got %v", got)
	}
	if n, err := s.GC(at(70).Add(-1)); n != 0 || err != nil || s.Get(id) == nil {
		t.Errorf("before its time: got %d, %v", n, err)
	}
	if n, err := s.GC(at(70)); n != 1 || err != nil || s.Get(id) != nil {
		t.Errorf("got %d, %v", n, err)
	}
	if last := j.changes[len(j.changes)-1]; !last.Gone || last.Silence.ID != id {
		t.Errorf("the journal was told %+v", last)
	}
	endless := version(t, "endless", 1, 100)
	endless.ExpiresAt = time.Time{}
	s.Import(at(71), []*silence.Silence{endless})
	if got := s.SilencedBy(ls, at(71)); !slices.Equal(got, []string{"endless"}) {
		t.Errorf("got %v", got)
	}
	if n, err := s.GC(at(71)); n != 1 || err == nil || err.Error() != "silence endless has zero expiration timestamp" {
		t.Errorf("got %d, %v", n, err)
	}
	if got := s.SilencedBy(ls, at(71)); got != nil {
		t.Errorf("what is gone still silences: %v", got)
	}
	if n := value(t, reg, "alertmanager_silences_gc_errors_total"); n != 1 {
		t.Errorf("counted %v errors", n)
	}
}

func TestMaintain(t *testing.T) {
	reg := prometheus.NewRegistry()
	s := silence.New(silence.Options{Registerer: reg})
	set(t, s, at(0), between(t, 0, 10, "a=b"))
	set(t, s, at(0), between(t, 0, 20, "a=b"))
	var file strings.Builder
	for _, tc := range []struct {
		name  string
		write func(func(io.Writer) (int64, error)) error
		want  string
	}{
		{"a snapshot", func(snapshot func(io.Writer) (int64, error)) error {
			n, err := snapshot(&file)
			if int64(file.Len()) != n {
				t.Errorf("it says that it wrote %d bytes, but wrote %d", n, file.Len())
			}
			return err
		}, ""},
		{"GC alone", nil, ""},
		{"no room", func(func(io.Writer) (int64, error)) error { return errors.New("no room") }, "no room"},
	} {
		err := s.Maintain(at(15), tc.write)
		if got := errText(err); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
		wantSize := 0.0
		if tc.name == "a snapshot" {
			wantSize = float64(file.Len())
		}
		if n := value(t, reg, "alertmanager_silences_snapshot_size_bytes"); n != wantSize {
			t.Errorf("%s: size %v, want %v", tc.name, n, wantSize)
		}
	}
	got, err := silence.ReadSnapshot(strings.NewReader(file.String()))
	if err != nil || len(got) != 1 {
		t.Errorf("got %d silences, %v; want the one that is left", len(got), err)
	}
	for name, want := range map[string]float64{"maintenance_total": 3, "maintenance_errors_total": 1, "state_size": 1, "matcher_index_size": 1, "version_index_size": 1} {
		if n := value(t, reg, "alertmanager_silences_"+name); n != want {
			t.Errorf("%s: got %v, want %v", name, n, want)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
