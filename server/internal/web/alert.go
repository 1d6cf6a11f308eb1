package web

import (
	"cmp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/rule"
)

// What a person is shown of an alert that is active. Silenced, inhibited and muted
// ones fire too, but nobody is told.
const (
	stateFiring    = "firing"
	stateSilenced  = "silenced"
	stateInhibited = "inhibited"
	stateMuted     = "muted"
)

// alertCard is an active alert as every page shows it.
type alertCard struct {
	Name     string
	Severity string // empty if its labels name none
	Level    string // what colour that is: critical, warning or empty
	State    string
	Why      []reason // it is in this state, if that needs a word
	Since    moment
	Value    string // empty if not known
	Link     string // to where it comes from; empty if there is none
	Silence  string // link to a new silence of it; empty if there is none
	Labels   []pair // but for alertname and severity

	Summary     string
	Description string
	Annotations []pair // the others
}

// reason is a sentence, and where it leads if there is more to see.
type reason struct {
	Text string
	Link string // empty for none
}

func newAlertCard(ls, annotations labels.Labels) alertCard {
	severity := ls.Get("severity")
	return alertCard{
		Name:        clip(cmp.Or(ls.Get(labels.AlertName), namelessAlert)),
		Severity:    clip(severity),
		Level:       level(severity),
		Labels:      pairs(ls, labels.AlertName, "severity"),
		Summary:     clip(annotations.Get("summary")),
		Description: clip(annotations.Get("description")),
		Annotations: linked(pairs(annotations, "summary", "description")),
	}
}

// level sorts the severities that people use into those that must be seen first.
func level(severity string) string {
	switch strings.ToLower(severity) {
	case "critical", "page", "error", "emergency", "alert", "fatal", "high":
		return "critical"
	case "warning", "warn", "medium":
		return "warning"
	}
	return ""
}

// namelessAlert stands for the name of an alert that has none.
const namelessAlert = "alert without a name"

// nameOf is the name of an alert, as it is in a sentence.
func nameOf(a *alert.Alert) string {
	return clip(cmp.Or(string(a.Labels[model.AlertNameLabel]), namelessAlert))
}

// notifiedCard is an alert of the pipeline as one of its groups has it.
func (web *Web) notifiedCard(r *request, p *present, a *presentAlert, state string) alertCard {
	c := newAlertCard(labelsOf(a.Labels), labelsOf(a.Annotations))
	c.State = state
	c.Since = at(a.StartsAt, r.now)
	c.Link = web.sourceLink(r, a.GeneratorURL)
	c.Silence = web.silenceLink(r, a.Labels)
	for _, id := range a.silencedBy {
		c.Why = append(c.Why, web.silencedBecause(r, id))
	}
	if a.inhibited {
		c.Why = append(c.Why, inhibitedBecause(r, p, a.inhibitedBy))
	}
	return c // if the time mutes it, the group says why
}

// sourceLink leads to where an alert comes from. A link to this server becomes a
// relative one, so that it works however the reader got here.
func (web *Web) sourceLink(r *request, generator string) string {
	if web.o.ExternalURL != nil && web.o.Engine != nil {
		own := strings.TrimRight(web.o.ExternalURL.String(), "/") + "/"
		if path, ok := strings.CutPrefix(generator, own); ok {
			return r.base + path
		}
	}
	if len(generator) <= maxLink && webAddress(generator) {
		return generator
	}
	return ""
}

// ruleCard is an alert of one of our rules.
func ruleCard(r *request, query string, a *rule.ActiveAlert) alertCard {
	c := newAlertCard(a.Labels, a.Annotations)
	c.State = string(a.State)
	c.Since = at(a.ActiveAt, r.now)
	c.Value = number(a.Value)
	c.Link = r.graphLink(query)
	if !a.KeepFiringSince.IsZero() {
		c.Why = []reason{{Text: "its condition ended " + at(a.KeepFiringSince, r.now).Ago + "; keep_firing_for holds it"}}
	}
	return c
}

// mutedBecause names the time intervals that mute a group.
func mutedBecause(intervals []string) string {
	return "muted now, see time intervals: " + strings.Join(intervals, ", ")
}

// inhibitedBecause names the alert that inhibits, if it is among those that fire.
func inhibitedBecause(r *request, p *present, by model.Fingerprint) reason {
	if a := p.alerts[by]; a != nil {
		return reason{Text: "inhibited by " + nameOf(a.Alert), Link: r.base + "?alert=" + by.String()}
	}
	return reason{Text: "inhibited by alert " + by.String()}
}

// silencedBecause tells who silenced, and until when.
func (web *Web) silencedBecause(r *request, id string) reason {
	s := web.o.Silences.Get(id)
	if s == nil {
		return reason{Text: "silenced"} // it is gone since
	}
	text := "silenced until " + at(s.EndsAt, r.now).Text
	if s.CreatedBy != "" {
		text += " by " + clip(s.CreatedBy)
	}
	if s.Comment != "" {
		text += ": " + clip(s.Comment)
	}
	return reason{Text: text, Link: r.silencePath(id)}
}

// bySeverity sorts the most severe first, and the longest active first among
// equals.
func bySeverity(cards []alertCard) {
	rank := map[string]int{"critical": 0, "warning": 1, "": 2}
	slices.SortStableFunc(cards, func(a, b alertCard) int {
		return cmp.Or(
			cmp.Compare(rank[a.Level], rank[b.Level]),
			cmp.Compare(a.Since.Machine, b.Since.Machine),
		)
	})
}
