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

// What a person is shown of an alert that is active. Inhibited and muted ones
// fire too, but nobody is told.
const (
	statePending   = "pending"
	stateFiring    = "firing"
	stateInhibited = "inhibited"
	stateMuted     = "muted"
)

// alertCard is an active alert as every page shows it.
type alertCard struct {
	Name     string
	Severity string // empty if its labels name none
	Level    string // what colour that is: critical, warning or empty
	State    string
	Why      string // it is in this state, if that needs a word
	Since    moment
	Value    string // empty if not known
	Link     string // to where it comes from; empty if there is none
	Labels   []pair // but for alertname and severity

	Summary     string
	Description string
	Annotations []pair // the others
}

func newAlertCard(ls, annotations labels.Labels) alertCard {
	severity := ls.Get("severity")
	return alertCard{
		Name:        cmp.Or(ls.Get(labels.AlertName), "alert without a name"),
		Severity:    severity,
		Level:       level(severity),
		Labels:      pairs(ls, labels.AlertName, "severity"),
		Summary:     annotations.Get("summary"),
		Description: annotations.Get("description"),
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

// notifiedCard is an alert of the pipeline. A link to this server becomes a
// relative one, so that it works however the reader got here.
func (web *Web) notifiedCard(r *request, a *alert.Alert) alertCard {
	c := newAlertCard(labelsOf(a.Labels), labelsOf(a.Annotations))
	c.Since = at(a.StartsAt, r.now)
	if web.o.ExternalURL != nil {
		own := strings.TrimRight(web.o.ExternalURL.String(), "/") + "/"
		if path, ok := strings.CutPrefix(a.GeneratorURL, own); ok {
			c.Link = r.base + path
			return c
		}
	}
	if webAddress(a.GeneratorURL) {
		c.Link = a.GeneratorURL
	}
	return c
}

// ruleCard is an alert of one of our rules.
func ruleCard(r *request, query string, a *rule.ActiveAlert) alertCard {
	c := newAlertCard(a.Labels, a.Annotations)
	c.State = string(a.State)
	c.Since = at(a.ActiveAt, r.now)
	c.Value = number(a.Value)
	c.Link = r.graphLink(query)
	if !a.KeepFiringSince.IsZero() {
		c.Why = "its condition ended " + at(a.KeepFiringSince, r.now).Ago + "; keep_firing_for holds it"
	}
	return c
}

// mutedBecause names the time intervals that mute a group.
func mutedBecause(intervals []string) string {
	return "muted now, see time intervals: " + strings.Join(intervals, ", ")
}

// inhibitedBecause names the alert that inhibits, if it is among those known.
func inhibitedBecause(known map[model.Fingerprint]*alert.Alert, by model.Fingerprint) string {
	if a := known[by]; a != nil {
		return "inhibited by " + cmp.Or(string(a.Labels[model.AlertNameLabel]), a.Labels.String())
	}
	return "inhibited by alert " + by.String()
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
