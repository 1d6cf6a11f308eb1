package silence

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
	"pgregory.net/rapid"
)

// A hash decides nothing: labels are compared.
func TestSameHash(t *testing.T) {
	as := newAnswers()
	one, other := model.LabelSet{"a": "b"}, model.LabelSet{"a": "c"}
	as.put(7, &answer{labels: []label{{"a", "b"}}})
	if as.get(7, one) == nil {
		t.Error("no answer for the same labels")
	}
	for _, ls := range []model.LabelSet{other, {}, {"a": "b", "c": ""}, {"b": "b"}} {
		if as.get(7, ls) != nil {
			t.Errorf("the answer for %v was given for %v", one, ls)
		}
	}
	if as.hash(model.LabelSet{"a": "bc"}) == as.hash(model.LabelSet{"ab": "c"}) || as.hash(model.LabelSet{"a": "b", "c": "d"}) == as.hash(model.LabelSet{"a": "d", "c": "b"}) {
		t.Error("labels that differ share a hash for no reason")
	}
}

// Answers go when nobody asks, and there are never too many.
func TestAnswersAreBounded(t *testing.T) {
	s := New(Options{Retention: time.Hour})
	now := time.Unix(1e9, 0)
	if _, err := s.Set(t.Context(), now, &Silence{Matchers: []labels.Matchers{{{Name: "a", Value: "b"}}}, EndsAt: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	count := func() (n int) {
		for i := range s.answers.shards {
			n += len(s.answers.shards[i].byHash)
		}
		return n
	}
	ask := func(i int) { s.SilencedBy(model.LabelSet{"n": model.LabelValue(fmt.Sprint(i))}, now) }
	for i := range 10 {
		ask(i)
	}
	for _, want := range []int{10, 1, 1} { // the first time, all were used since the time before
		if _, err := s.GC(now); err != nil {
			t.Fatal(err)
		}
		if got := count(); got != want {
			t.Errorf("got %d answers, want %d", got, want)
		}
		ask(3)
	}

	shard := &s.answers.shards[0]
	for i := range maxAnswers + 10 {
		s.answers.put(uint64(i*answerShards), &answer{})
	}
	if got := len(shard.byHash); got != maxAnswers {
		t.Errorf("a shard has %d answers, want %d", got, maxAnswers)
	}
}

// The index shrinks with what has ended, and what it has left out comes back.
func TestPrune(t *testing.T) {
	ix := newIndex()
	now := time.Unix(1e9, 0)
	var records []*record
	for i := range 4 {
		sil := &Silence{ID: fmt.Sprint(i), Matchers: []labels.Matchers{{{Name: "a", Value: "b"}}}, EndsAt: now.Add(time.Duration(i) * time.Minute)}
		r := newRecord(sil)
		r.latest.Store(sil)
		ix.add(r)
		records = append(records, r)
	}
	ix.add(records[2])
	version := ix.version.Load()
	found := func() (ids []string) {
		ix.find(model.LabelSet{"a": "b"}, func(r *record) { ids = append(ids, r.id) })
		return ids
	}
	ix.prune(now.Add(time.Minute))
	if got := found(); !slices.Equal(got, []string{"3", "2"}) || len(ix.added) != 2 || len(ix.last) != 2 || ix.version.Load() != version {
		t.Errorf("found %v of %v at version %d, want what has not ended at version %d", got, ix.added, ix.version.Load(), version)
	}
	ix.add(records[0])
	if got := found(); !slices.Equal(got, []string{"3", "2", "0"}) || len(ix.since(version)) != 1 || len(ix.since(0)) != 3 {
		t.Errorf("found %v, since %v", got, ix.since(0))
	}
}

// What is found out beforehand never hides a match.
func TestLiteralsHideNothing(t *testing.T) {
	piece := rapid.SampledFrom([]string{"a", "b", "ab", ".*", ".", "(?i)a", "(a|b)", "a|ab", "|", "^", "$", `\b`, "a?", "b+", `\.`, "(?m)^a$", "[ab]", `\Qa.\E`, "a)|(?:b"})
	value := rapid.StringOfN(rapid.RuneFrom([]rune("abAB.")), 0, 4, -1)
	rapid.Check(t, func(t *rapid.T) {
		var pattern string
		for _, p := range rapid.SliceOfN(piece, 1, 4).Draw(t, "pieces") {
			pattern += p
		}
		m, err := labels.NewMatcher(labels.MatchRegexp, "l", pattern)
		if err != nil {
			t.Skip(err)
		}
		sil := &Silence{Matchers: []labels.Matchers{{m}}}
		r, ix := newRecord(sil), newIndex()
		r.latest.Store(sil)
		ix.add(r)
		for range 20 {
			ls := model.LabelSet{"l": model.LabelValue(value.Draw(t, "value"))}
			if ls["l"] == "" && rapid.Bool().Draw(t, "missing") {
				delete(ls, "l")
			}
			var found bool
			ix.find(ls, func(*record) { found = true })
			if want := m.Matches(string(ls["l"])); r.matches(ls) != want || want && !found {
				t.Fatalf("%q and %v: matches %v, found %v, want %v", pattern, ls, r.matches(ls), found, want)
			}
		}
	})
}
