package alertmanager

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/regexpbudget"
)

// filter is what a request for alerts or groups asks for.
type filter struct {
	active, silenced, inhibited bool // include alerts that are
	muted                       bool // include groups that are
	matchers                    labels.Matchers
	receiver                    *regexp.Regexp  // nil: any
	receiverMatchers            labels.Matchers // on the receiver's labels
	receiverLabels              map[string]model.LabelSet
}

// newFilter reads the parameters. unprocessed is accepted and means nothing, as
// it always has.
func newFilter(q url.Values, c *config.Config) (*filter, error) {
	f := &filter{
		active:         boolean(q, "active"),
		silenced:       boolean(q, "silenced"),
		inhibited:      boolean(q, "inhibited"),
		muted:          boolean(q, "muted"),
		receiverLabels: make(map[string]model.LabelSet, len(c.Receivers)),
	}
	var err error
	if f.matchers, err = parseMatchers(q["filter"]); err != nil {
		return nil, err
	}
	if expr := last(q["receiver"]); expr != "" {
		if f.receiver, err = compileReceiver("^(?:" + expr + ")$"); err != nil {
			return nil, fmt.Errorf("failed to parse receiver param: %w", err)
		}
	}
	if f.receiverMatchers, err = receiverMatchers(q); err != nil {
		return nil, err
	}
	for i := range c.Receivers {
		f.receiverLabels[c.Receivers[i].Name] = receiverLabels(&c.Receivers[i])
	}
	return f, nil
}

func compileReceiver(expr string) (*regexp.Regexp, error) {
	var budget regexpbudget.Budget
	if err := budget.Spend(expr); err != nil {
		return nil, err
	}
	return regexp.Compile(expr)
}

func receiverMatchers(q url.Values) (labels.Matchers, error) {
	ms, err := parseMatchers(q["receiver_matchers"])
	if err != nil {
		return nil, fmt.Errorf("failed to parse receiver_matchers param: %w", err)
	}
	return ms, nil
}

func parseMatchers(exprs []string) (labels.Matchers, error) {
	ms := make(labels.Matchers, 0, len(exprs))
	var budget regexpbudget.Budget
	for _, expr := range exprs {
		m, err := compat.Matcher(expr, "api")
		if err != nil {
			return nil, err
		}
		if m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp {
			if err := budget.Spend(m.Value); err != nil {
				return nil, err
			}
		}
		ms = append(ms, m)
	}
	return ms, nil
}

// boolean reads a parameter that is true unless it is given and not empty. What
// counts as true then is what clients have been able to rely on.
func boolean(q url.Values, name string) bool {
	value := last(q[name])
	if value == "" {
		return true
	}
	return slices.Contains([]string{"true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"}, strings.ToLower(value))
}

// last returns the last of several values: that is the one that counts.
func last(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// labelsMatch says whether all matchers match. Unlike elsewhere, a label that is
// there with an empty value counts as being there: receivers can have such.
func labelsMatch(ms labels.Matchers, ls model.LabelSet) bool {
	for _, m := range ms {
		value, ok := ls[model.LabelName(m.Name)]
		negative := m.Type == labels.MatchNotEqual || m.Type == labels.MatchNotRegexp
		if m.Value == "" && ok && negative {
			continue
		}
		if !m.Matches(string(value)) {
			return false
		}
	}
	return true
}

// wantsReceiver says whether the request asks for this receiver.
func (f *filter) wantsReceiver(name string) bool {
	if f.receiver != nil && !f.receiver.MatchString(name) {
		return false
	}
	return labelsMatch(f.receiverMatchers, f.receiverLabels[name])
}

// wantsReceivers says whether one of the receivers has the name that is asked
// for, and one of them the labels.
func (f *filter) wantsReceivers(names []string) bool {
	named := f.receiver == nil || slices.ContainsFunc(names, f.receiver.MatchString)
	return named && (len(f.receiverMatchers) == 0 || slices.ContainsFunc(names, func(name string) bool {
		return labelsMatch(f.receiverMatchers, f.receiverLabels[name])
	}))
}

// wantsAlert says whether the request asks for an alert with these labels that
// is current: resolved ones are not shown.
func (f *filter) wantsAlert(a *alert.Alert, at time.Time) bool {
	return (a.EndsAt.IsZero() || !a.EndsAt.Before(at)) && f.matchers.Matches(a.Labels)
}

// wantsState says whether the request asks for alerts that are muted like this.
// One that is silenced and inhibited must be wanted as both.
func (f *filter) wantsState(m mutes) bool {
	if len(m.silencedBy) == 0 && len(m.inhibitedBy) == 0 {
		return f.active
	}
	return (f.silenced || len(m.silencedBy) == 0) && (f.inhibited || len(m.inhibitedBy) == 0)
}

// receiverLabels returns the labels of a receiver; the name is always one.
func receiverLabels(r *config.Receiver) model.LabelSet {
	ls := make(model.LabelSet, len(r.Labels))
	for name, value := range r.Labels {
		ls[model.LabelName(name)] = model.LabelValue(value)
	}
	return ls
}
