package differential_test

import (
	"slices"
	"strings"
	"testing"
)

// scenario is a program that shows one piece of the rules' behaviour.
type scenario struct {
	name string // area: behaviour
	program
	// shows are texts that must be found in what Prometheus showed, sent or
	// stored, so that the scenario is known to show what its name says.
	shows []string
}

// catalogue has, for each area, the scenarios that prove its behaviours.
var catalogue = map[string][]scenario{
	"scheduling": schedulingScenarios,
	"alerts":     alertScenarios,
	"series":     seriesScenarios,
	"reload":     reloadScenarios,
	"restoring":  restoringScenarios,
	"templates":  templateScenarios,
	"files":      fileScenarios,
}

func TestCatalogue(t *testing.T) {
	for _, area := range []string{"scheduling", "alerts", "series", "reload", "restoring", "templates", "files"} {
		for _, s := range catalogue[area] {
			t.Run(area+": "+s.name, func(t *testing.T) {
				r := check(t, &s.program)
				for _, text := range s.shows {
					if !slices.ContainsFunc(r.seen, func(line string) bool { return strings.Contains(line, text) }) {
						t.Errorf("%q did not come up: the scenario does not show what it is to show", text)
						if testing.Verbose() {
							t.Log(strings.Join(r.seen, "\n"))
						}
					}
				}
			})
		}
	}
}

// behaviours are what Prometheus' rules are known to do, line by line. Each has
// a scenario of the same name.
var behaviours = map[string][]string{
	"scheduling": {
		"slots", "missed iterations", "query offset of a group", "query offset of all groups", "interval of a group",
		"rules see what rules before them recorded", "the clock jumps ahead", "concurrent evaluation", "concurrent evaluation without slots", "a rule alone takes no slot", "concurrent evaluation of unknown dependencies",
	},
	"alerts": {
		"labels", "duplicates", "for", "pending alerts are forgotten", "keep_firing_for", "keep_firing_for starts again", "for is raised by a reload",
		"for is raised before it is sent again", "for is raised while kept firing", "for is lowered by a reload", "resolved retention", "resolved and back", "resolved and back before it is sent again", "resend", "resend with a long delay", "limit", "limit of a recording rule",
		"query errors keep the state", "histograms", "scalars", "query errors",
	},
	"series": {
		"ALERTS", "a label that expands to nothing", "stale on disappearance", "refused samples", "refused samples of alerts", "rule removed", "rule renamed", "group removed",
		"group removed and back", "group moved", "end without stale markers", "native histograms", "special values",
	},
	"reload": {
		"a bad file changes nothing", "equal groups run on", "expression", "annotations", "durations", "limit", "query offset", "interval",
		"labels of a recording rule", "labels of a rule that fails", "first with first", "order", "external labels", "settings for all groups", "during a slow evaluation",
	},
	"restoring": {
		"still pending", "less than the grace period left", "fired before", "for shorter than the grace period", "for as long as the grace period", "down for longer than the tolerance",
		"last sample is stale", "templated labels", "nothing is written before", "query fails", "after query offset", "several alerts", "keep_firing_for is forgotten", "again and again",
	},
	"templates": {"functions", "data", "queries", "failures"},
	"files":     {"group labels", "alertname among the labels", "names in UTF-8", "empty files", "anchors", "several files", "matrix and string results"},
}

func TestEachBehaviourHasAScenario(t *testing.T) {
	for area, names := range behaviours {
		for _, name := range names {
			if !slices.ContainsFunc(catalogue[area], func(s scenario) bool { return s.name == name }) {
				t.Errorf("%s: %s: no scenario", area, name)
			}
		}
		for _, s := range catalogue[area] {
			if !slices.Contains(names, s.name) {
				t.Errorf("%s: %s: is not among the behaviours", area, s.name)
			}
			if len(s.shows) == 0 {
				t.Errorf("%s: %s: nothing says that it shows something", area, s.name)
			}
		}
	}
}
