package objects

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// rendered returns a series with one label.
func rendered(value string, timed bool) *exposition.Rendered {
	schema := exposition.NewSchema(nil, []string{"l"})
	l := schema.Labels([]string{value})
	return exposition.NewBlock(nil, []exposition.Member{{
		Family: "f", Type: exposition.Gauge, Schema: schema, Series: exposition.Series{Labels: &l, HasTimestamp: timed},
	}}).At(0)
}

func byLabels(a, b *exposition.Rendered) int { return a.Labels().Compare(b.Labels()) }

// check compares a list with the series that it should have.
func (l *list) check(t *rapid.T, want map[string]*exposition.Rendered) {
	got, timed := flat(l.chunks), 0
	if len(got) != len(want) {
		t.Fatalf("got %d series, want %d", len(got), len(want))
	}
	for i, r := range got {
		if i > 0 && byLabels(got[i-1], r) >= 0 {
			t.Fatalf("got %q after %q", r.Labels().Text(), got[i-1].Labels().Text())
		}
		if r != want[r.Labels().Value(0)] {
			t.Fatalf("got another series of %q than the last one that was put", r.Labels().Text())
		}
		if r.HasTimestamp() {
			timed++
		}
	}
	if l.timed != timed {
		t.Fatalf("got %d series with a timestamp, want %d", l.timed, timed)
	}
	for i, c := range l.chunks {
		n := len(c.series)
		if n == 0 || n > maxChunk {
			t.Fatalf("chunk %d of %d has %d series, want 1 to %d", i, len(l.chunks), n, maxChunk)
		}
	}
}

func TestListAgainstNaiveModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, model := list{}, make(map[string]*exposition.Rendered)
		if rapid.Bool().Draw(t, "begins with many") {
			var all []*exposition.Rendered
			for i := range rapid.IntRange(1, 3*maxChunk).Draw(t, "many") {
				r := rendered(fmt.Sprintf("%04d", i), i%2 == 0)
				all, model[r.Labels().Value(0)] = append(all, r), r
			}
			l = newList(all)
		}
		var snapshots []func() bool
		put := func(n int, timed bool) {
			r := rendered(fmt.Sprintf("%04d", n), timed)
			l.put(r)
			model[r.Labels().Value(0)] = r
		}
		remove := func(n int) {
			if r := model[fmt.Sprintf("%04d", n)]; r != nil {
				l.remove(r.Labels())
				delete(model, r.Labels().Value(0))
			}
		}
		number := rapid.IntRange(0, 2000)
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) { put(number.Draw(t, "n"), rapid.Bool().Draw(t, "timed")) },
			"put many": func(t *rapid.T) {
				from, by := number.Draw(t, "from"), rapid.SampledFrom([]int{-3, -1, 1, 7}).Draw(t, "by")
				for i := range 300 {
					put((from+i*by+4000)%2000, false)
				}
			},
			"remove": func(t *rapid.T) { remove(number.Draw(t, "n")) },
			"remove many": func(t *rapid.T) {
				from, by := number.Draw(t, "from"), rapid.IntRange(1, 4).Draw(t, "by")
				for n := from; n < from+1000; n += by {
					remove(n % 2000)
				}
			},
			"find": func(t *rapid.T) {
				r := rendered(fmt.Sprintf("%04d", number.Draw(t, "n")), false)
				if got, want := l.find(r.Labels()), model[r.Labels().Value(0)]; got != want {
					t.Fatalf("find: got %v, want %v", got, want)
				}
			},
			"snapshot": func(*rapid.T) {
				want := flat(l.chunks)
				chunks := l.snapshot()
				snapshots = append(snapshots, func() bool { return slices.Equal(flat(chunks), want) })
			},
			"": func(t *rapid.T) {
				l.check(t, model)
				for i, same := range snapshots {
					if !same() {
						t.Fatalf("snapshot %d has changed", i)
					}
				}
			},
		})
	})
}

// The chunks of a list that has lost most of its series are joined.
func TestListShrinks(t *testing.T) {
	var l list
	const n = 50 * maxChunk
	for i := range n {
		l.put(rendered(fmt.Sprintf("%06d", i), false))
	}
	full := len(l.chunks)
	for i := range n {
		if i%100 != 0 {
			l.remove(rendered(fmt.Sprintf("%06d", i), false).Labels())
		}
	}
	left := n / 100
	if got, most := len(l.chunks), 4*left/maxChunk+2; got > most {
		t.Errorf("got %d chunks for %d series, %d before for %d, want no more than %d", got, left, full, n, most)
	}
	if got := len(flat(l.chunks)); got != left {
		t.Errorf("got %d series, want %d", got, left)
	}
	for i := range n {
		if i%100 == 0 {
			l.remove(rendered(fmt.Sprintf("%06d", i), false).Labels())
		}
	}
	if len(l.chunks) != 0 || cap(l.chunks) > 16 {
		t.Errorf("got %d chunks, room for %d, of an empty list", len(l.chunks), cap(l.chunks))
	}
}
