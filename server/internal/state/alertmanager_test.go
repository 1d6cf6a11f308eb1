package state

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	matcher "github.com/prometheus/alertmanager/pkg/labels"
	amsilence "github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/alertmanager/silence/silencepb"
	clientprometheus "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
	"github.com/cresset-metrics/cresset/server/internal/notify"
)

// parts are those that a keeper keeps, the real ones.
type parts struct {
	silences *silence.Store
	log      *notify.Log
	keeper   *Keeper
}

func newParts(dir string) *parts {
	j := NewJournals()
	p := &parts{
		silences: silence.New(silence.Options{Retention: time.Hour, Journal: j.Silences()}),
		log:      notify.NewLog(notify.LogOptions{Journal: j.Notified()}),
	}
	p.keeper = New(Options{
		Dir: filepath.Join(dir, "state"), AlertmanagerDir: dir, Journals: j,
		Pipeline: fakePipeline{&fake{}}, Silences: p.silences, Log: p.log,
	})
	return p
}

func (p *parts) add(t *testing.T, now time.Time, name string) (id string) {
	t.Helper()
	m, err := matcher.NewMatcher(matcher.MatchEqual, "alertname", name)
	if err != nil {
		t.Fatal(err)
	}
	id, err = p.silences.Set(t.Context(), now, &silence.Silence{
		Matchers: []matcher.Matchers{{m}}, StartsAt: now, EndsAt: now.Add(time.Hour), CreatedBy: "me", Comment: "why",
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (p *parts) silenced(now time.Time, name string) bool {
	return len(p.silences.SilencedBy(model.LabelSet{"alertname": model.LabelValue(name)}, now)) > 0
}

// The files that Alertmanager wrote are taken over, it reads those that are written
// here, and of two versions of a thing the younger is right, wherever it comes from.
func TestTakenOver(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	writeAsAlertmanager(t, dir, now, "theirs")
	now = time.Now() // its silence begins when it was made

	p := newParts(dir)
	p.keeper.Restore(now)
	if !p.silenced(now, "theirs") || p.log.Len() != 1 {
		t.Errorf("silenced: %v, %d entries in the log; want what Alertmanager knew", p.silenced(now, "theirs"), p.log.Len())
	}
	p.add(t, now, "ours")
	if err := p.keeper.Close(now); err != nil {
		t.Fatal(err)
	}

	silences, err := amsilence.New(amsilence.Options{SnapshotFile: filepath.Join(dir, "silences"), Retention: time.Hour, Metrics: clientprometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	if known, _, err := silences.Query(t.Context()); err != nil || len(known) != 2 {
		t.Errorf("Alertmanager reads %d silences (%v), want 2", len(known), err)
	}
	log, err := nflog.New(nflog.Options{SnapshotFile: filepath.Join(dir, "nflog"), Retention: time.Hour, Metrics: clientprometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.Query(nflog.QGroupKey("{}:{}"), nflog.QReceiver(&nflogpb.Receiver{GroupName: "team", Integration: "webhook"})); err != nil {
		t.Errorf("Alertmanager does not know what was notified: %v", err)
	}

	// What changes here after the files were written is younger than they are.
	q := newParts(dir)
	q.keeper.Restore(now)
	for _, s := range q.silences.All() {
		if err := q.silences.Expire(t.Context(), now.Add(time.Minute), s.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.keeper.Save(now.Add(time.Minute)); err != nil { // and a crash: the files are as before
		t.Fatal(err)
	}
	r := newParts(dir)
	r.keeper.Restore(now.Add(2 * time.Minute))
	if r.silenced(now.Add(2*time.Minute), "ours") || r.silenced(now.Add(2*time.Minute), "theirs") {
		t.Error("a silence that was expired is in force again")
	}
}

// writeAsAlertmanager writes a folder as Alertmanager does, with a silence and an entry.
func writeAsAlertmanager(t *testing.T, dir string, now time.Time, alertname string) {
	t.Helper()
	silences, err := amsilence.New(amsilence.Options{Retention: time.Hour, Metrics: clientprometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	if err := silences.Set(context.Background(), &silencepb.Silence{
		MatcherSets: []*silencepb.MatcherSet{{Matchers: []*silencepb.Matcher{{Type: silencepb.Matcher_EQUAL, Name: "alertname", Pattern: alertname}}}},
		StartsAt:    timestamppb.New(now), EndsAt: timestamppb.New(now.Add(time.Hour)), CreatedBy: "them",
	}); err != nil {
		t.Fatal(err)
	}
	log, err := nflog.New(nflog.Options{Retention: time.Hour, Metrics: clientprometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Log(&nflogpb.Receiver{GroupName: "team", Integration: "webhook"}, "{}:{}", []uint64{1}, nil, nil, 0); err != nil {
		t.Fatal(err)
	}
	for name, marshal := range map[string]func() ([]byte, error){"silences": silences.MarshalBinary, "nflog": log.MarshalBinary} {
		content, err := marshal()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A file of Alertmanager that cannot be read is put aside, and the other is read.
func TestBadFilesOfAlertmanager(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	writeAsAlertmanager(t, dir, now, "theirs")
	if err := os.WriteFile(filepath.Join(dir, "silences"), []byte("\x05nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := newParts(dir)
	p.keeper.Restore(now)
	if p.log.Len() != 1 || len(p.silences.All()) != 0 {
		t.Errorf("got %d entries and %d silences, want 1 and 0", p.log.Len(), len(p.silences.All()))
	}
	if !slices.ContainsFunc(files(t, dir), func(name string) bool { return strings.HasPrefix(name, "silences.unreadable-") }) {
		t.Errorf("got files %q, want the bad one put aside", files(t, dir))
	}
}

// Silences, groups and when all was saved come back after a crash.
func TestSilencesSurviveACrash(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	p := newParts(dir)
	p.keeper.Restore(now)
	id := p.add(t, now, "a")
	if err := p.keeper.Save(now); err != nil {
		t.Fatal(err)
	}
	q := newParts(dir)
	q.keeper.Restore(now.Add(time.Minute))
	if got := q.silences.Get(id); got == nil || got.CreatedBy != "me" || !q.silenced(now.Add(time.Minute), "a") {
		t.Errorf("got %v, want the silence", got)
	}
}

// What expired while the server was away is not kept for ever: nobody knows it any
// more who could say that it is gone.
func TestWhatExpiredIsNotKept(t *testing.T) {
	dir := t.TempDir()
	p := newParts(dir)
	p.add(t, t0, "a")
	entry := notify.Entry{Firing: notify.Hashes{1}, At: t0, ExpiresAt: t0.Add(time.Hour)}
	if err := p.log.Record(t.Context(), notify.Record{Key: notify.Key{GroupKey: "g"}, Entry: entry}); err != nil {
		t.Fatal(err)
	}
	if err := p.keeper.Save(t0); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		now  time.Time
		want int // lines that are saved, but for the first two
	}{
		{t0.Add(time.Hour), 2},
		{t0.Add(3 * time.Hour), 0},
	} {
		again := newParts(dir)
		again.keeper.Restore(tc.now)
		if err := again.keeper.Save(tc.now); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(dir, "state", fileName))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(string(content), "\n") - 2; got != tc.want {
			t.Errorf("after %v %d things are saved, want %d:\n%s", tc.now.Sub(t0), got, tc.want, content)
		}
	}
}

// What other copies send while the server starts is younger than what it restores.
func TestRestoreDoesNotOverwrite(t *testing.T) {
	dir := t.TempDir()
	key := notify.Key{GroupKey: "g"}
	record := func(p *parts, at time.Time) {
		t.Helper()
		if err := p.log.Record(t.Context(), notify.Record{Key: key, Entry: notify.Entry{At: at, ExpiresAt: at.Add(time.Hour)}}); err != nil {
			t.Fatal(err)
		}
	}
	p := newParts(dir)
	record(p, t0)
	if err := p.keeper.Save(t0); err != nil {
		t.Fatal(err)
	}
	again := newParts(dir)
	record(again, t0.Add(time.Minute))
	again.keeper.Restore(t0)
	if err := again.keeper.Save(t0.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	last := newParts(dir)
	last.keeper.Restore(t0.Add(2 * time.Minute))
	if e, _ := last.log.Get(key); !e.At.Equal(t0.Add(time.Minute)) {
		t.Errorf("got the entry of %v, want the one of a minute later", e.At)
	}
}
