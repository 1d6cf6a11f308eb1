package web

import (
	"fmt"
	"maps"
	"net/url"
	"slices"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
)

// selection is which of the alerts that fire the overview is to show. Its zero value
// is all of them.
type selection struct {
	Receiver string // by name; empty for all
	State    string // empty for all
	Filter   string // matchers, as they were given
	Error    string // what is wrong with the request; all is shown then

	matchers labels.Matchers
	alert    model.Fingerprint // 0 for all
	others   url.Values        // what was chosen but the state
}

var presentStates = []string{stateFiring, stateSilenced, stateInhibited, stateMuted}

// readSelection reads the choice from the address. With an error, all is chosen.
func readSelection(r *request) selection {
	query := r.URL.Query()
	s := selection{
		Receiver: query.Get("receiver"),
		State:    query.Get("state"),
		Filter:   query.Get("filter"),
		others:   url.Values{},
	}
	for _, name := range []string{"receiver", "filter", "alert"} {
		if v := query.Get(name); v != "" {
			s.others.Set(name, v)
		}
	}
	if s.State != "" && !slices.Contains(presentStates, s.State) {
		return selection{Error: fmt.Sprintf("There is no state %q. Known are: %s.", clip(s.State), joinQuoted(presentStates))}
	}
	var err error
	if s.matchers, err = parseMatchers(s.Filter); err != nil {
		return selection{Filter: s.Filter, Error: "The filter cannot be read: " + err.Error()}
	}
	if id := query.Get("alert"); id != "" {
		if s.alert, err = model.FingerprintFromString(id); err != nil {
			return selection{Error: fmt.Sprintf("%q is not the fingerprint of an alert.", clip(id))}
		}
	}
	return s
}

// Empty reports whether nothing is chosen, and so all is shown.
func (s selection) Empty() bool { return s.State == "" && len(s.others) == 0 }

// takes reports whether the alert is chosen where this receiver has it, whatever its
// state.
func (s selection) takes(receiver string, a *presentAlert) bool {
	return (s.Receiver == "" || s.Receiver == receiver) &&
		(s.alert == 0 || s.alert == a.fingerprint) &&
		s.matchers.Matches(a.Labels)
}

// tabs are the states to choose from. An alert can have one state in one group and
// another in the next.
func (s selection) tabs(r *request, chosen map[string]map[model.Fingerprint]bool) []tab {
	all := make(map[model.Fingerprint]bool)
	counts := make(map[string]int)
	for state, alerts := range chosen {
		maps.Copy(all, alerts)
		counts[state] = len(alerts)
	}
	tabs := tabsOf(r, "", "state", s.State, presentStates, counts, s.others)
	tabs[0].Count = len(all)
	return tabs
}

// Narrow reports whether something else than a state is chosen.
func (s selection) Narrow() bool { return len(s.others) > 0 }

// One reports whether a single alert is chosen.
func (s selection) One() bool { return s.alert != 0 }
