package silence_test

import (
	"slices"
	"testing"

	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

func TestCompare(t *testing.T) {
	named := func(id string, starts, ends int) *silence.Silence {
		s := between(t, starts, ends, "a=b")
		s.ID = id
		return s
	}
	all := []*silence.Silence{
		named("over long ago", 0, 10), named("over just now", 0, 40), named("later", 80, 90), named("soon", 60, 95),
		named("active long", 0, 99), named("active short", 10, 70), named("active short too", 20, 70),
	}
	slices.SortFunc(all, func(a, b *silence.Silence) int { return silence.Compare(a, b, at(50)) })
	var got []string
	for _, s := range all {
		got = append(got, s.ID)
	}
	want := []string{"active short", "active short too", "active long", "soon", "later", "over just now", "over long ago"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestHasMatchers(t *testing.T) {
	s := &silence.Silence{Matchers: []labels.Matchers{match(t, "a=b", "c=~d"), match(t, "e=f")}}
	for _, tc := range []struct {
		wanted []string
		want   bool
	}{
		{nil, true},
		{[]string{"a=b"}, true},
		{[]string{"c=~d", "a=b"}, true},
		{[]string{"e=f"}, true},
		{[]string{"a=b", "e=f"}, false}, // of two sets
		{[]string{"a=~b"}, false},
		{[]string{"c=d"}, false},
		{[]string{"a=x"}, false},
	} {
		if got := s.HasMatchers(match(t, tc.wanted...)); got != tc.want {
			t.Errorf("%q: got %v, want %v", tc.wanted, got, tc.want)
		}
	}
}
