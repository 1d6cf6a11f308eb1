package send

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// news is an alert of some name whose news are numbered in StartsAt.
func news(name string, number int, until time.Time) waiting {
	w := waiting{key: name, until: until}
	w.StartsAt = time.Unix(int64(number), 0)
	return w
}

func shown(alerts []*waiting) string {
	var all []string
	for _, w := range alerts {
		all = append(all, fmt.Sprint(w.key, w.StartsAt.Unix()))
	}
	return strings.Join(all, " ")
}

func TestBacklog(t *testing.T) {
	now := time.Unix(0, 0)
	later := now.Add(time.Hour)
	b := newBacklog(3)
	for i, name := range []string{"a", "b", "c"} {
		b.add(news(name, i, later))
	}
	if replaced, dropped := b.add(news("b", 3, later)); !replaced || dropped {
		t.Errorf("news of an alert that waits: got replaced %t, dropped %t", replaced, dropped)
	}
	if got, want := shown(b.order), "a0 b3 c2"; got != want {
		t.Errorf("with news of b: got %s, want %s", got, want)
	}
	if replaced, dropped := b.add(news("d", 4, later)); replaced || !dropped {
		t.Errorf("an alert too many: got replaced %t, dropped %t", replaced, dropped)
	}
	batch, late := b.take(2, now)
	if got, want := shown(batch), "b3 c2"; got != want || late != 0 {
		t.Errorf("taken: got %s and %d late, want %s", got, late, want)
	}
	b.add(news("c", 5, now.Add(time.Second)))
	if replaced, dropped := b.putBack(batch); replaced != 1 || dropped != 0 {
		t.Errorf("put back: got %d replaced, %d dropped, want 1 and 0", replaced, dropped)
	}
	if got, want := shown(b.order), "b3 d4 c5"; got != want {
		t.Errorf("after putting back: got %s, want %s", got, want)
	}
	batch, _ = b.take(1, now)
	b.add(news("e", 6, later))
	if replaced, dropped := b.putBack(batch); replaced != 0 || dropped != 1 {
		t.Errorf("put back without room: got %d replaced, %d dropped, want 0 and 1", replaced, dropped)
	}
	batch, late = b.take(10, now.Add(time.Second))
	if got, want := shown(batch), "d4 e6"; got != want || late != 1 {
		t.Errorf("a second later: got %s and %d late, want %s and 1", got, late, want)
	}
	if len(b.order) != 0 || len(b.byKey) != 0 {
		t.Errorf("left: %s, %v", shown(b.order), b.byKey)
	}
}

// Whatever is added, delivered and given back: no more waits than there is room
// for, no alert twice, no news go out after later ones of the same alert, and each
// piece of news is accounted for once.
func TestBacklogProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBacklog(rapid.IntRange(1, 6).Draw(t, "capacity"))
		now := time.Unix(1000, 0)
		last := make(map[string]time.Time) // delivered, by name
		added, accounted := 0, 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Second)
			if rapid.Bool().Draw(t, "add") {
				name := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g", "h"}).Draw(t, "name")
				added++
				replaced, dropped := b.add(news(name, added, now.Add(time.Duration(rapid.IntRange(1, 9).Draw(t, "valid"))*time.Second)))
				if replaced {
					accounted++
				}
				if dropped {
					accounted++
				}
			} else {
				batch, late := b.take(rapid.IntRange(1, 4).Draw(t, "batch"), now)
				accounted += late
				for range rapid.IntRange(0, 3).Draw(t, "meanwhile") {
					name := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name")
					added++
					replaced, dropped := b.add(news(name, added, now.Add(time.Hour)))
					if replaced {
						accounted++
					}
					if dropped {
						accounted++
					}
				}
				if rapid.Bool().Draw(t, "delivered") {
					accounted += len(batch)
					for _, w := range batch {
						if !w.StartsAt.After(last[w.key]) {
							t.Fatalf("%s of %v was delivered after that of %v", w.key, w.StartsAt, last[w.key])
						}
						last[w.key] = w.StartsAt
					}
				} else {
					replaced, dropped := b.putBack(batch)
					accounted += replaced + dropped
				}
			}
			if b.len() > b.capacity || b.len() != len(b.byKey) {
				t.Fatalf("%d wait, %d by key, with room for %d", b.len(), len(b.byKey), b.capacity)
			}
			if slices.ContainsFunc(b.order, func(w *waiting) bool { return b.byKey[w.key] != w }) {
				t.Fatalf("order %s and keys %v disagree", shown(b.order), b.byKey)
			}
			if added != accounted+b.len() {
				t.Fatalf("of %d news %d are accounted for and %d wait", added, accounted, b.len())
			}
		}
	})
}
