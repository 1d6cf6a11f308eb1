package state

import (
	"fmt"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/cresset-metrics/cresset/server/internal/dispatch"
	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

type savedGroup struct {
	Key      string    `json:"key"`
	Receiver string    `json:"receiver"`
	RouteID  string    `json:"routeID"`
	Next     time.Time `json:"next"`
	Flushes  uint64    `json:"flushes,omitempty"`
}

func saveGroup(c dispatch.GroupChange) *savedGroup {
	return &savedGroup{Key: c.Group.Key, Receiver: c.Group.Receiver, RouteID: c.Group.RouteID, Next: c.Next, Flushes: c.Flushes}
}

func (s *savedGroup) change() dispatch.GroupChange {
	return dispatch.GroupChange{
		Group: dispatch.GroupID{Key: s.Key, Receiver: s.Receiver, RouteID: s.RouteID},
		Next:  s.Next, Flushes: s.Flushes,
	}
}

type savedSilence struct {
	ID          string            `json:"id"`
	MatcherSets [][]savedMatcher  `json:"matcherSets"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
	UpdatedAt   time.Time         `json:"updatedAt"`
	ExpiresAt   time.Time         `json:"expiresAt"`
	CreatedBy   string            `json:"createdBy,omitempty"`
	Comment     string            `json:"comment,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type savedMatcher struct {
	Name  string `json:"name"`
	Op    string `json:"op"`
	Value string `json:"value"`
}

func saveSilence(s *silence.Silence) *savedSilence {
	saved := &savedSilence{
		ID: s.ID, StartsAt: writable(s.StartsAt), EndsAt: writable(s.EndsAt), UpdatedAt: s.UpdatedAt, ExpiresAt: writable(s.ExpiresAt),
		CreatedBy: s.CreatedBy, Comment: s.Comment, Annotations: s.Annotations,
	}
	for _, set := range s.Matchers {
		matchers := make([]savedMatcher, len(set))
		for i, m := range set {
			matchers[i] = savedMatcher{Name: m.Name, Op: m.Type.String(), Value: m.Value}
		}
		saved.MatcherSets = append(saved.MatcherSets, matchers)
	}
	return saved
}

// matchTypes are the kinds of matchers by how they are written.
var matchTypes = map[string]labels.MatchType{
	labels.MatchEqual.String():     labels.MatchEqual,
	labels.MatchNotEqual.String():  labels.MatchNotEqual,
	labels.MatchRegexp.String():    labels.MatchRegexp,
	labels.MatchNotRegexp.String(): labels.MatchNotRegexp,
}

func (s *savedSilence) silence() (*silence.Silence, error) {
	sil := &silence.Silence{
		ID: s.ID, StartsAt: s.StartsAt, EndsAt: s.EndsAt, UpdatedAt: s.UpdatedAt, ExpiresAt: s.ExpiresAt,
		CreatedBy: s.CreatedBy, Comment: s.Comment, Annotations: s.Annotations,
	}
	for _, set := range s.MatcherSets {
		matchers := make(labels.Matchers, len(set))
		for i, m := range set {
			t, ok := matchTypes[m.Op]
			if !ok {
				return nil, fmt.Errorf("silence %s: matcher on %q: %q is no operator", s.ID, m.Name, m.Op)
			}
			var err error
			if matchers[i], err = labels.NewMatcher(t, m.Name, m.Value); err != nil {
				return nil, fmt.Errorf("silence %s: matcher on %q: %w", s.ID, m.Name, err)
			}
		}
		sil.Matchers = append(sil.Matchers, matchers)
	}
	return sil, nil
}
