package silence_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/pkg/labels"
	reference "github.com/prometheus/alertmanager/silence"
	pb "github.com/prometheus/alertmanager/silence/silencepb"
	clientprometheus "github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

// A folder goes from Alertmanager to here and back: each reads what the other
// wrote, and writes it again as it was.
func TestFilesOfBoth(t *testing.T) {
	inBubbles(t, func(t *rapid.T) {
		theirs, err := reference.New(reference.Options{Retention: retention, Metrics: clientprometheus.NewRegistry(), EventRecorder: eventrecorder.NopRecorder()})
		if err != nil {
			t.Fatal(err)
		}
		w := &world{}
		for range rapid.IntRange(0, 5).Draw(t, "silences") {
			sil := w.proto(anySilence(t))
			sil.Annotations = rapid.MapOfN(rapid.SampledFrom([]string{"a", "b"}), rapid.StringN(0, 3, -1), 0, 2).Draw(t, "annotations")
			_ = theirs.Set(context.Background(), sil) // one that is not valid is not in the file
		}
		var first, ours, last bytes.Buffer
		if _, err := theirs.Snapshot(&first); err != nil {
			t.Fatal(err)
		}

		read, err := silence.ReadSnapshot(bytes.NewReader(first.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		s := silence.New(silence.Options{})
		s.Import(time.Now(), read)
		if _, err := s.WriteSnapshot(&ours); err != nil {
			t.Fatal(err)
		}
		if got, want := messages(t, ours.Bytes()), messages(t, first.Bytes()); !slices.Equal(got, want) {
			t.Fatalf("we wrote\n%v\nof\n%v", got, want)
		}

		theirs, err = reference.New(reference.Options{SnapshotReader: &ours, Metrics: clientprometheus.NewRegistry(), EventRecorder: eventrecorder.NopRecorder()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := theirs.Snapshot(&last); err != nil {
			t.Fatal(err)
		}
		if got, want := messages(t, last.Bytes()), messages(t, first.Bytes()); !slices.Equal(got, want) {
			t.Fatalf("they wrote\n%v\nof\n%v", got, want)
		}
	})
}

// Alertmanager's copies take our messages.
func TestMessagesToAlertmanager(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		theirs, err := reference.New(reference.Options{Metrics: clientprometheus.NewRegistry(), EventRecorder: eventrecorder.NopRecorder()})
		if err != nil {
			t.Fatal(err)
		}
		s := silence.New(silence.Options{Retention: retention})
		s.SetBroadcast(func(b []byte) {
			if err := theirs.Merge(b); err != nil {
				t.Error(err)
			}
		})
		sil := &silence.Silence{Matchers: mixedMatchers(t), EndsAt: time.Now().Add(time.Hour), CreatedBy: "ana", Comment: "works"}
		id := set(t, s, time.Now(), sil)
		got, err := theirs.QueryOne(t.Context(), reference.QIDs(id), reference.QState(reference.SilenceStateActive))
		if err != nil {
			t.Fatal(err)
		}
		want := &pb.Silence{
			Id: id, CreatedBy: "ana", Comment: "works", MatcherSets: (&world{}).proto(sil).MatcherSets,
			StartsAt: timestamppb.Now(), EndsAt: timestamppb.New(sil.EndsAt), UpdatedAt: timestamppb.Now(),
		}
		if !proto.Equal(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
		time.Sleep(time.Minute)
		if err := s.Expire(t.Context(), time.Now(), id); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if n, err := theirs.CountState(t.Context(), reference.SilenceStateExpired); n != 1 || err != nil {
			t.Errorf("got %d expired, %v", n, err)
		}
	})
}

// Dashboards find the metrics that they know: names, help, types and labels.
func TestMetricsOfBoth(t *testing.T) {
	theirRegistry, ourRegistry := clientprometheus.NewRegistry(), prometheus.NewRegistry()
	if _, err := reference.New(reference.Options{Metrics: theirRegistry, EventRecorder: eventrecorder.NopRecorder()}); err != nil {
		t.Fatal(err)
	}
	s := silence.New(silence.Options{Registerer: ourRegistry})
	s.All()
	describe := func(families []*dto.MetricFamily, err error) map[string]string {
		if err != nil {
			t.Fatal(err)
		}
		all := make(map[string]string)
		for _, f := range families {
			text := f.GetType().String() + ": " + f.GetHelp()
			for _, m := range f.Metric {
				for _, l := range m.Label {
					text += " " + l.GetName() + "=" + l.GetValue()
				}
				if h := m.Histogram; h != nil {
					text += fmt.Sprintf(" schema=%d", h.GetSchema())
					for _, b := range h.Bucket {
						text += fmt.Sprintf(" le=%g", b.GetUpperBound())
					}
				}
			}
			all[f.GetName()] = text
		}
		return all
	}
	want, got := describe(theirRegistry.Gather()), describe(ourRegistry.Gather())
	if len(want) != 17 {
		t.Errorf("Alertmanager has %d metrics of silences, this test thinks 17", len(want))
	}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got[name], text)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("there is a metric %s that nobody knows", name)
	}
}

func mixedMatchers(t testing.TB) []labels.Matchers {
	return []labels.Matchers{match(t, "a=b", "c!=d"), match(t, "e=~f|g", "h!~i")}
}

// With --log.silences, what people do is logged in the words that they look for.
func TestLogsOfBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ours, theirs bytes.Buffer
		logger := func(w *bytes.Buffer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
		reference, err := reference.New(reference.Options{Logging: true, Logger: logger(&theirs), Metrics: clientprometheus.NewRegistry(), EventRecorder: eventrecorder.NopRecorder()})
		if err != nil {
			t.Fatal(err)
		}
		w := &world{ids: make(map[string]string)}
		p := &pair{ours: silence.New(silence.Options{LogChanges: true, Logger: logger(&ours)}), theirs: reference}
		both := func(sil *silence.Silence) string {
			theirSil := w.proto(sil)
			if err := p.theirs.Set(t.Context(), theirSil); err != nil {
				t.Fatal(err)
			}
			id := set(t, p.ours, time.Now(), sil)
			w.ids[id] = theirSil.Id
			time.Sleep(time.Second)
			return id
		}
		sil := &silence.Silence{Matchers: mixedMatchers(t), StartsAt: time.Now(), EndsAt: time.Now().Add(time.Hour), CreatedBy: "ana", Comment: "new disk"}
		sil.ID = both(sil)
		sil.EndsAt = sil.EndsAt.Add(time.Hour)
		both(sil)
		sil.Matchers = sil.Matchers[:1]
		id := both(sil)
		if err := p.ours.Expire(t.Context(), time.Now(), id); err != nil {
			t.Fatal(err)
		}
		if err := p.theirs.Expire(t.Context(), w.ids[id]); err != nil {
			t.Fatal(err)
		}
		want := theirs.String()
		for ourID, theirID := range w.ids {
			want = strings.ReplaceAll(want, theirID, ourID)
		}
		if got := ours.String(); got != want || strings.Count(want, "\n") != 5 {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// messages returns what is in a file as texts, in order.
func messages(t *rapid.T, file []byte) []string {
	var all []string
	for r := bytes.NewReader(file); r.Len() > 0; {
		var m pb.MeshSilence
		if err := protodelim.UnmarshalFrom(r, &m); err != nil {
			t.Fatal(err)
		}
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(&m)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(b))
	}
	slices.Sort(all)
	return all
}
