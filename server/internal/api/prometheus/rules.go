package prometheus

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/cresset-metrics/cresset/server/internal/rule"
	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

type ruleGroup struct {
	Name           text      `json:"name"`
	File           text      `json:"file"`
	Rules          []any     `json:"rules"`    // alertingRule or recordingRule, in order of evaluation
	Interval       float64   `json:"interval"` // seconds, as all durations here
	Limit          int       `json:"limit"`
	EvaluationTime float64   `json:"evaluationTime"`
	LastEvaluation time.Time `json:"lastEvaluation"`
}

type alertingRule struct {
	State          rule.State      `json:"state"`
	Name           text            `json:"name"`
	Query          text            `json:"query"`
	Duration       float64         `json:"duration"`
	KeepFiringFor  float64         `json:"keepFiringFor"`
	Labels         labelSet        `json:"labels"`
	Annotations    labelSet        `json:"annotations"`
	Alerts         []activeAlert   `json:"alerts"` // null if the request excludes them
	Health         rule.Health     `json:"health"`
	LastError      text            `json:"lastError,omitempty"`
	EvaluationTime float64         `json:"evaluationTime"`
	LastEvaluation time.Time       `json:"lastEvaluation"`
	Type           definition.Kind `json:"type"`
}

type recordingRule struct {
	Name           text            `json:"name"`
	Query          text            `json:"query"`
	Labels         labelSet        `json:"labels"`
	Health         rule.Health     `json:"health"`
	LastError      text            `json:"lastError,omitempty"`
	EvaluationTime float64         `json:"evaluationTime"`
	LastEvaluation time.Time       `json:"lastEvaluation"`
	Type           definition.Kind `json:"type"`
}

type activeAlert struct {
	Labels          labelSet   `json:"labels"`
	Annotations     labelSet   `json:"annotations"`
	State           rule.State `json:"state"`
	ActiveAt        time.Time  `json:"activeAt"`
	KeepFiringSince time.Time  `json:"keepFiringSince,omitzero"`
	Value           string     `json:"value"`
}

func (a *API) alerts(*http.Request) (*answer, error) {
	all := []activeAlert{}
	for _, g := range a.o.Rules() {
		for _, r := range g.Rules {
			all = append(all, jsonAlerts(r.Alerts)...)
		}
	}
	return &answer{data: withLabels{map[string][]activeAlert{"alerts": all}}}, nil
}

func jsonAlerts(alerts []rule.ActiveAlert) []activeAlert {
	out := make([]activeAlert, len(alerts))
	for i, al := range alerts {
		out[i] = activeAlert{
			Labels:          labelSet(al.Labels),
			Annotations:     labelSet(al.Annotations),
			State:           al.State,
			ActiveAt:        al.ActiveAt,
			KeepFiringSince: al.KeepFiringSince,
			Value:           strconv.FormatFloat(al.Value, 'e', -1, 64),
		}
	}
	return out
}

// ruleFilter says which rules a request wants to see.
type ruleFilter struct {
	kind          definition.Kind // empty for both
	names         []string        // empty for all, as are groups and files
	groups        []string
	files         []string
	sets          [][]*labels.Matcher // on the labels that the rule is given; none for all
	excludeAlerts bool

	// Pages: at most limit groups, from the one whose token is next on.
	limit int // 0 is no limit
	next  string
}

func (a *API) readRuleFilter(r *http.Request) (ruleFilter, error) {
	f := ruleFilter{
		names:  r.Form["rule_name[]"],
		groups: r.Form["rule_group[]"],
		files:  r.Form["file[]"],
	}
	var err error
	if f.sets, err = matcherSets(a.o.Engine.Parser(), r); err != nil {
		return f, badRequest(err)
	}
	params := r.URL.Query()
	switch typ := strings.ToLower(params.Get("type")); typ {
	case "":
	case "alert":
		f.kind = definition.KindAlerting
	case "record":
		f.kind = definition.KindRecording
	default:
		return f, badParam("type", fmt.Errorf("not supported value %q", typ))
	}
	if s := strings.ToLower(params.Get("exclude_alerts")); s != "" {
		if f.excludeAlerts, err = strconv.ParseBool(s); err != nil {
			return f, badParam("exclude_alerts", fmt.Errorf("error converting exclude_alerts: %w", err))
		}
	}
	f.limit, f.next, err = readPage(params.Get("group_limit"), params.Get("group_next_token"))
	return f, err
}

func readPage(limit, next string) (int, string, error) {
	if limit == "" {
		if next != "" {
			return 0, "", badParam("group_next_token", errors.New("group_limit needs to be present in order to paginate over the groups"))
		}
		return 0, "", nil
	}
	n, err := strconv.ParseInt(limit, 10, 32)
	if err != nil {
		return 0, "", badParam("group_limit", fmt.Errorf("group_limit needs to be a valid number: %w", err))
	}
	if n <= 0 {
		return 0, "", badParam("group_limit", errors.New("group_limit needs to be greater than 0"))
	}
	return int(n), next, nil
}

func (f *ruleFilter) wantsGroup(g *rule.GroupStatus) bool {
	return (len(f.groups) == 0 || slices.Contains(f.groups, g.Name)) &&
		(len(f.files) == 0 || slices.Contains(f.files, g.File))
}

func (f *ruleFilter) wantsRule(r *rule.Status) bool {
	return (f.kind == "" || f.kind == r.Kind) &&
		(len(f.names) == 0 || slices.Contains(f.names, r.Name)) &&
		(len(f.sets) == 0 || slices.ContainsFunc(f.sets, func(set []*labels.Matcher) bool { return matchesAll(r.Labels, set) }))
}

func (a *API) rules(r *http.Request) (*answer, error) {
	if err := formError(r); err != nil {
		return nil, err
	}
	f, err := a.readRuleFilter(r)
	if err != nil {
		return nil, err
	}
	groups := a.o.Rules()
	if f.next != "" {
		first := slices.IndexFunc(groups, func(g rule.GroupStatus) bool { return pageToken(&g) == f.next })
		if first < 0 {
			return nil, badParam("group_next_token", fmt.Errorf("invalid group_next_token '%v'. were rule groups changed?", f.next))
		}
		groups = groups[first:]
	}
	res := struct {
		Groups []ruleGroup `json:"groups"`
		Next   string      `json:"groupNextToken,omitempty"`
	}{Groups: []ruleGroup{}}
	for i := range groups {
		g := &groups[i]
		if !f.wantsGroup(g) {
			continue
		}
		rules := f.jsonRules(g)
		if len(rules) == 0 {
			continue
		}
		if f.limit > 0 && len(res.Groups) == f.limit {
			res.Next = pageToken(g)
			break
		}
		res.Groups = append(res.Groups, ruleGroup{
			Name:           text(g.Name),
			File:           text(g.File),
			Rules:          rules,
			Interval:       g.Interval.Seconds(),
			Limit:          g.Limit,
			EvaluationTime: g.EvaluationTime.Seconds(),
			LastEvaluation: g.LastEvaluation,
		})
	}
	return &answer{data: withLabels{res}}, nil
}

// pageToken names a group for a later request.
func pageToken(g *rule.GroupStatus) string {
	sum := sha256.Sum256([]byte(g.File + ";" + g.Name))
	return hex.EncodeToString(sum[:])
}

// jsonRules are the rules of g that the request wants.
func (f *ruleFilter) jsonRules(g *rule.GroupStatus) []any {
	var out []any
	for i := range g.Rules {
		r := &g.Rules[i]
		if !f.wantsRule(r) {
			continue
		}
		if r.Kind == definition.KindRecording {
			out = append(out, recordingRule{
				Name:           text(r.Name),
				Query:          text(r.Query),
				Labels:         labelSet(r.Labels),
				Health:         r.Health,
				LastError:      text(r.LastError),
				EvaluationTime: r.EvaluationTime.Seconds(),
				LastEvaluation: r.LastEvaluation,
				Type:           r.Kind,
			})
			continue
		}
		var alerts []activeAlert
		if !f.excludeAlerts {
			alerts = jsonAlerts(r.Alerts)
		}
		out = append(out, alertingRule{
			State:          r.State,
			Name:           text(r.Name),
			Query:          text(r.Query),
			Duration:       r.For.Seconds(),
			KeepFiringFor:  r.KeepFiringFor.Seconds(),
			Labels:         labelSet(r.Labels),
			Annotations:    labelSet(r.Annotations),
			Alerts:         alerts,
			Health:         r.Health,
			LastError:      text(r.LastError),
			EvaluationTime: r.EvaluationTime.Seconds(),
			LastEvaluation: r.LastEvaluation,
			Type:           r.Kind,
		})
	}
	return out
}
