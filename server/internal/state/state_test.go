package state

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	matcher "github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/prometheus"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/dispatch"
	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
	"github.com/cresset-metrics/cresset/server/internal/notify"
	"github.com/cresset-metrics/cresset/server/internal/rule"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var t0 = time.Date(2026, 3, 2, 12, 0, 0, 123456789, time.UTC)

// fake stands for the parts: it has some state when a keeper is made for it, and
// takes what that restores.
type fake struct {
	alerts   []*alert.Alert
	notified []notify.Record
	restored time.Time
	savedAt  time.Time
}

// Pipeline, log and silences of a fake are types of their own, because their methods
// have the same names.
type (
	fakePipeline struct{ *fake }
	fakeLog      struct{ *fake }
)

func (f fakePipeline) Restore(r dispatch.Restored) { f.alerts, f.savedAt = r.Alerts, r.SavedAt }

func (f fakeLog) Restore(now time.Time, notified []notify.Record) {
	f.restored, f.notified = now, notified
}

func (f fakeLog) Import(_ time.Time, notified []notify.Record) {
	f.notified = append(f.notified, notified...)
}

func (f fakeLog) Maintain(time.Time, func(func(io.Writer) (int64, error)) error) error { return nil }

// newKeeper returns a keeper of what the fake and the rules have.
func newKeeper(dir string, f *fake, rules *Journal, change ...func(*Options)) *Keeper {
	j := NewJournals()
	if rules != nil {
		j.Rules = rules
	}
	for _, a := range f.alerts {
		j.Alerts().Append([]alert.Change{{Alert: a}})
	}
	for _, r := range f.notified {
		j.Notified().Append([]notify.LogChange{{Record: r}})
	}
	o := Options{Dir: dir, AlertmanagerDir: dir, Journals: j, Pipeline: fakePipeline{f}, Log: fakeLog{f}, Silences: silence.New(silence.Options{Journal: j.Silences()})}
	for _, c := range change {
		c(&o)
	}
	return New(o)
}

// some returns a pipeline with one alert of this name and one notification.
func some(name string) *fake {
	return &fake{
		alerts: []*alert.Alert{{
			Alert:     model.Alert{Labels: model.LabelSet{"alertname": model.LabelValue(name)}, StartsAt: t0, EndsAt: t0.Add(time.Hour)},
			UpdatedAt: t0,
		}},
		notified: []notify.Record{{
			Key:   notify.Key{GroupKey: "{}:{}", Receiver: "team", Integration: "webhook"},
			Entry: notify.Entry{Firing: notify.Hashes{math.MaxUint64}, At: t0, ExpiresAt: t0.Add(time.Hour)},
		}},
	}
}

func (f *fake) names() string {
	var names []string
	for _, a := range f.alerts {
		names = append(names, a.Name())
	}
	return strings.Join(names, " ")
}

func save(t *testing.T, dir string, f *fake) {
	t.Helper()
	if err := newKeeper(dir, f, nil).Save(t0); err != nil {
		t.Fatal(err)
	}
}

// restore reads a folder and returns what was in it, and what was logged.
func restore(t *testing.T, dir string) (*fake, string) {
	t.Helper()
	var log bytes.Buffer
	f := &fake{}
	newKeeper(dir, f, nil, func(o *Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) }).Restore(t0)
	return f, log.String()
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Whatever there is comes back as it was, and the same state is the same bytes
// in whatever order it comes.
func TestRoundTrip(t *testing.T) {
	texts := rapid.String()
	times := rapid.Custom(func(t *rapid.T) time.Time {
		return t0.Add(time.Duration(rapid.Int64().Draw(t, "time"))).In(rapid.SampledFrom([]*time.Location{time.UTC, time.FixedZone("", 5400)}).Draw(t, "zone"))
	})
	labels := rapid.Custom(func(t *rapid.T) model.LabelSet {
		set := model.LabelSet{}
		for k, v := range rapid.MapOfN(texts, texts, 1, 4).Draw(t, "labels") {
			set[model.LabelName(k)] = model.LabelValue(v)
		}
		return set
	})
	hashes := rapid.Custom(func(t *rapid.T) notify.Hashes {
		h := notify.Hashes(rapid.SliceOfN(rapid.Uint64(), 0, 4).Draw(t, "hashes"))
		slices.Sort(h)
		return h
	})
	alerts := rapid.Custom(func(t *rapid.T) *alert.Alert {
		return &alert.Alert{
			Alert: model.Alert{
				Labels: labels.Draw(t, "labels"), Annotations: labels.Draw(t, "annotations"),
				StartsAt: times.Draw(t, "starts"), EndsAt: times.Draw(t, "ends"), GeneratorURL: texts.Draw(t, "url"),
			},
			UpdatedAt: times.Draw(t, "updated"), Timeout: rapid.Bool().Draw(t, "timeout"),
		}
	})
	records := rapid.Custom(func(t *rapid.T) notify.Record {
		return notify.Record{
			Key: notify.Key{GroupKey: texts.Draw(t, "key"), Receiver: texts.Draw(t, "receiver"), Integration: texts.Draw(t, "integration"), Index: rapid.Int().Draw(t, "index")},
			Entry: notify.Entry{
				Firing: hashes.Draw(t, "firing"), Muted: hashes.Draw(t, "muted"), Resolved: hashes.Draw(t, "resolved"), At: times.Draw(t, "at"), ExpiresAt: times.Draw(t, "expires"),
				Data: notify.Data{
					Strings:  rapid.MapOfN(texts, texts, 1, 3).Draw(t, "strings"),
					Integers: rapid.MapOfN(texts, rapid.Int64(), 1, 3).Draw(t, "integers"),
					Floats:   rapid.MapOfN(texts, rapid.Float64(), 1, 3).Draw(t, "floats"),
				},
			},
		}
	})
	groups := rapid.Custom(func(t *rapid.T) dispatch.GroupChange {
		return dispatch.GroupChange{
			Group: dispatch.GroupID{Key: texts.Draw(t, "key"), Receiver: texts.Draw(t, "receiver"), RouteID: texts.Draw(t, "route")},
			Next:  times.Draw(t, "next"), Flushes: rapid.Uint64().Draw(t, "flushes"),
		}
	})
	matchers := rapid.Custom(func(t *rapid.T) *matcher.Matcher {
		kind := rapid.SampledFrom([]matcher.MatchType{matcher.MatchEqual, matcher.MatchNotEqual, matcher.MatchRegexp, matcher.MatchNotRegexp}).Draw(t, "kind")
		value := texts.Draw(t, "value")
		if kind == matcher.MatchRegexp || kind == matcher.MatchNotRegexp {
			value = regexp.QuoteMeta(value)
		}
		m, err := matcher.NewMatcher(kind, texts.Draw(t, "name"), value)
		if err != nil {
			t.Fatal(err)
		}
		return m
	})
	silences := rapid.Custom(func(t *rapid.T) *silence.Silence {
		sil := &silence.Silence{
			ID: texts.Draw(t, "id"), StartsAt: times.Draw(t, "starts"), EndsAt: times.Draw(t, "ends"), UpdatedAt: times.Draw(t, "updated"), ExpiresAt: times.Draw(t, "expires"),
			CreatedBy: texts.Draw(t, "by"), Comment: texts.Draw(t, "comment"), Annotations: rapid.MapOfN(texts, texts, 1, 3).Draw(t, "annotations"),
		}
		for range rapid.IntRange(1, 3).Draw(t, "sets") {
			sil.Matchers = append(sil.Matchers, rapid.SliceOfN(matchers, 1, 3).Draw(t, "matchers"))
		}
		return sil
	})
	k := newKeeper("", &fake{}, nil)
	rapid.Check(t, func(t *rapid.T) {
		want := contents{
			savedAt:  t0,
			alerts:   rapid.SliceOfN(alerts, 0, 5).Draw(t, "alerts"),
			groups:   rapid.SliceOfN(groups, 0, 5).Draw(t, "groups"),
			silences: rapid.SliceOfN(silences, 0, 5).Draw(t, "silences"),
			notified: rapid.SliceOfN(records, 0, 5).Draw(t, "records"),
			rules:    rapid.SliceOfN(changes, 0, 5).Draw(t, "changes"),
		}
		content := seal(t0, k.body(want))
		got, err := decode(content)
		if err != nil {
			t.Fatalf("%v in\n%s", err, content)
		}
		if got, want := texted(got), texted(want); !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %q\nwant %q", got, want)
		}
		slices.Reverse(want.alerts)
		slices.Reverse(want.groups)
		slices.Reverse(want.silences)
		slices.Reverse(want.notified)
		slices.Reverse(want.rules)
		if again := seal(t0, k.body(want)); !bytes.Equal(again, content) {
			t.Fatalf("another order gives other bytes:\n%s\n%s", content, again)
		}
	})
}

// texted shows everything in a file, sorted.
func texted(c contents) []string {
	sorted := func(set model.LabelSet) []string {
		var pairs []string
		for _, k := range slices.Sorted(maps.Keys(set)) {
			pairs = append(pairs, fmt.Sprintf("%q=%q", k, set[k]))
		}
		return pairs
	}
	when := func(t time.Time) string { return t.Format(time.RFC3339Nano) }
	var all []string
	for _, a := range c.alerts {
		all = append(all, fmt.Sprint(sorted(a.Labels), sorted(a.Annotations), when(a.StartsAt), when(a.EndsAt), when(a.UpdatedAt), a.GeneratorURL, a.Timeout))
	}
	for _, r := range c.notified {
		all = append(all, fmt.Sprintf("%#v %v %v %v %s %s %#v", r.Key, r.Entry.Firing, r.Entry.Resolved, r.Entry.Muted, when(r.Entry.At), when(r.Entry.ExpiresAt), r.Entry.Data))
	}
	for _, g := range c.groups {
		all = append(all, fmt.Sprintf("%#v %s %d", g.Group, when(g.Next), g.Flushes))
	}
	for _, s := range c.silences {
		all = append(all, fmt.Sprintf("%q %v %s %s %s %s %q %q %q", s.ID, s.Matchers, when(s.StartsAt), when(s.EndsAt), when(s.UpdatedAt), when(s.ExpiresAt), s.CreatedBy, s.Comment, s.Annotations))
	}
	for _, r := range c.rules {
		all = append(all, showChange(*r))
	}
	slices.Sort(all)
	return append(all, when(c.savedAt))
}

// No file that was cut off or changed in one place is taken for a good one.
func TestDamageIsFound(t *testing.T) {
	f := some("a")
	good := seal(t0, newKeeper("", f, nil).body(contents{alerts: f.alerts, notified: f.notified, rules: []*rule.Change{{State: rule.StateFiring, ActiveAt: t0}}}))
	rapid.Check(t, func(t *rapid.T) {
		bad := slices.Clone(good)
		if i := rapid.IntRange(0, len(good)-1).Draw(t, "place"); rapid.Bool().Draw(t, "cut") {
			bad = bad[:i]
		} else {
			bad[i] ^= byte(rapid.IntRange(1, 255).Draw(t, "change"))
		}
		if got, err := decode(bad); err == nil {
			t.Fatalf("got %q, want an error for\n%s", texted(got), bad)
		}
	})
}

func TestUnreadableFileIsPutAside(t *testing.T) {
	f := some("a")
	good := string(seal(t0, newKeeper("", f, nil).body(contents{alerts: f.alerts, notified: f.notified})))
	body := "{}\n"
	for _, tc := range []struct{ name, content, reason string }{
		{"empty", "", "does not begin with"},
		{"foreign", "\x0a\x05hello", "does not begin with"},
		{"torn", good[:len(good)-10], "checksum is wrong"},
		{"newer", strings.Replace(good, "cresset-state 1 ", "cresset-state 2 ", 1), `version \"2\"`},
		{"no such line", fmt.Sprintf("cresset-state 1 %x\n%s", checksumOf([]byte(body)), body), "line 2: neither"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "alerting"), []byte(tc.content), 0o600); err != nil {
				t.Fatal(err)
			}
			got, log := restore(t, dir)
			if len(got.alerts) != 0 || !got.restored.IsZero() {
				t.Errorf("got alerts %q, want nothing restored", got.names())
			}
			if !strings.Contains(log, "level=ERROR") || !strings.Contains(log, tc.reason) {
				t.Errorf("got log %q, want an error with %q", log, tc.reason)
			}
			save(t, dir, some("b"))
			if got, want := files(t, dir), []string{"alerting", "alerting.unreadable-20260302T120000Z"}; !slices.Equal(got, want) {
				t.Fatalf("got files %q, want %q", got, want)
			}
			if aside, _ := os.ReadFile(filepath.Join(dir, "alerting.unreadable-20260302T120000Z")); string(aside) != tc.content {
				t.Errorf("got %q aside, want what was there: %q", aside, tc.content)
			}
			if got, _ := restore(t, dir); got.names() != "b" {
				t.Errorf("got alerts %q, want those saved since: b", got.names())
			}
		})
	}
}

func TestNothingToRestoreIsNoError(t *testing.T) {
	if _, log := restore(t, filepath.Join(t.TempDir(), "none")); log != "" {
		t.Errorf("got log %q, want none", log)
	}
}

// Each save replaces all that was there, and what a crash left half written is
// in nobody's way.
func TestSaveReplaces(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	save(t, dir, some("a"))
	before, err := os.Open(filepath.Join(dir, "alerting"))
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	if err := os.WriteFile(filepath.Join(dir, "alerting.tmp"), bytes.Repeat([]byte("half written "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	save(t, dir, some("b"))
	if got, _ := restore(t, dir); got.names() != "b" || !got.restored.Equal(t0) || len(got.notified) != 1 {
		t.Errorf("got alerts %q, want b", got.names())
	}
	if got := files(t, dir); !slices.Equal(got, []string{"alerting"}) {
		t.Errorf("got files %q, want one", got)
	}
	// Whoever had the old file open still sees it whole: it was not written over.
	var old bytes.Buffer
	if _, err := old.ReadFrom(before); err != nil {
		t.Fatal(err)
	}
	if got, err := decode(old.Bytes()); err != nil || len(got.alerts) != 1 || got.alerts[0].Name() != "a" {
		t.Errorf("got %q (%v) in the file that was replaced, want a", texted(got), err)
	}
}

// What cannot be written is left out, and the rest is saved.
func TestOneBadAlertCostsItselfOnly(t *testing.T) {
	f := some("good")
	bad := *f.alerts[0]
	bad.Labels, bad.UpdatedAt = model.LabelSet{"alertname": "bad"}, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	f.alerts = append(f.alerts, &bad)
	dir := t.TempDir()
	save(t, dir, f)
	if got, _ := restore(t, dir); got.names() != "good" {
		t.Errorf("got alerts %q, want good", got.names())
	}
}

// An end in the year 9999 is what people write for "never"; what is reckoned from it,
// or told in another zone, is beyond what JSON can tell.
func TestTimesNobodyLivesToSeeAreSaved(t *testing.T) {
	never := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	west, east := time.FixedZone("", -5*3600), time.FixedZone("", 5*3600)
	for _, c := range []struct{ give, want time.Time }{
		{never, never},
		{never.AddDate(0, 0, 5), time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)},
		{never.In(east), never},
		{time.Date(9999, 12, 31, 23, 59, 59, 0, west), time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)},
		{time.Date(0, 1, 1, 0, 0, 0, 0, east), time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)},
		{time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).In(west), time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		a := *some("a").alerts[0]
		a.EndsAt = c.give
		sil := &silence.Silence{ID: "s", Matchers: []matcher.Matchers{{{Type: matcher.MatchEqual, Name: "a", Value: "b"}}}, StartsAt: t0, EndsAt: c.give, UpdatedAt: t0, ExpiresAt: c.give}
		got, err := decode(seal(t0, newKeeper("", &fake{}, nil).body(contents{alerts: []*alert.Alert{&a}, silences: []*silence.Silence{sil}})))
		if err != nil {
			t.Fatal(err)
		}
		if len(got.alerts) != 1 || !got.alerts[0].EndsAt.Equal(c.want) {
			t.Errorf("%s: got alerts %q, want one until %s", c.give, texted(contents{alerts: got.alerts}), c.want)
		}
		if len(got.silences) != 1 || !got.silences[0].EndsAt.Equal(c.want) || !got.silences[0].ExpiresAt.Equal(c.want) {
			t.Errorf("%s: got silences %q, want one until %s", c.give, texted(contents{silences: got.silences}), c.want)
		}
	}
}

// logText takes a log that is read while it is written.
type logText struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Run writes every time if something changed. A folder that cannot be written
// is reported each time, and is written to as soon as that works.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(dir, nil, 0o600); err != nil { // a file where the folder should be
			t.Fatal(err)
		}
		var log logText
		registry := prometheus.NewRegistry()
		k := newKeeper(dir, some("a"), nil, func(o *Options) {
			o.Logger, o.Registerer = slog.New(slog.NewTextHandler(&log, nil)), registry
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- k.Run(ctx) }()
		pass := func(d time.Duration) {
			time.Sleep(d)
			synctest.Wait()
		}

		pass(SaveEvery - time.Second)
		if got := log.String(); got != "" {
			t.Errorf("got log %q before the first save", got)
		}
		pass(SaveEvery)
		pass(SaveEvery)
		if got := strings.Count(log.String(), "level=ERROR"); got != 2 {
			t.Errorf("got %d errors of two saves, want 2: %s", got, log.String())
		}
		if got := value(t, registry, "cresset_state_saves_failed_total"); got != 2 {
			t.Errorf("got %v failed saves, want 2", got)
		}

		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
		pass(SaveEvery)
		path := filepath.Join(dir, "alerting")
		first, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		pass(SaveEvery)
		if again, err := os.Stat(path); err != nil || !os.SameFile(first, again) {
			t.Errorf("the file was written again (%v) although nothing changed", err)
		}
		if got, want := value(t, registry, "cresset_state_saved_timestamp_seconds"), float64(time.Now().Add(time.Second-SaveEvery).Unix()); got < want {
			t.Errorf("up to date as of %v, want about %v", got, want)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func value(t *testing.T, g prometheus.Gatherer, name string) float64 {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			m := f.GetMetric()[0]
			return m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

// When an alert's end has passed, that is saved though nothing else has changed: the
// next start must not think that it fired to the last.
func TestEndsAreSaved(t *testing.T) {
	dir := t.TempDir()
	k := newKeeper(dir, some("a"), nil)
	savedAt := func(now time.Time) time.Time {
		t.Helper()
		if err := k.Save(now); err != nil {
			t.Fatal(err)
		}
		f, _ := restore(t, dir)
		return f.savedAt
	}
	if got := savedAt(t0); !got.Equal(t0) {
		t.Errorf("saved at %v, want %v", got, t0)
	}
	if got := savedAt(t0.Add(time.Minute)); !got.Equal(t0) {
		t.Errorf("saved at %v, though nothing changed since %v", got, t0)
	}
	if got, want := savedAt(t0.Add(2*time.Hour)), t0.Add(2*time.Hour); !got.Equal(want) {
		t.Errorf("saved at %v, want %v: the alert ended since", got, want)
	}
	if got, want := savedAt(t0.Add(3*time.Hour)), t0.Add(2*time.Hour); !got.Equal(want) {
		t.Errorf("saved at %v, want %v: nothing changed since", got, want)
	}
}
