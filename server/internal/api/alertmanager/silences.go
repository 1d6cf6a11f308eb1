package alertmanager

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	openapi "github.com/go-openapi/errors"
	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
	"github.com/cresset-metrics/cresset/server/internal/regexpbudget"
)

// getSilences lists the silences, in the order of [silence.Compare].
func (api *API) getSilences(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	matchers, err := parseMatchers(q["filter"])
	if err != nil {
		badRequest(w, err.Error())
		return
	}
	wanted := map[silence.State]bool{
		silence.Active:  boolean(q, "active"),
		silence.Pending: boolean(q, "pending"),
		silence.Expired: boolean(q, "expired"),
	}
	now := api.opts.Now()
	found := slices.DeleteFunc(slices.Clone(api.opts.Silences.All()), func(s *silence.Silence) bool {
		return !wanted[s.StateAt(now)] || !s.HasMatchers(matchers)
	})
	slices.SortFunc(found, func(a, b *silence.Silence) int { return silence.Compare(a, b, now) })
	shown := make(models.GettableSilences, 0, len(found))
	for _, s := range found {
		g, err := showSilence(s, now)
		if err != nil {
			internalError(w, err)
			return
		}
		shown = append(shown, g)
	}
	respond(w, http.StatusOK, shown)
}

func (api *API) getSilence(w http.ResponseWriter, r *http.Request) {
	id, err := wantUUID(r)
	if err != nil {
		api.refuse(w, r, err)
		return
	}
	s := api.opts.Silences.Get(id)
	if s == nil {
		respondEmpty(w, http.StatusNotFound)
		return
	}
	shown, err := showSilence(s, api.opts.Now())
	if err != nil {
		internalError(w, err)
		return
	}
	respond(w, http.StatusOK, shown)
}

// deleteSilence ends a silence. One that has ended already stays as it is.
func (api *API) deleteSilence(w http.ResponseWriter, r *http.Request) {
	id, err := wantUUID(r)
	if err != nil {
		api.refuse(w, r, err)
		return
	}
	switch err := api.opts.Silences.Expire(r.Context(), api.opts.Now(), id); {
	case errors.Is(err, silence.ErrNotFound):
		respondEmpty(w, http.StatusNotFound)
	case err != nil:
		api.opts.Logger.Error("Failed to expire silence", "id", id, "err", err)
		internalError(w, err)
	default:
		respondEmpty(w, http.StatusOK)
	}
}

// wantUUID returns the ID in the path, as it is written there.
func wantUUID(r *http.Request) (string, error) {
	id := silenceID(r)
	if !strfmt.IsUUID(id) {
		return "", openapi.InvalidType("silenceID", "path", "uuid", id)
	}
	return id, nil
}

// postSilences adds a silence, or changes the one that has the ID.
func (api *API) postSilences(w http.ResponseWriter, r *http.Request) {
	posted, err := api.decodeSilence(r)
	if err != nil {
		api.refuse(w, r, err)
		return
	}
	now := api.opts.Now()
	if reason := wrongTimes(posted, now); reason != "" {
		badRequest(w, "Failed to create silence: "+reason)
		return
	}
	s, err := newSilence(posted)
	if err != nil {
		badRequest(w, err.Error())
		return
	}
	switch id, err := api.opts.Silences.Set(r.Context(), now, s); {
	case errors.Is(err, silence.ErrNotFound):
		respond(w, http.StatusNotFound, err.Error())
	case errors.Is(err, silence.ErrNotSaved):
		api.opts.Logger.Error("Failed to save a silence", "err", err)
		internalError(w, err)
	case err != nil:
		badRequest(w, err.Error())
	default:
		respond(w, http.StatusOK, struct {
			SilenceID string `json:"silenceID,omitempty"`
		}{id})
	}
}

func (api *API) decodeSilence(r *http.Request) (*models.PostableSilence, error) {
	posted := new(models.PostableSilence)
	if err := api.decode(r, "silence", posted); err != nil {
		return nil, err
	}
	if err := posted.Validate(strfmt.Default); err != nil {
		return nil, err
	}
	for i, m := range posted.Matchers {
		if m == nil {
			return nil, openapi.Required(fmt.Sprintf("matchers.%d", i), "body", nil)
		}
	}
	return posted, nil
}

// wrongTimes says what is wrong with the times of a silence; nothing, if it is
// empty.
func wrongTimes(p *models.PostableSilence, now time.Time) (reason string) {
	starts, ends := time.Time(*p.StartsAt), time.Time(*p.EndsAt)
	switch {
	case !starts.Before(ends):
		return "start time must be before end time"
	case ends.Before(now):
		return "end time can't be in the past"
	}
	return ""
}

// newSilence returns the silence that was posted.
func newSilence(p *models.PostableSilence) (*silence.Silence, error) {
	matchers := make(labels.Matchers, len(p.Matchers))
	var budget regexpbudget.Budget
	for i, posted := range p.Matchers {
		m, err := newMatcher(posted, &budget)
		if err != nil {
			return nil, fmt.Errorf("invalid silence: invalid label matcher %d in set 0: %w", i, err)
		}
		matchers[i] = m
	}
	return &silence.Silence{
		ID:          p.ID,
		Matchers:    []labels.Matchers{matchers},
		StartsAt:    time.Time(*p.StartsAt),
		EndsAt:      time.Time(*p.EndsAt),
		CreatedBy:   *p.CreatedBy,
		Comment:     *p.Comment,
		Annotations: p.Annotations,
	}, nil
}

// newMatcher returns the matcher that was posted. What is wrong with it is found
// in the order in which clients know it: the name, then the value.
func newMatcher(p *models.Matcher, budget *regexpbudget.Budget) (*labels.Matcher, error) {
	if !compat.IsValidLabelName(model.LabelName(*p.Name)) {
		return nil, fmt.Errorf("invalid label name %q", *p.Name)
	}
	equal := p.IsEqual == nil || *p.IsEqual
	matchType := labels.MatchNotRegexp
	switch {
	case equal && *p.IsRegex:
		matchType = labels.MatchRegexp
	case equal:
		matchType = labels.MatchEqual
	case !*p.IsRegex:
		matchType = labels.MatchNotEqual
	}
	if *p.IsRegex {
		if err := budget.Spend(*p.Value); err != nil {
			return nil, fmt.Errorf("invalid regular expression %q: %w", *p.Value, err)
		}
	}
	m, err := labels.NewMatcher(matchType, *p.Name, *p.Value)
	if err != nil {
		return nil, fmt.Errorf("invalid regular expression %q: %w", *p.Value, err)
	}
	return m, nil
}

// showSilence returns a silence as the API shows it: with one set of matchers,
// since it has no way to show more.
func showSilence(s *silence.Silence, now time.Time) (*models.GettableSilence, error) {
	if len(s.Matchers) > 1 {
		return nil, fmt.Errorf("silence '%s' has multiple matcher sets which is not supported by this API version", s.ID)
	}
	state := string(s.StateAt(now))
	shown := &models.GettableSilence{
		ID:        &s.ID,
		Status:    &models.SilenceStatus{State: &state},
		UpdatedAt: dateTime(s.UpdatedAt),
		Silence: models.Silence{
			Annotations: s.Annotations,
			Comment:     &s.Comment,
			CreatedBy:   &s.CreatedBy,
			StartsAt:    dateTime(s.StartsAt),
			EndsAt:      dateTime(s.EndsAt),
			Matchers:    models.Matchers{},
		},
	}
	for _, set := range s.Matchers {
		for _, m := range set {
			shown.Matchers = append(shown.Matchers, &models.Matcher{
				Name:    &m.Name,
				Value:   &m.Value,
				IsEqual: new(m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp),
				IsRegex: new(m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp),
			})
		}
	}
	return shown, nil
}

func dateTime(t time.Time) *strfmt.DateTime { return new(strfmt.DateTime(t.UTC())) }
