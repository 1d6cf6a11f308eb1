package silence_test

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return t0.Add(time.Duration(minutes) * time.Minute) }

func TestMain(m *testing.M) {
	compat.InitFromFlags(slog.New(slog.DiscardHandler), featurecontrol.NoopFlags{})
	m.Run()
}

// match returns one set of matchers, written as people do.
func match(t testing.TB, matchers ...string) labels.Matchers {
	t.Helper()
	var set labels.Matchers
	for _, text := range matchers {
		m, err := compat.Matcher(text, "test")
		if err != nil {
			t.Fatal(err)
		}
		set = append(set, m)
	}
	return set
}

// between returns a silence for what the matchers match, by minutes.
func between(t testing.TB, start, end int, matchers ...string) *silence.Silence {
	t.Helper()
	return &silence.Silence{
		Matchers: []labels.Matchers{match(t, matchers...)},
		StartsAt: at(start), EndsAt: at(end),
		CreatedBy: "ana", Comment: "works",
	}
}

func set(t testing.TB, s *silence.Store, now time.Time, sil *silence.Silence) (id string) {
	t.Helper()
	id, err := s.Set(t.Context(), now, sil)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestLife(t *testing.T) {
	s := silence.New(silence.Options{Retention: time.Hour})
	disk := model.LabelSet{"alertname": "Disk", "host": "a"}
	id := set(t, s, at(0), between(t, 5, 10, `alertname="Disk"`))
	for minute, want := range map[int][]string{4: nil, 5: {id}, 9: {id}, 10: nil} {
		if got := s.SilencedBy(disk, at(minute)); !slices.Equal(got, want) {
			t.Errorf("minute %d: got %v, want %v", minute, got, want)
		}
	}
}
