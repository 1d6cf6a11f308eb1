package simulate

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"

	"github.com/cresset-metrics/cresset/server/internal/rule"
	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// RuleUse is what tests made of one rule.
type RuleUse struct {
	File  string          `json:"file"`
	Group string          `json:"group"`
	Index int             `json:"index"` // in its group, from 0
	Kind  definition.Kind `json:"kind"`
	Name  string          `json:"name"`

	Recorded bool `json:"recorded"` // a recording rule: it gave a sample
	Pending  bool `json:"pending"`  // an alerting rule: an alert of it was pending
	Fired    bool `json:"fired"`    // an alerting rule: an alert of it fired
	Asserted bool `json:"asserted"` // an alerting rule: a test that loads it compares alerts of its name
}

// Missing says what no test did to the rule, in words; it is empty when the rule
// is covered: a recording rule by a sample, an alerting rule by an alert
// that fires, and by a test that compares its alerts.
func (u RuleUse) Missing() string {
	switch {
	case u.Kind == definition.KindRecording:
		if u.Recorded {
			return ""
		}
		return "never gives a sample"
	case !u.Fired && !u.Pending && !u.Asserted:
		return "never pending, never firing, not compared"
	case !u.Fired && !u.Pending:
		return "never pending, never firing"
	case !u.Fired && !u.Asserted:
		return "pending, never firing, not compared"
	case !u.Fired:
		return "pending, never firing"
	case !u.Asserted:
		return "fires, but no test compares its alerts"
	}
	return ""
}

// Coverage returns what the tests of all files together made of the rules that
// they load, by file and group, rules in their order.
func Coverage(files []*File) []RuleUse {
	type key struct {
		file, group string
		index       int
	}
	all := make(map[key]*RuleUse)
	for _, f := range files {
		for _, t := range f.Tests {
			for _, u := range t.uses {
				k := key{u.File, u.Group, u.Index}
				sum := all[k]
				if sum == nil {
					sum = &RuleUse{File: u.File, Group: u.Group, Index: u.Index, Kind: u.Kind, Name: u.Name}
					all[k] = sum
				}
				sum.Recorded = sum.Recorded || u.Recorded
				sum.Pending = sum.Pending || u.Pending
				sum.Fired = sum.Fired || u.Fired
				sum.Asserted = sum.Asserted || u.Asserted
			}
		}
	}
	uses := make([]RuleUse, 0, len(all))
	for _, u := range all {
		uses = append(uses, *u)
	}
	slices.SortFunc(uses, func(a, b RuleUse) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Index, b.Index))
	})
	return uses
}

// coverage is what one test makes of the rules.
type coverage struct {
	rules  []RuleUse
	groups map[groupName][]int // indices into rules, in the order of the group
	labels []labels.Labels     // of rules, as defined

	mu      sync.Mutex // guards current, and what samples say of rules
	current []int      // recording rules of the group under evaluation that gave nothing yet
}

// add notes the rules that a test loads.
func (c *coverage) add(files []*definition.File, item *testItem) {
	c.groups = make(map[groupName][]int)
	for _, f := range files {
		for _, g := range f.Groups {
			name := groupName{f.Path, g.Name}
			for i, r := range g.Rules {
				c.groups[name] = append(c.groups[name], len(c.rules))
				c.labels = append(c.labels, r.Labels)
				c.rules = append(c.rules, RuleUse{
					File: f.Path, Group: g.Name, Index: i, Kind: r.Kind, Name: r.Name,
					Asserted: r.Kind == definition.KindAlerting && slices.ContainsFunc(item.AlertRuleTest, func(a alertItem) bool { return a.Alertname == r.Name }),
				})
			}
		}
	}
}

// evaluating tells which group the samples belong to that are stored from now on.
func (c *coverage) evaluating(g groupName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = c.current[:0]
	for _, i := range c.groups[g] {
		if r := &c.rules[i]; r.Kind == definition.KindRecording && !r.Recorded {
			c.current = append(c.current, i)
		}
	}
}

// recorded notes a sample of the group under evaluation. It counts for the rules
// whose name and labels it has.
func (c *coverage) recorded(ls labels.Labels) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.current) == 0 {
		return
	}
	name := ls.Get(model.MetricNameLabel)
	c.current = slices.DeleteFunc(c.current, func(i int) bool {
		if c.rules[i].Name != name {
			return false
		}
		matches := true
		c.labels[i].Range(func(l labels.Label) { matches = matches && ls.Get(l.Name) == l.Value })
		if matches {
			c.rules[i].Recorded = true
		}
		return matches
	})
}

// saw notes the alerts that are there after an evaluation.
func (c *coverage) saw(groups []rule.GroupStatus) {
	for _, g := range groups {
		for i, at := range c.groups[groupName{g.File, g.Name}] {
			switch g.Rules[i].State {
			case rule.StateFiring:
				c.rules[at].Fired = true
			case rule.StatePending:
				c.rules[at].Pending = true
			}
		}
	}
}

// watched is a storage whose samples are noted.
type watched struct {
	*memory
	used *coverage
}

// AppenderV2 starts a batch of samples.
func (w watched) AppenderV2(ctx context.Context) storage.AppenderV2 {
	return watchedAppender{w.memory.AppenderV2(ctx), w.used}
}

type watchedAppender struct {
	storage.AppenderV2
	used *coverage
}

func (a watchedAppender) Append(ref storage.SeriesRef, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, o storage.AOptions) (storage.SeriesRef, error) {
	if !value.IsStaleNaN(v) {
		a.used.recorded(ls)
	}
	return a.AppenderV2.Append(ref, ls, st, t, v, h, fh, o)
}
