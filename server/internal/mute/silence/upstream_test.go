package silence_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
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
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

// Random programs are run by our store and by Alertmanager's own, which reads the
// clock of a synctest bubble. What both say and hold must be the same, except for
// the IDs, which each side makes for itself.

const retention = 2 * time.Hour

// pair is one copy of each side.
type pair struct {
	ours      *silence.Store
	theirs    *reference.Silences
	silencer  *reference.Silencer
	ourSent   [][]byte
	theirSent [][]byte
}

// world is two pairs that can talk, with what is known about both sides' IDs.
type world struct {
	pairs [2]*pair
	ids   map[string]string // theirs by ours
	known []string          // ours, in the order in which they were made
	begin time.Time
}

func newWorld(t *rapid.T, limit, size int) *world {
	w := &world{ids: make(map[string]string), begin: time.Now()}
	for i := range w.pairs {
		theirs, err := reference.New(reference.Options{
			Retention:     retention,
			Limits:        reference.Limits{MaxSilences: func() int { return limit }, MaxSilenceSizeBytes: func() int { return size }},
			Metrics:       clientprometheus.NewRegistry(),
			EventRecorder: eventrecorder.NopRecorder(),
		})
		if err != nil {
			t.Fatal(err)
		}
		p := &pair{
			ours:     silence.New(silence.Options{Retention: retention, MaxSilences: limit, MaxSilenceBytes: size}),
			theirs:   theirs,
			silencer: reference.NewSilencer(theirs, slog.New(slog.DiscardHandler), eventrecorder.NopRecorder()),
		}
		p.ours.SetBroadcast(func(b []byte) { p.ourSent = append(p.ourSent, b) })
		p.theirs.SetBroadcast(func(b []byte) { p.theirSent = append(p.theirSent, b) })
		w.pairs[i] = p
	}
	return w
}

// Instants that people name never meet those at which something happens, for at
// the very end of a silence Alertmanager's parts disagree about its state.
func named(t *rapid.T, what string) time.Time {
	offset := rapid.IntRange(-100, 300).Draw(t, what)
	return time.Now().Truncate(time.Minute).Add(time.Duration(offset)*time.Minute + 7)
}

var matcherTexts = []string{"a=1", "a=2", "b=1", "a!=1", "b=~1|2", "b!~1", "c=~.+", "c=~x.*", "b=~1.*", "a=~2", "a=~(1|)", "a=", "c=~("}

func anySilence(t *rapid.T) *silence.Silence {
	sil := &silence.Silence{
		StartsAt:  named(t, "start"),
		EndsAt:    named(t, "end"),
		CreatedBy: "ana",
		Comment:   strings.Repeat("x", rapid.SampledFrom([]int{0, 5, 150, 800}).Draw(t, "comment")),
	}
	if rapid.IntRange(0, 20).Draw(t, "no start") == 0 {
		sil.StartsAt = time.Time{}
	}
	sets := rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom(matcherTexts), 0, 3), 0, 2).Draw(t, "matchers")
	if rapid.IntRange(0, 3).Draw(t, "usual matchers") > 0 {
		sets = [][]string{{rapid.SampledFrom(matcherTexts[:10]).Draw(t, "matcher")}}
	}
	for _, texts := range sets {
		set := labels.Matchers{}
		for _, text := range texts {
			set = append(set, rawMatcher(text))
		}
		sil.Matchers = append(sil.Matchers, set)
	}
	return sil
}

var parts = regexp.MustCompile(`^(\w)(=~|!~|!=|=)(.*)$`)

// rawMatcher returns a matcher that nobody has checked.
func rawMatcher(text string) *labels.Matcher {
	p := parts.FindStringSubmatch(text)
	types := map[string]labels.MatchType{"=": labels.MatchEqual, "!=": labels.MatchNotEqual, "=~": labels.MatchRegexp, "!~": labels.MatchNotRegexp}
	return &labels.Matcher{Type: types[p[2]], Name: p[1], Value: p[3]}
}

// proto returns a silence in the form in which Alertmanager takes it.
func (w *world) proto(sil *silence.Silence) *pb.Silence {
	types := map[labels.MatchType]pb.Matcher_Type{
		labels.MatchEqual: pb.Matcher_EQUAL, labels.MatchNotEqual: pb.Matcher_NOT_EQUAL,
		labels.MatchRegexp: pb.Matcher_REGEXP, labels.MatchNotRegexp: pb.Matcher_NOT_REGEXP,
	}
	p := &pb.Silence{Id: sil.ID, CreatedBy: sil.CreatedBy, Comment: sil.Comment, EndsAt: timestamppb.New(sil.EndsAt)}
	if sil.ID != "" {
		p.Id = "unknown"
		if theirs, ok := w.ids[sil.ID]; ok {
			p.Id = theirs
		}
	}
	if !sil.StartsAt.IsZero() {
		p.StartsAt = timestamppb.New(sil.StartsAt)
	}
	if !sil.UpdatedAt.IsZero() {
		p.UpdatedAt = timestamppb.New(sil.UpdatedAt)
	}
	for _, set := range sil.Matchers {
		s := &pb.MatcherSet{}
		for _, m := range set {
			s.Matchers = append(s.Matchers, &pb.Matcher{Type: types[m.Type], Name: m.Name, Pattern: m.Value})
		}
		p.MatcherSets = append(p.MatcherSets, s)
	}
	return p
}

// set gives the same silence to both sides of a pair.
func (w *world) set(t *rapid.T, p *pair, sil *silence.Silence) {
	theirs, sent := w.proto(sil), len(p.theirSent)
	theirErr := p.theirs.Set(context.Background(), theirs)
	if len(p.theirSent) > sent { // what takes the place of another is one message of ours
		p.theirSent = append(p.theirSent[:sent], slices.Concat(p.theirSent[sent:]...))
	}
	id, ourErr := p.ours.Set(context.Background(), time.Now(), sil)
	if got, want := errText(ourErr), errText(theirErr); got != want {
		t.Fatalf("setting %+v: got error %q, want %q", sil, got, want)
	}
	if ourErr != nil {
		return
	}
	if known, ok := w.ids[id]; ok != (sil.ID == id) || ok && known != theirs.Id {
		t.Fatalf("setting %+v: we kept the ID: %v, they made %s of %s", sil, sil.ID == id, theirs.Id, known)
	}
	if w.ids[id] == "" {
		w.ids[id] = theirs.Id
		w.known = append(w.known, id)
	}
}

func (w *world) anyID(t *rapid.T) string {
	return rapid.SampledFrom(append(slices.Clone(w.known), "unknown")).Draw(t, "ID")
}

func (w *world) update(t *rapid.T, p *pair) {
	sil := anySilence(t)
	if known := p.ours.Get(w.anyID(t)); known != nil {
		changed := *known
		if rapid.Bool().Draw(t, "change start") {
			changed.StartsAt = sil.StartsAt
		}
		// Alertmanager gives an ID to what it would have forgotten by now, and does
		// not store it; its API lets nobody ask for that.
		if forgotten := time.Since(changed.EndsAt) > retention; forgotten || rapid.Bool().Draw(t, "change end") {
			changed.EndsAt = sil.EndsAt
		}
		if rapid.IntRange(0, 4).Draw(t, "change matchers") == 0 {
			changed.Matchers = sil.Matchers
		}
		sil = &changed
	} else {
		sil.ID = "unknown"
	}
	w.set(t, p, sil)
}

func (w *world) expire(t *rapid.T, p *pair) {
	id := w.anyID(t)
	theirID := w.ids[id]
	theirErr, ourErr := p.theirs.Expire(context.Background(), theirID), p.ours.Expire(context.Background(), time.Now(), id)
	if got, want := errText(ourErr), errText(theirErr); got != want {
		t.Fatalf("expiring: got error %q, want %q", got, want)
	}
}

func (w *world) gc(t *rapid.T, p *pair) {
	theirs, err := p.theirs.GC()
	if err != nil {
		t.Fatal(err)
	}
	if ours, err := p.ours.GC(time.Now()); ours != theirs || err != nil {
		t.Fatalf("GC: got %d, %v; want %d", ours, err, theirs)
	}
}

// gossip carries what one copy has to say, or all that it knows, to the other.
func (w *world) gossip(t *rapid.T, from, to *pair) {
	if rapid.Bool().Draw(t, "all of it") || len(from.ourSent) == 0 {
		ours, err := from.ours.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := from.theirs.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		w.merge(t, to, ours, theirs)
		return
	}
	i := rapid.IntRange(0, len(from.ourSent)-1).Draw(t, "message")
	w.merge(t, to, from.ourSent[i], from.theirSent[i])
}

func (w *world) merge(t *rapid.T, to *pair, ours, theirs []byte) {
	before := len(to.theirSent)
	if err := to.theirs.Merge(theirs); err != nil {
		t.Fatal(err)
	}
	// A message with several silences is passed on once by us.
	if n := len(to.theirSent); n > before+1 {
		to.theirSent = to.theirSent[:before+1]
	}
	if err := to.ours.Merge(time.Now(), ours); err != nil {
		t.Fatal(err)
	}
}

// check compares what both sides of a pair hold, and whom they silence.
func (w *world) check(t *rapid.T, p *pair) {
	if len(p.ourSent) != len(p.theirSent) {
		t.Fatalf("sent %d messages, want %d", len(p.ourSent), len(p.theirSent))
	}
	for i := range p.ourSent {
		if got, want := len(p.ourSent[i]), len(p.theirSent[i]); got != want {
			t.Fatalf("message %d has %d bytes, want %d", i, got, want)
		}
	}
	now := time.Now()
	for state, theirState := range map[silence.State]reference.SilenceState{
		silence.Pending: reference.SilenceStatePending, silence.Active: reference.SilenceStateActive, silence.Expired: reference.SilenceStateExpired,
	} {
		want := make(map[string]*pb.Silence)
		theirs, _, err := p.theirs.Query(context.Background(), reference.QState(theirState))
		if err != nil {
			t.Fatal(err)
		}
		for _, sil := range theirs {
			want[sil.Id] = sil
		}
		got := make(map[string]*pb.Silence)
		for _, sil := range p.ours.All() {
			if sil.StateAt(now) == state {
				got[w.ids[sil.ID]] = w.proto(sil)
			}
		}
		if !maps.EqualFunc(got, want, func(a, b *pb.Silence) bool { return proto.Equal(a, b) }) {
			t.Fatalf("%s:\ngot  %v\nwant %v", state, got, want)
		}
	}
	for _, ls := range labelSets {
		theirs, _, err := p.theirs.Query(context.Background(), reference.QState(reference.SilenceStateActive), reference.QMatches(ls))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{}
		for _, sil := range theirs {
			want = append(want, sil.Id)
		}
		got := []string{}
		for _, id := range p.ours.SilencedBy(ls, now) {
			got = append(got, w.ids[id])
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("%v is silenced by %v, want %v", ls, got, want)
		}
	}
}

var labelSets = []model.LabelSet{
	{}, {"a": "1"}, {"a": "2", "b": "1"}, {"a": "1", "b": "2", "c": "3"}, {"b": "1", "c": "x"}, {"d": "1"},
}

// inBubbles checks a property with a virtual clock for each program. What it
// panics with, as rapid does to fail, is carried out of the bubble; that a draw was
// not possible by a line of its own, for rapid tells panics apart by their lines.
func inBubbles(t *testing.T, property func(*rapid.T)) {
	rapid.Check(t, func(rt *rapid.T) {
		var failure any
		synctest.Test(t, func(*testing.T) {
			defer func() { failure = recover() }()
			property(rt)
		})
		if fmt.Sprintf("%T", failure) == "rapid.invalidData" {
			panic(failure)
		}
		if failure != nil {
			panic(failure)
		}
	})
}

func TestAgainstAlertmanager(t *testing.T) {
	inBubbles(t, func(t *rapid.T) {
		w := newWorld(t, rapid.SampledFrom([]int{0, 0, 6}).Draw(t, "limit"), rapid.SampledFrom([]int{0, 0, 300}).Draw(t, "size"))
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			i := rapid.IntRange(0, 1).Draw(t, "copy")
			p, other := w.pairs[i], w.pairs[1-i]
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0, 1, 2:
				w.set(t, p, anySilence(t))
			case 3, 4:
				w.update(t, p)
			case 5:
				w.expire(t, p)
			case 6:
				w.gc(t, p)
			case 7, 8:
				w.gossip(t, p, other)
			case 9:
				time.Sleep(time.Duration(rapid.IntRange(1, 200).Draw(t, "minutes")) * time.Minute)
			}
			time.Sleep(time.Millisecond) // two changes at one instant are one to Alertmanager
			w.check(t, p)
			w.check(t, other)
		}
	})
}

// Where silences come from one copy alone, Alertmanager's incremental way to ask
// agrees as well.
func TestAgainstSilencer(t *testing.T) {
	inBubbles(t, func(t *rapid.T) {
		w := newWorld(t, 0, 0)
		p := w.pairs[0]
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			switch rapid.IntRange(0, 6).Draw(t, "step") {
			case 0, 1:
				w.set(t, p, anySilence(t))
			case 2:
				w.update(t, p)
			case 3:
				w.expire(t, p)
			case 4:
				w.gc(t, p)
			default:
				time.Sleep(time.Duration(rapid.IntRange(1, 100).Draw(t, "minutes")) * time.Minute)
			}
			time.Sleep(time.Millisecond)
			for _, ls := range labelSets {
				if got, want := len(p.ours.SilencedBy(ls, time.Now())) > 0, p.silencer.Mutes(context.Background(), ls); got != want {
					t.Fatalf("%v is silenced: got %v, want %v", ls, got, want)
				}
			}
		}
	})
}
