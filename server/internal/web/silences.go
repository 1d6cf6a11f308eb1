package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

// Silences are what keeps alerts from being told because a person wants it so.
type Silences interface {
	// Set makes a silence, or changes the one whose ID it has, and returns the ID of
	// the silence that is now in force. It returns an error that is
	// silence.ErrNotFound for an unknown ID, silence.ErrNotSaved if the change is in
	// force and may not outlive the process, and otherwise says what is wrong with
	// the silence.
	Set(ctx context.Context, now time.Time, s *silence.Silence) (id string, err error)
	// Expire ends a silence. Its errors are silence.ErrNotFound and
	// silence.ErrNotSaved, as those of Set.
	Expire(ctx context.Context, now time.Time, id string) error
	Get(id string) *silence.Silence // nil if there is none
	All() []*silence.Silence
	SilencedBy(ls model.LabelSet, now time.Time) []string // IDs of active ones
}

type silencesData struct {
	Filter   string // matchers, as they were given
	Error    string // what is wrong with them; all is shown then
	Tabs     []tab
	Silences []silenceView
	LeftOut  int
}

// silenceView is a silence as every page shows it.
type silenceView struct {
	ID          string
	Path        string // to its page
	State       string
	Matchers    [][]matcherView
	Starts      moment
	Ends        moment
	Updated     moment
	Lasts       string
	By          string
	Comment     string
	CommentLink bool // the comment is an address that may be followed
	Annotations []pair
	Over        bool
	Editable    bool // by the form
	Matching    int  // alerts that it silences now
}

// newSilenceView shows a silence; what it silences is the caller's to add.
func newSilenceView(r *request, s *silence.Silence) silenceView {
	state := s.StateAt(r.now)
	return silenceView{
		ID:          s.ID,
		Path:        r.silencePath(s.ID),
		State:       string(state),
		Matchers:    matcherViews(s.Matchers),
		Starts:      at(s.StartsAt, r.now),
		Ends:        at(s.EndsAt, r.now),
		Updated:     at(s.UpdatedAt, r.now),
		Lasts:       age(s.EndsAt.Sub(s.StartsAt)),
		By:          clip(s.CreatedBy),
		Comment:     clip(s.Comment),
		CommentLink: len(s.Comment) <= maxText && webAddress(s.Comment),
		Annotations: annotationPairs(s.Annotations),
		Over:        state == silence.Expired,
		Editable:    len(s.Matchers) == 1,
	}
}

func annotationPairs(annotations map[string]string) []pair {
	set := make(model.LabelSet, len(annotations))
	for name, value := range annotations {
		set[model.LabelName(name)] = model.LabelValue(value)
	}
	return linked(pairs(labelsOf(set)))
}

// silencePath leads to the page of a silence.
func (r *request) silencePath(id string) string { return r.base + "silences/" + url.PathEscape(id) }

var silenceStates = []string{string(silence.Active), string(silence.Pending), string(silence.Expired)}

// silences shows all silences, or those that have some matchers: active ones by their
// end, pending ones by their start, and then those that are over, the latest first.
func (web *Web) silences(r *request) content {
	d := &silencesData{Filter: r.URL.Query().Get("filter")}
	c := content{template: "silences", title: "Silences", data: d}
	others := url.Values{}
	filter, err := parseMatchers(d.Filter)
	if err != nil {
		c.status, d.Error = http.StatusBadRequest, "The filter cannot be read: "+err.Error()
	} else if d.Filter != "" {
		others.Set("filter", d.Filter)
	}

	var all []*silence.Silence
	counts := make(map[string]int)
	for _, s := range web.o.Silences.All() {
		if s.HasMatchers(filter) {
			all = append(all, s)
			counts[string(s.StateAt(r.now))]++
		}
	}
	state, tabs, ok := choice(r, "silences", "state", silenceStates, counts, others)
	if !ok {
		return noChoice(r, "state", silenceStates)
	}
	d.Tabs = tabs
	slices.SortFunc(all, func(a, b *silence.Silence) int { return silence.Compare(a, b, r.now) })
	silenced := web.present(r).silencedBy()
	show := rows{left: maxRows}
	for _, s := range all {
		if state != "" && state != string(s.StateAt(r.now)) || !show.take() {
			continue
		}
		v := newSilenceView(r, s)
		v.Matching = silenced[s.ID]
		d.Silences = append(d.Silences, v)
	}
	d.LeftOut = show.LeftOut
	return c
}

type silenceCounts struct{ Active, Pending int }

func (web *Web) countSilences(r *request) *silenceCounts {
	n := &silenceCounts{}
	for _, s := range web.o.Silences.All() {
		switch s.StateAt(r.now) {
		case silence.Active:
			n.Active++
		case silence.Pending:
			n.Pending++
		}
	}
	return n
}
