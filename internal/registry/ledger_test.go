package registry_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cresset-metrics/cresset/internal/registry"
)

func event(family string) registry.Event {
	return registry.Event{Family: family, Reason: registry.Invalid, Series: 1, Err: func() error { return errors.New("odd") }}
}

func TestLedger(t *testing.T) {
	type step struct {
		number uint64
		scope  string
		part   bool // not all was looked at
		seen   string
		news   string
	}
	tests := []struct {
		name  string
		steps []step
	}{
		{"what begins, stays and ends", []step{{1, "", false, "a", "+a"}, {2, "", false, "a b", "+b"}, {3, "", false, "b", "-a"}, {4, "", false, "", "-b"}, {5, "", false, "", ""}}},
		{"what begins anew", []step{{1, "", false, "a", "+a"}, {2, "", false, "", "-a"}, {3, "", false, "a", "+a"}, {4, "", false, "a", ""}}},
		{"late bad news", []step{{2, "", false, "a", "+a"}, {3, "", false, "", "-a"}, {1, "", false, "a", ""}, {4, "", false, "", ""}}},
		{"late good news", []step{{2, "", false, "a", "+a"}, {1, "", false, "", ""}, {3, "", false, "", "-a"}}},
		{"late news of something else", []step{{2, "", false, "a", "+a"}, {1, "", false, "b", "+b"}, {3, "", false, "", "-a -b"}}},
		{"a part tells of no end", []step{{1, "", false, "a b", "+a +b"}, {2, "", true, "c", "+c"}, {3, "", false, "c", "-a -b"}}},
		{"scopes", []step{{1, "x", false, "a", "+a"}, {2, "y", false, "", ""}, {3, "y", false, "a", "+a"}, {4, "x", false, "", "-a"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var l registry.Ledger
			for i, s := range test.steps {
				var seen []registry.Event
				for _, family := range strings.Fields(s.seen) {
					seen = append(seen, event(family))
				}
				var news []string
				for _, e := range l.Settle(s.number, s.scope, !s.part, seen) {
					sign := "+"
					if e.Over {
						sign = "-"
					}
					news = append(news, sign+e.Family)
				}
				slices.Sort(news)
				if got := strings.Join(news, " "); got != s.news {
					t.Errorf("step %d: got %q, want %q", i, got, s.news)
				}
			}
		})
	}
}

// The ledger says so when it is full, and takes in more once there is room.
func TestLedgerIsBounded(t *testing.T) {
	var l registry.Ledger
	events := func(prefix string) []registry.Event {
		var all []registry.Event
		for i := range 1500 {
			all = append(all, event(fmt.Sprint(prefix, i)))
		}
		return all
	}
	for number := range uint64(3) {
		news := l.Settle(number+1, "", false, events(fmt.Sprint(number, "_")))
		want := 1001
		if number > 0 {
			want = 0
		}
		if len(news) != want {
			t.Errorf("step %d: got %d news, want %d", number, len(news), want)
		}
		if number == 0 {
			last := news[len(news)-1]
			if got, want := last.Err().Error(), "more than 1000 families and collectors are left out, and what comes on top is not reported; the first of it: odd"; last.Family != registry.Overflow || got != want {
				t.Errorf("got the event %v: %s, want one of the overflow: %s", last, got, want)
			}
		}
	}
	if news := l.Settle(4, "", true, nil); len(news) != 1000 {
		t.Errorf("got %d ends, want 1000", len(news))
	}
	if news := l.Settle(5, "", true, events("new")); len(news) != 1001 {
		t.Errorf("got %d news, want 1001", len(news))
	}
}
