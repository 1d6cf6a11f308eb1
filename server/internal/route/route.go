// Package route decides where an alert goes: the routing tree of the
// configuration, which leads from an alert's labels to the routes that take it,
// and from a route to the group that the alert belongs to.
//
// Routes are immutable once built. Their keys, and those of groups, are the
// strings that Alertmanager writes for the same configuration: receivers
// deduplicate by them and the notification log is keyed by them.
package route

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
)

// The timing of a route that sets none and inherits none.
const (
	DefaultGroupWait      = 30 * time.Second
	DefaultGroupInterval  = 5 * time.Minute
	DefaultRepeatInterval = 4 * time.Hour
)

// Route is one node of the routing tree with all that it inherits filled in.
type Route struct {
	// Receiver names who is told.
	Receiver string
	// GroupBy names the labels that tell groups apart, sorted; GroupByAll means
	// all labels that an alert has.
	GroupBy    []model.LabelName
	GroupByAll bool
	// GroupWait is how long a new group collects before it is first flushed,
	// GroupInterval the time between flushes, RepeatInterval the time after
	// which an unchanged notification is sent again.
	GroupWait, GroupInterval, RepeatInterval time.Duration
	// MuteTimeIntervals and ActiveTimeIntervals name the time intervals of this
	// node; they are not inherited.
	MuteTimeIntervals, ActiveTimeIntervals []string
	// Labels are the route labels, own and inherited, not yet expanded.
	Labels model.LabelSet
	// Matchers must all match an alert for the node to take it; sorted.
	Matchers labels.Matchers
	// Continue lets later siblings see an alert that this node took.
	Continue bool
	// Routes are the children, in the order of the file.
	Routes []*Route

	key, id string
}

// New builds the tree below the root route of a loaded configuration.
func New(root *config.Route) (*Route, error) {
	return build(root, &Route{
		GroupWait:      DefaultGroupWait,
		GroupInterval:  DefaultGroupInterval,
		RepeatInterval: DefaultRepeatInterval,
	}, func(matchers string) (key, id string) { return matchers, matchers })
}

// build makes the node for c, which inherits from parent. name gives the node's
// key and ID from the text of its matchers.
func build(c *config.Route, parent *Route, name func(matchers string) (key, id string)) (*Route, error) {
	r := inherit(c, parent)
	matchers, err := allMatchers(c)
	if err != nil {
		return nil, err
	}
	r.Matchers = matchers
	r.key, r.id = name(matchers.String())

	for i, child := range c.Routes {
		cr, err := build(child, r, func(matchers string) (key, id string) {
			return r.key + "/" + matchers, r.id + "/" + matchers + "/" + strconv.Itoa(i)
		})
		if err != nil {
			return nil, err
		}
		r.Routes = append(r.Routes, cr)
	}
	return r, nil
}

// inherit returns a node with the settings of c over those of its parent.
func inherit(c *config.Route, parent *Route) *Route {
	r := &Route{
		Receiver:            parent.Receiver,
		GroupBy:             parent.GroupBy,
		GroupByAll:          parent.GroupByAll,
		GroupWait:           parent.GroupWait,
		GroupInterval:       parent.GroupInterval,
		RepeatInterval:      parent.RepeatInterval,
		Labels:              parent.Labels,
		MuteTimeIntervals:   c.MuteTimeIntervals,
		ActiveTimeIntervals: c.ActiveTimeIntervals,
		Continue:            c.Continue,
	}
	if c.Receiver != "" {
		r.Receiver = c.Receiver
	}
	switch {
	case c.GroupBy != nil: // an empty list is a choice: one group for all
		r.GroupBy, r.GroupByAll = slices.Sorted(slices.Values(c.GroupBy)), false
	case c.GroupByAll:
		r.GroupBy, r.GroupByAll = nil, true
	}
	if c.GroupWait != nil {
		r.GroupWait = time.Duration(*c.GroupWait)
	}
	if c.GroupInterval != nil {
		r.GroupInterval = time.Duration(*c.GroupInterval)
	}
	if c.RepeatInterval != nil {
		r.RepeatInterval = time.Duration(*c.RepeatInterval)
	}
	if len(c.Labels) > 0 {
		merged := make(model.LabelSet, len(parent.Labels)+len(c.Labels))
		maps.Copy(merged, parent.Labels)
		maps.Copy(merged, c.Labels)
		r.Labels = merged
	}
	return r
}

// allMatchers collects the three ways in which the file can say what matches.
func allMatchers(c *config.Route) (labels.Matchers, error) {
	ms := slices.Clone(labels.Matchers(c.Matchers))
	add := func(t labels.MatchType, name, value string) error {
		m, err := labels.NewMatcher(t, name, value)
		if err != nil {
			return fmt.Errorf("route to receiver %q: matcher on label %q: %w", c.Receiver, name, err)
		}
		ms = append(ms, m)
		return nil
	}
	for name, value := range c.Match {
		if err := add(labels.MatchEqual, name, value); err != nil {
			return nil, err
		}
	}
	for name, re := range c.MatchRE {
		if err := add(labels.MatchRegexp, name, re.String()); err != nil {
			return nil, err
		}
	}
	sort.Sort(ms)
	return ms, nil
}

// Match returns the routes that take an alert with these labels: depth first,
// children before their parent, a parent only if no child took it, and nothing
// after the first sibling that took it unless that one says Continue.
func (r *Route) Match(ls model.LabelSet) []*Route {
	return r.match(ls, nil)
}

func (r *Route) match(ls model.LabelSet, found []*Route) []*Route {
	if !r.Matchers.Matches(ls) {
		return found
	}
	before := len(found)
	for _, child := range r.Routes {
		n := len(found)
		found = child.match(ls, found)
		if len(found) > n && !child.Continue {
			break
		}
	}
	if len(found) == before {
		found = append(found, r)
	}
	return found
}

// GroupLabels returns the labels that name the group of an alert on this route.
func (r *Route) GroupLabels(ls model.LabelSet) model.LabelSet {
	if r.GroupByAll {
		return maps.Clone(ls)
	}
	group := make(model.LabelSet, len(r.GroupBy))
	for _, name := range r.GroupBy {
		if value, ok := ls[name]; ok {
			group[name] = value
		}
	}
	return group
}

// Key returns the matchers on the way from the root. Two routes can share a key.
func (r *Route) Key() string { return r.key }

// ID is like Key but tells siblings with equal matchers apart by their position.
func (r *Route) ID() string { return r.id }

// GroupKey returns the key of the group with these labels on this route.
func (r *Route) GroupKey(group model.LabelSet) string {
	return r.key + ":" + group.String()
}

// All yields the node and everything below it, parents first.
func (r *Route) All() iter.Seq[*Route] {
	return func(yield func(*Route) bool) { r.walk(yield) }
}

func (r *Route) walk(yield func(*Route) bool) bool {
	if !yield(r) {
		return false
	}
	for _, child := range r.Routes {
		if !child.walk(yield) {
			return false
		}
	}
	return true
}
