package web

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/scrape"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/dispatch"
	"github.com/cresset-metrics/cresset/server/internal/rule"
)

// overviewData is what fires now, as it was notified: by receiver and group.
type overviewData struct {
	Firing     int // different alerts, those included that nobody is told of
	Suppressed int // of these
	Unsent     int // fire in our rules, while no receiver has any alert
	Receivers  []receiverSection
	Pending    []alertCard
	LeftOut    int // alerts that are not shown

	Rules, RuleGroups, BadRules        int
	TargetsUp, TargetsDown, TargetsNew int // New: not scraped yet
}

type receiverSection struct {
	Name   string
	Anchor string
	Groups []groupSection
}

type groupSection struct {
	Labels []pair
	Muted  string // why, if it is
	Alerts []alertCard
}

func (web *Web) overview(r *request) content {
	d := &overviewData{}
	show := &rows{left: maxRows}
	web.addGroups(r, d, show)
	web.addRules(r, d, show)
	web.addTargets(d)
	d.LeftOut = show.LeftOut

	title := "Nothing fires"
	if n := max(d.Firing, d.Unsent); n > 0 {
		title = fmt.Sprintf("%d firing", n)
	}
	return content{template: "overview", title: title, data: d}
}

// addGroups adds what fires, by receiver.
func (web *Web) addGroups(r *request, d *overviewData, show *rows) {
	groups := web.o.Pipeline.Groups(r.now, func(string) bool { return true })
	slices.SortStableFunc(groups, func(a, b *dispatch.Group) int { return cmp.Compare(a.Receiver, b.Receiver) })

	firing := make(map[model.Fingerprint]*alert.Alert)
	for _, g := range groups {
		g.Alerts = slices.DeleteFunc(g.Alerts, func(a *alert.Alert) bool { return a.ResolvedAt(r.now) })
		for _, a := range g.Alerts {
			firing[a.Fingerprint()] = a
		}
	}
	told := make(map[model.Fingerprint]bool) // alerts that somebody is told of
	for _, g := range groups {
		if len(g.Alerts) == 0 {
			continue
		}
		section := groupSection{Labels: pairs(labelsOf(g.Labels))}
		if len(g.MutedBy) > 0 {
			section.Muted = mutedBecause(g.MutedBy)
		}
		for _, a := range g.Alerts {
			by, inhibited := web.o.Pipeline.InhibitedBy(a.Labels, r.now)
			if !inhibited && section.Muted == "" {
				told[a.Fingerprint()] = true
			}
			if !show.take() {
				continue
			}
			c := web.notifiedCard(r, a)
			switch {
			case inhibited:
				c.State, c.Why = stateInhibited, inhibitedBecause(firing, by)
			case section.Muted != "":
				c.State = stateMuted // the group says why
			default:
				c.State = stateFiring
			}
			section.Alerts = append(section.Alerts, c)
		}
		if len(section.Alerts) > 0 {
			bySeverity(section.Alerts)
			d.addGroup(g.Receiver, section)
		}
	}
	d.Firing, d.Suppressed = len(firing), len(firing)-len(told)
}

// addGroup adds a group to the section of its receiver, the last one or a new
// one.
func (d *overviewData) addGroup(receiver string, g groupSection) {
	if n := len(d.Receivers); n == 0 || d.Receivers[n-1].Name != receiver {
		d.Receivers = append(d.Receivers, receiverSection{Name: receiver, Anchor: anchor(receiver)})
	}
	last := &d.Receivers[len(d.Receivers)-1]
	last.Groups = append(last.Groups, g)
}

// anchor is what the links of notifications have behind the #, as
// Alertmanager's templates write it. It comes to us only as the name of a place
// in the page.
func anchor(receiver string) string {
	return "/alerts?receiver=" + template.URLQueryEscaper(receiver)
}

// addRules counts the rules, and adds the alerts that are pending: no receiver
// has them yet.
func (web *Web) addRules(r *request, d *overviewData, show *rows) {
	firing := 0
	groups := web.o.Rules()
	d.RuleGroups = len(groups)
	for _, g := range groups {
		d.Rules += len(g.Rules)
		for i := range g.Rules {
			rl := &g.Rules[i]
			if rl.Health == rule.HealthBad {
				d.BadRules++
			}
			for j := range rl.Alerts {
				if rl.Alerts[j].State == rule.StateFiring {
					firing++
				} else if show.take() {
					d.Pending = append(d.Pending, ruleCard(r, rl.Query, &rl.Alerts[j]))
				}
			}
		}
	}
	bySeverity(d.Pending)
	if d.Firing == 0 {
		d.Unsent = firing
	}
}

func (web *Web) addTargets(d *overviewData) {
	for _, targets := range web.o.Targets.TargetsActive() {
		for _, t := range targets {
			switch t.Health() {
			case scrape.HealthGood:
				d.TargetsUp++
			case scrape.HealthBad:
				d.TargetsDown++
			default:
				d.TargetsNew++
			}
		}
	}
}

// Headline says the most important in one line.
func (d *overviewData) Headline() string {
	switch {
	case d.Firing == 0 && d.Unsent == 0:
		return "Nothing fires."
	case d.Firing == 0:
		return fmt.Sprintf("%s, but no receiver has been given %s.", firingText(d.Unsent), itOrThem(d.Unsent))
	case d.Suppressed == 0:
		return firingText(d.Firing) + "."
	case d.Suppressed == d.Firing:
		return fmt.Sprintf("%s, and nobody is told of %s.", firingText(d.Firing), itOrThem(d.Firing))
	default:
		return fmt.Sprintf("%s; nobody is told of %d.", firingText(d.Firing), d.Suppressed)
	}
}

// Mood is how the headline is shown.
func (d *overviewData) Mood() string {
	if d.Firing+d.Unsent > 0 {
		return stateFiring
	}
	return "good"
}

func firingText(n int) string {
	if n == 1 {
		return "1 alert is firing"
	}
	return fmt.Sprintf("%d alerts are firing", n)
}

func itOrThem(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
