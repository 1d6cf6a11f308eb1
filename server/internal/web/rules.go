package web

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/rule"
	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// ruleView is a rule as the pages show it.
type ruleView struct {
	rule.Status
	Group         string
	File          string
	Link          string // to the present result of its expression
	ForText       string // empty for none, as is the next
	KeepText      string
	LabelPairs    []pair
	Evaluated     moment
	Took          string
	Cards         []alertCard
	AlertsLeftOut int
}

func newRuleView(r *request, g *rule.GroupStatus, s rule.Status) ruleView {
	v := ruleView{
		Status:     s,
		Group:      g.Name,
		File:       g.File,
		Link:       r.graphLink(s.Query),
		LabelPairs: pairs(s.Labels),
		Evaluated:  at(s.LastEvaluation, r.now),
		Took:       took(s.EvaluationTime),
	}
	if s.For > 0 {
		v.ForText = model.Duration(s.For).String()
	}
	if s.KeepFiringFor > 0 {
		v.KeepText = model.Duration(s.KeepFiringFor).String()
	}
	return v
}

// AnnotationPairs are the annotations as they are written, not yet expanded.
func (v ruleView) AnnotationPairs() []pair { return linked(pairs(v.Annotations)) }

// choice reads which of the values a page is to show; empty for all. It makes
// the tabs to choose from, which keep what else is chosen.
func choice(r *request, page, param string, values []string, counts map[string]int, others url.Values) (chosen string, tabs []tab, ok bool) {
	chosen = r.URL.Query().Get(param)
	if chosen != "" && !slices.Contains(values, chosen) {
		return "", nil, false
	}
	return chosen, tabsOf(r, page, param, chosen, values, counts, others), true
}

// tabsOf makes the tabs to choose a value from: first all, then each.
func tabsOf(r *request, page, param, chosen string, values []string, counts map[string]int, others url.Values) []tab {
	link := func(value string) string {
		params := url.Values{}
		maps.Copy(params, others)
		if value != "" {
			params.Set(param, value)
		}
		if len(params) == 0 {
			return r.base + page
		}
		return r.base + page + "?" + params.Encode()
	}
	tabs := []tab{{Text: "all", Href: link(""), Current: chosen == ""}}
	for _, v := range values {
		tabs[0].Count += counts[v]
		tabs = append(tabs, tab{Text: v, Href: link(v), Count: counts[v], Current: v == chosen})
	}
	return tabs
}

// noChoice answers a value that choice does not know.
func noChoice(r *request, param string, values []string) content {
	return problem(http.StatusBadRequest, fmt.Sprintf("There is no %s %q. Known are: %s.",
		param, clip(r.URL.Query().Get(param)), joinQuoted(values)))
}

type alertsData struct {
	Tabs    []tab
	Rules   []ruleView
	LeftOut int
}

var ruleStates = []string{string(rule.StateFiring), string(rule.StatePending), string(rule.StateInactive), string(rule.StateUnknown)}

// alerts shows every alerting rule, those that fire first.
func (web *Web) alerts(r *request) content {
	var all []ruleView
	counts := make(map[string]int)
	for _, g := range web.o.Rules() {
		for _, s := range g.Rules {
			if s.Kind == definition.KindAlerting {
				counts[string(s.State)]++
				all = append(all, newRuleView(r, &g, s))
			}
		}
	}
	state, tabs, ok := choice(r, "alerts", "state", ruleStates, counts, nil)
	if !ok {
		return noChoice(r, "state", ruleStates)
	}
	slices.SortStableFunc(all, func(a, b ruleView) int {
		return cmp.Compare(slices.Index(ruleStates, string(a.State)), slices.Index(ruleStates, string(b.State)))
	})

	d := &alertsData{Tabs: tabs}
	showRules, showAlerts := rows{left: maxRows}, rows{left: maxRows}
	for _, v := range all {
		if state != "" && state != string(v.State) || !showRules.take() {
			continue
		}
		for i := range v.Alerts {
			if showAlerts.take() {
				v.Cards = append(v.Cards, ruleCard(r, v.Query, &v.Alerts[i]))
			} else {
				v.AlertsLeftOut++
			}
		}
		slices.SortStableFunc(v.Cards, func(a, b alertCard) int { return cmp.Compare(a.State, b.State) }) // firing, pending
		d.Rules = append(d.Rules, v)
	}
	d.LeftOut = showRules.LeftOut
	return content{template: "alerts", title: "Alerts", data: d}
}

type rulesData struct {
	Tabs    []tab
	Groups  []groupView
	LeftOut int
}

// groupView is a group of rules, with those of its rules that are shown.
type groupView struct {
	Name      string
	File      string
	Interval  string
	Limit     int
	Offset    string // of the queries; empty for none
	Evaluated moment
	Took      string
	Rules     []ruleView
}

var ruleHealths = []string{string(rule.HealthBad), string(rule.HealthGood), string(rule.HealthUnknown)}

// rules shows all groups.
func (web *Web) rules(r *request) content {
	groups := web.o.Rules()
	counts := make(map[string]int)
	for _, g := range groups {
		for _, s := range g.Rules {
			counts[string(s.Health)]++
		}
	}
	health, tabs, ok := choice(r, "rules", "health", ruleHealths, counts, nil)
	if !ok {
		return noChoice(r, "health", ruleHealths)
	}

	d := &rulesData{Tabs: tabs}
	show := rows{left: maxRows}
	for _, g := range groups {
		v := groupView{
			Name: g.Name, File: g.File, Limit: g.Limit,
			Interval:  model.Duration(g.Interval).String(),
			Evaluated: at(g.LastEvaluation, r.now),
			Took:      took(g.EvaluationTime),
		}
		if g.QueryOffset > 0 {
			v.Offset = model.Duration(g.QueryOffset).String()
		}
		for _, s := range g.Rules {
			if (health == "" || health == string(s.Health)) && show.take() {
				v.Rules = append(v.Rules, newRuleView(r, &g, s))
			}
		}
		if len(v.Rules) > 0 {
			d.Groups = append(d.Groups, v)
		}
	}
	d.LeftOut = show.LeftOut
	return content{template: "rules", title: "Rules", data: d}
}
