package web

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

type silenceData struct {
	Silence silenceView
	Matches matches
	Extend  []string // durations to choose from
}

// extensions are by how much a click makes a silence longer.
var extensions = []string{"30m", "1h", "4h", "1d", "1w"}

// silence shows one silence, with the alerts that it silences, or will.
func (web *Web) silence(r *request) content {
	s := web.o.Silences.Get(r.PathValue("id"))
	if s == nil {
		return noSilence(r)
	}
	d := silenceData{Silence: newSilenceView(r, s), Extend: extensions}
	if !d.Silence.Over {
		d.Matches = web.present(r).matching(r, func(a *presentAlert) bool { return matchesAny(s.Matchers, a.Labels) })
	}
	return content{template: "silence", title: "Silence", data: d}
}

// extend makes a silence end later.
func (web *Web) extend(r *request) content {
	s := web.o.Silences.Get(r.PathValue("id"))
	if s == nil {
		return noSilence(r)
	}
	by, err := model.ParseDuration(r.PostForm.Get("by"))
	if err != nil || by <= 0 {
		return problem(http.StatusBadRequest, fmt.Sprintf("%q is not a duration by which a silence can be extended.", clip(r.PostForm.Get("by"))))
	}
	if s.StateAt(r.now) == silence.Expired {
		return problem(http.StatusConflict, "This silence is over and cannot be extended. It can be made again.")
	}
	longer := *s
	longer.EndsAt = s.EndsAt.Add(time.Duration(by))
	id, err := web.o.Silences.Set(r.Context(), r.now, &longer)
	if err != nil {
		return refused(r, err)
	}
	return seeOther(r.silencePath(id))
}

// expire ends a silence.
func (web *Web) expire(r *request) content {
	id := r.PathValue("id")
	if err := web.o.Silences.Expire(r.Context(), r.now, id); err != nil {
		return refused(r, err)
	}
	return seeOther(r.silencePath(id))
}

func noSilence(r *request) content {
	return problem(http.StatusNotFound, fmt.Sprintf("There is no silence %s. Those that are over are forgotten after some time.", clip(r.PathValue("id"))))
}

// refused says why a silence was not changed as it was asked for.
func refused(r *request, err error) content {
	switch {
	case errors.Is(err, silence.ErrNotFound):
		return noSilence(r)
	case errors.Is(err, silence.ErrNotSaved):
		return problem(http.StatusInternalServerError, notSaved(err))
	}
	return problem(http.StatusBadRequest, clip(err.Error()))
}

// notSaved says what a change is worth that the journal did not take.
func notSaved(err error) string {
	return "The change is in force, but it could not be saved and may be lost if the server stops now: " + clip(err.Error())
}
