package web

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

// defaultLasts is for how long a new silence is, unless its maker says otherwise.
const defaultLasts = "2h"

// silenceForm is the form of a silence as it was filled in, with what is wrong about
// it. What was typed comes back as it was typed.
type silenceForm struct {
	Old     *silenceView // that is changed, or made again; nil for a new one
	Action  string       // where the form goes
	Texts   silenceTexts
	Wrong   silenceTexts // what is wrong with each
	Refused string       // what the store says
	Preview *silencePreview
}

type silenceTexts struct {
	Matchers, Start, End, By, Comment string
}

// silencePreview is what the silence would be, and do.
type silencePreview struct {
	Matchers [][]matcherView
	Starts   moment
	Ends     moment
	Lasts    string
	Later    bool // it does not begin at once
	Matches  matches
}

// newSilence is the form of a new silence. Links fill in its matchers and its comment
// as those of Alertmanager's page do.
func (web *Web) newSilence(r *request) content {
	query := r.URL.Query()
	by, _, _ := r.BasicAuth()
	f := &silenceForm{
		Action: r.base + "silences/new",
		Texts: silenceTexts{
			Matchers: linesOf(query.Get("filter")),
			End:      defaultLasts,
			By:       by,
			Comment:  query.Get("comment"),
		},
	}
	if f.Texts.Matchers != "" {
		web.preview(r, f, nil)
	}
	return f.untouched()
}

// linesOf writes the matchers of a link one a line, or as they are if they cannot be
// read. No matchers are not given to be read: the two syntaxes disagree about them, which
// would be a warning in the log with every empty form.
func linesOf(filter string) string {
	switch strings.TrimSpace(filter) {
	case "", "{}":
		return ""
	}
	ms, err := compat.Matchers(filter, "web")
	if err != nil {
		return filter
	}
	return matcherLines(ms)
}

// editSilence is the form of a silence that is there.
func (web *Web) editSilence(r *request) content {
	old := web.o.Silences.Get(r.PathValue("id"))
	if old == nil {
		return noSilence(r)
	}
	if len(old.Matchers) != 1 {
		return severalSets()
	}
	f := oldForm(r, old)
	f.Texts = textsOf(old, r.now)
	web.preview(r, f, old)
	return f.untouched()
}

func severalSets() content {
	return problem(http.StatusConflict, "This silence has several sets of matchers, which the form cannot show. It can be extended and expired.")
}

func oldForm(r *request, old *silence.Silence) *silenceForm {
	v := newSilenceView(r, old)
	return &silenceForm{Old: &v, Action: r.silencePath(old.ID) + "/edit"}
}

// textsOf fills in the form of a silence that is there. One that is over is made
// again, from now.
func textsOf(s *silence.Silence, now time.Time) silenceTexts {
	t := silenceTexts{Matchers: matcherLines(s.Matchers[0]), By: s.CreatedBy, Comment: s.Comment}
	if s.StateAt(now) == silence.Expired {
		t.End = defaultLasts
	} else {
		t.Start, t.End = timeText(s.StartsAt), timeText(s.EndsAt)
	}
	return t
}

// createSilence takes the form of a new silence.
func (web *Web) createSilence(r *request) content {
	return web.submit(r, &silenceForm{Action: r.base + "silences/new"}, nil)
}

// changeSilence takes the form of a silence that is there.
func (web *Web) changeSilence(r *request) content {
	old := web.o.Silences.Get(r.PathValue("id"))
	if old == nil {
		return noSilence(r)
	}
	if len(old.Matchers) != 1 {
		return severalSets()
	}
	return web.submit(r, oldForm(r, old), old)
}

// submit takes what was typed: it is shown again, with what it would do, unless the
// button was the one that saves and nothing is wrong with it.
func (web *Web) submit(r *request, f *silenceForm, old *silence.Silence) content {
	typed := func(name string) string {
		return strings.ReplaceAll(r.PostForm.Get(name), "\r\n", "\n") // lines end so in forms
	}
	f.Texts = silenceTexts{Matchers: typed("matchers"), Start: typed("start"), End: typed("end"), By: typed("by"), Comment: typed("comment")}
	s := web.preview(r, f, old)
	if s == nil {
		return f.page(http.StatusBadRequest)
	}
	if r.PostForm.Get("do") != "save" {
		return f.page(http.StatusOK)
	}
	id, err := web.o.Silences.Set(r.Context(), r.now, s)
	switch {
	case err == nil:
		return seeOther(r.silencePath(id))
	case errors.Is(err, silence.ErrNotSaved), errors.Is(err, silence.ErrNotFound):
		return refused(r, err) // the form would make a second one
	}
	f.Refused = clip(err.Error())
	return f.page(http.StatusBadRequest)
}

// preview reads the form, notes what is wrong with it, and shows what can be shown of
// what it would do. It returns nil if something is wrong.
func (web *Web) preview(r *request, f *silenceForm, old *silence.Silence) *silence.Silence {
	s, readable := f.read(r.now, old)
	if readable {
		f.Preview = &silencePreview{
			Matchers: matcherViews(s.Matchers),
			Starts:   at(s.StartsAt, r.now),
			Ends:     at(s.EndsAt, r.now),
			Lasts:    age(s.EndsAt.Sub(s.StartsAt)),
			Later:    s.StartsAt.After(r.now),
			Matches:  web.present(r).matching(r, func(a *presentAlert) bool { return matchesAny(s.Matchers, a.Labels) }),
		}
	}
	if f.Wrong != (silenceTexts{}) {
		return nil
	}
	return s
}

// read makes a silence of what was typed. Readable says that its matchers and times
// are good.
func (f *silenceForm) read(now time.Time, old *silence.Silence) (s *silence.Silence, readable bool) {
	s = &silence.Silence{CreatedBy: strings.TrimSpace(f.Texts.By), Comment: strings.TrimSpace(f.Texts.Comment)}
	if old != nil {
		s.ID, s.Annotations = old.ID, maps.Clone(old.Annotations)
	}
	if s.CreatedBy == "" {
		f.Wrong.By = "Say who you are, so that others can ask."
	}
	if s.Comment == "" {
		f.Wrong.Comment = "Say why, for those who see the silence later."
	}
	ms, err := parseMatchers(f.Texts.Matchers)
	switch {
	case err != nil:
		f.Wrong.Matchers = err.Error()
	case len(ms) == 0:
		f.Wrong.Matchers = "Say which alerts to silence: at least one matcher is needed."
	}
	s.Matchers = []labels.Matchers{ms}
	f.readTimes(s, now, old)
	return s, f.Wrong.Matchers+f.Wrong.Start+f.Wrong.End == ""
}

// readTimes reads when the silence starts and ends. A time that nobody touched is
// what it was, to the nanosecond.
func (f *silenceForm) readTimes(s *silence.Silence, now time.Time, old *silence.Silence) {
	var was silenceTexts
	if old != nil {
		was = textsOf(old, now)
	}
	var err error
	if start := strings.TrimSpace(f.Texts.Start); start != "" && start == was.Start {
		s.StartsAt = old.StartsAt
	} else if s.StartsAt, err = startOf(start, now); err != nil {
		f.Wrong.Start = err.Error()
		return
	}
	begin := s.StartsAt // of what is still to come
	if begin.Before(now) {
		begin = now
	}
	switch end := strings.TrimSpace(f.Texts.End); {
	case end == "":
		f.Wrong.End = "Say for how long, or until when."
		return
	case was.Start != "" && end == was.End:
		s.EndsAt = old.EndsAt
	default:
		if s.EndsAt, err = timeOf(end, begin); err != nil {
			f.Wrong.End = err.Error()
			return
		}
	}
	if !s.EndsAt.After(begin) {
		f.Wrong.End = fmt.Sprintf("It would end at %s, and not start before %s.", timeText(s.EndsAt), timeText(begin))
	}
}

// startOf reads a new start; nothing is silenced in the past.
func startOf(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return now, nil
	}
	t, err := timeOf(text, now)
	if t.Before(now) {
		t = now
	}
	return t, err
}

// untouched shows the form before anybody typed: that something is left to be filled
// in is no error yet.
func (f *silenceForm) untouched() content {
	f.Wrong.By, f.Wrong.Comment = "", ""
	return f.page(http.StatusOK)
}

// page shows the form.
func (f *silenceForm) page(status int) content {
	title := "New silence"
	if f.Old != nil {
		title = "Edit silence"
		if f.Old.Over {
			title = "Make a silence again"
		}
	}
	return content{template: "silence_form", title: title, status: status, data: f}
}

// Title is the page's headline.
func (f *silenceForm) Title() string { return f.page(0).title }

// Save is what the button says that saves.
func (f *silenceForm) Save() string {
	if f.Old == nil || f.Old.Over {
		return "Create silence"
	}
	return "Save changes"
}
