package silence_test

import (
	"bytes"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	pb "github.com/prometheus/alertmanager/silence/silencepb"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

// handMade returns a message with a silence for a=~pattern, made by hand as the
// oldest Alertmanagers wrote it.
func handMade(t testing.TB, pattern string) []byte {
	t.Helper()
	var buf bytes.Buffer
	_, err := protodelim.MarshalTo(&buf, &pb.MeshSilence{
		Silence: &pb.Silence{
			Id:        "old",
			Matchers:  []*pb.Matcher{{Type: pb.Matcher_REGEXP, Name: "a", Pattern: pattern}},
			StartsAt:  timestamppb.New(at(0)),
			EndsAt:    timestamppb.New(at(10)),
			UpdatedAt: timestamppb.New(at(0)),
			Comments:  []*pb.Comment{{Author: "bob", Comment: "first"}, {Author: "eve", Comment: "second"}},
		},
		ExpiresAt: timestamppb.New(at(60)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// Section 2.9: old formats are read; the first of the matcher sets stands where
// old readers look for the only one.
func TestFormats(t *testing.T) {
	old, err := silence.ReadSnapshot(bytes.NewReader(handMade(t, "b|c")))
	if err != nil {
		t.Fatal(err)
	}
	s := silence.New(silence.Options{})
	s.Import(at(1), old)
	got := s.Get("old")
	if got == nil || got.CreatedBy != "bob" || got.Comment != "first" || len(got.Matchers) != 1 || got.Matchers[0].String() != `{a=~"b|c"}` {
		t.Fatalf("got %+v", got)
	}
	if got := s.SilencedBy(model.LabelSet{"a": "c"}, at(1)); !slices.Equal(got, []string{"old"}) {
		t.Errorf("got %v", got)
	}

	two := version(t, "two", 1, 10)
	two.Matchers = append(two.Matchers, match(t, "c!=d", "e!~f"))
	var m pb.MeshSilence
	if err := protodelim.UnmarshalFrom(bytes.NewReader(wire(t, at(0), two)), &m); err != nil {
		t.Fatal(err)
	}
	if legacy := m.Silence.Matchers; len(legacy) != 1 || legacy[0].Name != "a" || legacy[0].Pattern != "b" {
		t.Errorf("the old place has %v", legacy)
	}
	if sets := m.Silence.MatcherSets; len(sets) != 2 || sets[1].Matchers[0].Type != pb.Matcher_NOT_EQUAL || sets[1].Matchers[1].Type != pb.Matcher_NOT_REGEXP {
		t.Errorf("got sets %v", sets)
	}
}

// Section 2.9: every matcher of one set is enough.
func TestMatcherSets(t *testing.T) {
	s := silence.New(silence.Options{})
	sil := between(t, 0, 10, "a=b", "c=d")
	sil.Matchers = append(sil.Matchers, match(t, "a=x"), match(t, "y=~z.*"))
	id := set(t, s, at(0), sil)
	for _, tc := range []struct {
		labels model.LabelSet
		want   bool
	}{
		{model.LabelSet{"a": "b", "c": "d", "e": "f"}, true},
		{model.LabelSet{"a": "b"}, false},
		{model.LabelSet{"a": "x"}, true},
		{model.LabelSet{"a": "b", "y": "zebra"}, true},
		{model.LabelSet{"a": "b", "y": "a zebra"}, false},
		{model.LabelSet{}, false},
	} {
		if got := slices.Equal(s.SilencedBy(tc.labels, at(1)), []string{id}); got != tc.want {
			t.Errorf("%v: got %v, want %v", tc.labels, got, tc.want)
		}
	}
}

func TestSnapshot(t *testing.T) {
	s := silence.New(silence.Options{Retention: time.Hour})
	for minute := range 5 {
		sil := between(t, minute, minute+10, "a=b", "c!=d", `e=~"f|"`, "g!~h")
		sil.Matchers = append(sil.Matchers, match(t, "i=j"))
		sil.Annotations = map[string]string{"ticket": "1", "team": "db"}
		set(t, s, at(0).Add(time.Duration(minute)), sil)
	}
	var first, again bytes.Buffer
	n, err := s.WriteSnapshot(&first)
	if err != nil || n != int64(first.Len()) {
		t.Fatalf("got %d, %v; %d bytes were written", n, err, first.Len())
	}
	if _, err := s.WriteSnapshot(&again); err != nil || !bytes.Equal(first.Bytes(), again.Bytes()) {
		t.Errorf("%v; the same silences gave other bytes", err)
	}
	read, err := silence.ReadSnapshot(bytes.NewReader(first.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	other := silence.New(silence.Options{})
	other.Import(at(1), read)
	if got := len(other.All()); got != 5 {
		t.Errorf("got %d silences, want 5", got)
	}
	for _, got := range other.All() {
		if want := s.Get(got.ID); !same(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}

	for cut := range first.Len() {
		if silences, err := silence.ReadSnapshot(bytes.NewReader(first.Bytes()[:cut])); err == nil && len(silences) == 5 {
			t.Errorf("cut off at %d it is read whole", cut)
		}
	}
	if _, err := silence.ReadSnapshot(strings.NewReader("not a snapshot")); err == nil {
		t.Error("no error for what is no snapshot")
	}
}

// same compares silences by value.
func same(a, b *silence.Silence) bool {
	return a.ID == b.ID && a.CreatedBy == b.CreatedBy && a.Comment == b.Comment && maps.Equal(a.Annotations, b.Annotations) &&
		a.StartsAt.Equal(b.StartsAt) && a.EndsAt.Equal(b.EndsAt) && a.UpdatedAt.Equal(b.UpdatedAt) && a.ExpiresAt.Equal(b.ExpiresAt) &&
		slices.EqualFunc(a.Matchers, b.Matchers, func(a, b labels.Matchers) bool { return reflect.DeepEqual(a, b) })
}

// Whatever is read, it ends in silences or an error, and what was taken in can be
// asked, written and read again.
func FuzzMerge(f *testing.F) {
	one := wire(f, at(0), version(f, "1", 1, 10))
	f.Add(one)
	f.Add(append(slices.Clone(one), wire(f, at(0), version(f, "2", 1, 10))...))
	f.Add(handMade(f, "b|c"))
	f.Add(handMade(f, "("))
	f.Add([]byte{0})
	f.Add([]byte{2, 0x0a, 0})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		s := silence.New(silence.Options{LogChanges: true})
		read, readErr := silence.ReadSnapshot(bytes.NewReader(b))
		err := s.Merge(at(1), b)
		if (err == nil) != (readErr == nil) {
			t.Fatalf("merged: %v, read: %v", err, readErr)
		}
		s.Import(at(1), read)
		s.SilencedBy(model.LabelSet{"a": "b"}, at(1))
		for _, sil := range s.All() {
			if err := s.Expire(t.Context(), at(2), sil.ID); err != nil {
				t.Fatal(err)
			}
		}
		written, err := s.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		again, err := silence.ReadSnapshot(bytes.NewReader(written))
		if err != nil || len(again) != len(s.All()) {
			t.Fatalf("wrote %d silences, read %d: %v", len(s.All()), len(again), err)
		}
		if _, err := s.GC(at(1e6)); err != nil && len(read) == 0 {
			t.Fatal(err)
		}
	})
}
