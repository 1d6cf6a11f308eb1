package web

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/scrape"

	"github.com/cresset-metrics/cresset/server/internal/dispatch"
	"github.com/cresset-metrics/cresset/server/internal/rule"
)

// overviewData is what fires now, as it was notified: by receiver and group.
type overviewData struct {
	Firing     int // different alerts, those included that nobody is told of
	Suppressed int // of these
	Unsent     int // fire in our rules, while no receiver has any alert
	Choice     selection
	Tabs       []tab // by state
	Receivers  []receiverSection
	Pending    []alertCard
	LeftOut    int // alerts that are not shown

	Rules    *ruleCounts // nil if there are none to count, as are the next
	Targets  *targetCounts
	Silences *silenceCounts
}

type ruleCounts struct{ All, Groups, Bad int }

type targetCounts struct{ Up, Down, New int } // New: not scraped yet

type receiverSection struct {
	Name   string
	Link   string // to this receiver alone
	Anchor string
	Groups []groupSection
}

type groupSection struct {
	Labels  []pair
	Muted   string // why, if it is
	Silence string // link to a new silence of the group; empty if there is none
	Alerts  []alertCard
}

func (web *Web) overview(r *request) content {
	c := content{template: "overview", script: true}
	d := &overviewData{Choice: readSelection(r)}
	if d.Choice.Error != "" {
		c.status = http.StatusBadRequest
	}
	p := web.present(r)
	show := &rows{left: maxRows}
	web.addGroups(r, d, p, show)
	if web.o.Rules != nil {
		web.addRules(r, d, show)
	}
	if web.o.Targets != nil {
		d.Targets = web.countTargets()
	}
	if web.o.Silences != nil {
		d.Silences = web.countSilences(r)
	}
	d.LeftOut = show.LeftOut

	c.title, c.data = "Nothing fires", d
	if n := max(d.Firing, d.Unsent); n > 0 {
		c.title = fmt.Sprintf("%d firing", n)
	}
	return c
}

// addGroups adds what fires and is chosen, by receiver, and counts all of it.
func (web *Web) addGroups(r *request, d *overviewData, p *present, show *rows) {
	told := make(map[model.Fingerprint]bool)              // alerts that somebody is told of
	chosen := make(map[string]map[model.Fingerprint]bool) // by state
	for _, state := range presentStates {
		chosen[state] = make(map[model.Fingerprint]bool)
	}
	for _, g := range p.groups {
		var cards []alertCard
		for _, a := range g.Alerts {
			pa := p.alerts[a.Fingerprint()]
			state := pa.state(g.MutedBy)
			if state == stateFiring {
				told[pa.fingerprint] = true
			}
			if !d.Choice.takes(g.Receiver, pa) {
				continue
			}
			chosen[state][pa.fingerprint] = true
			if (d.Choice.State == "" || d.Choice.State == state) && show.take() {
				cards = append(cards, web.notifiedCard(r, p, pa, state))
			}
		}
		if len(cards) > 0 {
			bySeverity(cards)
			d.addGroup(r, g.Receiver, web.groupSection(r, g, cards))
		}
	}
	d.Firing, d.Suppressed = len(p.alerts), len(p.alerts)-len(told)
	d.Tabs = d.Choice.tabs(r, chosen)
}

func (web *Web) groupSection(r *request, g *dispatch.Group, cards []alertCard) groupSection {
	section := groupSection{Labels: pairs(labelsOf(g.Labels)), Silence: web.silenceLink(r, g.Labels), Alerts: cards}
	if len(g.MutedBy) > 0 {
		section.Muted = mutedBecause(g.MutedBy)
	}
	return section
}

// addGroup adds a group to the section of its receiver, the last one or a new
// one.
func (d *overviewData) addGroup(r *request, receiver string, g groupSection) {
	if n := len(d.Receivers); n == 0 || d.Receivers[n-1].Name != receiver {
		d.Receivers = append(d.Receivers, receiverSection{
			Name:   receiver,
			Link:   r.base + "?" + url.Values{"receiver": {receiver}}.Encode(),
			Anchor: anchor(receiver),
		})
	}
	last := &d.Receivers[len(d.Receivers)-1]
	last.Groups = append(last.Groups, g)
}

// anchor is what the links of notifications have behind the #, as
// Alertmanager's templates write it. It does not come to us: the script goes on to
// the page of the receiver, and without script it is the name of a place in this one.
func anchor(receiver string) string {
	return "/alerts?receiver=" + template.URLQueryEscaper(receiver)
}

// addRules counts the rules, and adds the alerts that are pending: no receiver
// has them yet.
func (web *Web) addRules(r *request, d *overviewData, show *rows) {
	firing := 0
	groups := web.o.Rules()
	n := &ruleCounts{Groups: len(groups)}
	for _, g := range groups {
		n.All += len(g.Rules)
		for i := range g.Rules {
			rl := &g.Rules[i]
			if rl.Health == rule.HealthBad {
				n.Bad++
			}
			for j := range rl.Alerts {
				if rl.Alerts[j].State == rule.StateFiring {
					firing++
				} else if d.Choice.Empty() && show.take() {
					d.Pending = append(d.Pending, ruleCard(r, rl.Query, &rl.Alerts[j]))
				}
			}
		}
	}
	bySeverity(d.Pending)
	if d.Firing == 0 {
		d.Unsent = firing
	}
	d.Rules = n
}

func (web *Web) countTargets() *targetCounts {
	n := &targetCounts{}
	for _, targets := range web.o.Targets.TargetsActive() {
		for _, t := range targets {
			switch t.Health() {
			case scrape.HealthGood:
				n.Up++
			case scrape.HealthBad:
				n.Down++
			default:
				n.New++
			}
		}
	}
	return n
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
