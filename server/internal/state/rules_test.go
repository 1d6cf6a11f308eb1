package state

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/server/internal/rule"
)

// showChange shows everything about a change.
func showChange(c rule.Change) string {
	when := func(t time.Time) string {
		if t.IsZero() {
			return "never"
		}
		return t.UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprintf("%q/%q/%q %q is %q: %q %q %v; active %s, fired %s, resolved %s, sent %s, kept %s",
		c.File, c.Group, c.Rule, c.Labels, c.State, c.Element, c.Annotations, c.Value,
		when(c.ActiveAt), when(c.FiredAt), when(c.ResolvedAt), when(c.LastSentAt), when(c.KeepFiringSince))
}

// texts are strings of any bytes.
var texts = rapid.Custom(func(t *rapid.T) string {
	return rapid.SampledFrom([]string{"", "", "base64:", "base64:YQ=="}).Draw(t, "beginning") +
		string(rapid.SliceOfN(rapid.OneOf(rapid.ByteRange('a', 'c'), rapid.Byte()), 0, 6).Draw(t, "text"))
})

var changes = rapid.Custom(func(t *rapid.T) *rule.Change {
	anyLabels := rapid.Custom(func(t *rapid.T) labels.Labels {
		b := labels.NewScratchBuilder(0)
		for _, pair := range rapid.SliceOfN(texts, 0, 3).Draw(t, "labels") {
			b.Add(pair, texts.Draw(t, "value"))
		}
		return b.Labels()
	})
	times := rapid.OneOf(rapid.Just(time.Time{}), rapid.Custom(func(t *rapid.T) time.Time {
		return t0.Add(time.Duration(rapid.Int64().Draw(t, "offset")))
	}))
	values := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), math.SmallestNonzeroFloat64}))
	return &rule.Change{
		File: texts.Draw(t, "file"), Group: texts.Draw(t, "group"), Rule: texts.Draw(t, "rule"), Labels: anyLabels.Draw(t, "labels"),
		State:   rapid.SampledFrom([]rule.State{rule.StatePending, rule.StateFiring, rule.StateInactive}).Draw(t, "state"),
		Element: anyLabels.Draw(t, "element"), Annotations: anyLabels.Draw(t, "annotations"), Value: values.Draw(t, "value"),
		ActiveAt: times.Draw(t, "active"), FiredAt: times.Draw(t, "fired"), ResolvedAt: times.Draw(t, "resolved"),
		LastSentAt: times.Draw(t, "sent"), KeepFiringSince: times.Draw(t, "kept"),
	}
})

// of returns a change of the alert with this name.
func of(file, group, ruleID, name string, s rule.State, at time.Time) rule.Change {
	c := rule.Change{File: file, Group: group, Rule: ruleID, Labels: labels.FromStrings("alertname", name)}
	if s != "" {
		c.State, c.ActiveAt, c.Value, c.Annotations = s, at, math.NaN(), labels.FromStrings("at", at.String())
	}
	return c
}

func shown(changes []rule.Change) []string {
	var all []string
	for _, c := range changes {
		all = append(all, showChange(c))
	}
	slices.Sort(all)
	return all
}

// Whatever is appended, saved and loaded in between, what is recalled is what a
// plain map would have.
func TestJournalIsAMap(t *testing.T) {
	type key struct{ file, group, rule, name string }
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp("", "journal") // rapid's T has no TempDir
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		start := func() (*Journal, *Keeper) {
			j := NewJournal()
			return j, newKeeper(dir, &fake{}, j)
		}
		j, k := start()
		all, saved := map[key]rule.Change{}, map[key]rule.Change{}
		ids := rapid.SampledFrom([]string{"a", "b", "\xff"})
		now := t0
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			now = now.Add(time.Second)
			switch rapid.IntRange(0, 5).Draw(rt, "step") {
			case 0:
				if err := k.Save(now); err != nil {
					rt.Fatal(err)
				}
				saved = maps.Clone(all)
			case 1: // as after a crash
				j, k = start()
				k.Restore(now)
				all = maps.Clone(saved)
			default:
				var batch []rule.Change
				for range rapid.IntRange(1, 4).Draw(rt, "changes") {
					id := key{ids.Draw(rt, "file"), ids.Draw(rt, "group"), ids.Draw(rt, "rule"), ids.Draw(rt, "name")}
					s := rapid.SampledFrom([]rule.State{"", rule.StatePending, rule.StateFiring, rule.StateInactive}).Draw(rt, "state")
					c := of(id.file, id.group, id.rule, id.name, s, now)
					batch = append(batch, c)
					if all[id] = c; s == "" {
						delete(all, id)
					}
				}
				if err := j.Append(batch)(context.Background()); err != nil {
					rt.Fatal(err)
				}
				clear(batch) // it is the journal's to do with as it likes
			}
			for _, file := range []string{"a", "b", "\xff"} {
				for _, group := range []string{"a", "b", "\xff"} {
					var want []rule.Change
					for id, c := range all {
						if id.file == file && id.group == group {
							want = append(want, c)
						}
					}
					if got, want := shown(j.Recall(file, group)), shown(want); !slices.Equal(got, want) {
						rt.Fatalf("group %q of %q: got\n%q\nwant\n%q", group, file, got, want)
					}
				}
			}
		}
		if got, want := len(j.snapshot()), len(all); got != want {
			rt.Fatalf("got %d alerts in all, want %d", got, want)
		}
	})
}

// What is forgotten leaves the file too, and what concerns no rule any more does
// a day later.
func TestJournalForgets(t *testing.T) {
	dir := t.TempDir()
	j := NewJournal()
	k := newKeeper(dir, &fake{}, j)
	old := of("r.yml", "g", "gone", "Old", rule.StateFiring, t0)
	sent := of("r.yml", "g", "there", "Sent", rule.StateFiring, t0)
	sent.FiredAt, sent.LastSentAt = t0.Add(time.Minute), t0.Add(time.Hour)
	save := func(now time.Time) string {
		t.Helper()
		if err := k.Save(now); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(dir, "alerting"))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	j.Append([]rule.Change{old, sent, of("r.yml", "g", "there", "Over", rule.StatePending, t0)})
	if got := save(t0); !strings.Contains(got, `"Over"`) || !strings.Contains(got, `"Old"`) {
		t.Errorf("got\n%s\nwant all alerts in it", got)
	}
	j.Append([]rule.Change{of("r.yml", "g", "there", "Over", "", t0)})
	if got := save(t0); strings.Contains(got, `"Over"`) {
		t.Errorf("got\n%s\nwant nothing of Over", got)
	}
	for _, tc := range []struct {
		after time.Duration
		want  []rule.Change
	}{
		{ForgetAfter, []rule.Change{old, sent}},
		{ForgetAfter + time.Minute, []rule.Change{sent}},
		{ForgetAfter + 2*time.Hour, nil},
		{-48 * time.Hour, []rule.Change{old, sent}}, // the clock was set back
	} {
		next := NewJournal()
		newKeeper(dir, &fake{}, next).Restore(t0.Add(tc.after))
		if got, want := shown(next.Recall("r.yml", "g")), shown(tc.want); !slices.Equal(got, want) {
			t.Errorf("%v later: got\n%q\nwant\n%q", tc.after, got, want)
		}
	}
}

// What is recalled is a copy.
func TestRecalledChangesAreTheCallers(t *testing.T) {
	j := NewJournal()
	j.Append([]rule.Change{of("r.yml", "g", "r", "A", rule.StateFiring, t0)})
	j.Recall("r.yml", "g")[0].State = rule.StateInactive
	if got := j.Recall("r.yml", "g"); len(got) != 1 || got[0].State != rule.StateFiring {
		t.Errorf("got %q, want it firing", shown(got))
	}
	if got, want := j.Groups(), []rule.GroupID{{File: "r.yml", Group: "g"}}; !slices.Equal(got, want) {
		t.Errorf("groups: got %v, want %v", got, want)
	}
	if got := j.Recall("r.yml", "none"); len(got) != 0 {
		t.Errorf("got %q of a group that is not known", shown(got))
	}
}

// Groups append, others recall and save, all at the same time.
func TestJournalIsUsedByMany(t *testing.T) {
	dir := t.TempDir()
	j := NewJournal()
	k := newKeeper(dir, &fake{}, j)
	var many sync.WaitGroup
	const groups, rounds = 8, 50
	for g := range groups {
		many.Go(func() {
			group := fmt.Sprint(g)
			for i := range rounds {
				name := fmt.Sprint(i)
				if err := j.Append([]rule.Change{of("r.yml", group, "r", name, rule.StateFiring, t0)})(t.Context()); err != nil {
					t.Error(err)
				}
				if got := len(j.Recall("r.yml", group)); got != (i+1)/2+1 {
					t.Errorf("got %d alerts in round %d, want %d", got, i, (i+1)/2+1)
				}
				if i%2 == 1 {
					j.Append([]rule.Change{of("r.yml", group, "r", name, "", t0)})
				}
			}
		})
	}
	many.Go(func() {
		for range 20 {
			if err := k.Save(t0); err != nil {
				t.Error(err)
			}
		}
	})
	many.Wait()
	if err := k.Save(t0); err != nil {
		t.Fatal(err)
	}
	next := NewJournal()
	newKeeper(dir, &fake{}, next).Restore(t0)
	if got, want := len(next.snapshot()), groups*rounds/2; got != want {
		t.Errorf("got %d alerts in the file, want %d", got, want)
	}
}

// One alert that cannot be written costs itself only.
func TestOneBadAlertOfARuleCostsItselfOnly(t *testing.T) {
	var log bytes.Buffer
	dir := t.TempDir()
	j := NewJournal()
	k := newKeeper(dir, some("a"), j, func(o *Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	j.Append([]rule.Change{
		of("r.yml", "g", "r", "Good", rule.StateFiring, t0),
		of("r.yml", "g", "r", "Bad", rule.StateFiring, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)),
	})
	if err := k.Save(t0); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("got log %q, want an error", log.String())
	}
	next, f := NewJournal(), &fake{}
	newKeeper(dir, f, next).Restore(t0)
	if got := next.Recall("r.yml", "g"); len(got) != 1 || got[0].Labels.Get("alertname") != "Good" || f.names() != "a" {
		t.Errorf("got %q and alerts %q, want Good and a", shown(got), f.names())
	}
}

// Whatever stands in a file whose checksum is right, reading it neither panics nor
// gives what would be written differently.
func FuzzDecode(f *testing.F) {
	p := some("a")
	bad := of("\xff", "g", "alerting\xffA\xff\x01", "\xfe", rule.StateFiring, t0)
	_, body, _ := bytes.Cut(seal(t0, newKeeper("", p, nil).body(contents{alerts: p.alerts, notified: p.notified, rules: []*rule.Change{&bad}})), []byte("\n"))
	f.Add(body)
	f.Add([]byte(`{"ruleAlert":{"file":"base64:/w==","group":"base64:?","labels":[["a"],["b","c","d"]],"value":"NaN","state":""}}`))
	f.Add([]byte(`{"ruleAlert":{"file":null,"labels":null,"value":1}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		read, err := decode(append(fmt.Appendf(nil, "%s %d %x\n", magic, version, checksumOf(body)), body...))
		if err != nil {
			return
		}
		again, err := decode(seal(read.savedAt, newKeeper("", &fake{}, nil).body(read)))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := texted(again), texted(read); !reflect.DeepEqual(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	})
}
