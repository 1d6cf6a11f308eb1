package server_test

import (
	"slices"
	"testing"

	"github.com/cresset-metrics/cresset/internal/housetest"
)

// parts are all rooms below app, api and web, none of which a part knows.
var parts = []string{
	"internal/config", "internal/document", "internal/storage", "internal/query/...", "internal/scrape", "internal/rule/...", "internal/send",
	"internal/alert", "internal/route", "internal/mute/...", "internal/dispatch", "internal/notify/...", "internal/cluster", "internal/tracing", "internal/state",
	"internal/regexpbudget",
}

const oneWay = "signals go one way: scrape, storage, query, rule, alert, dispatch, notify; a part that needs more of a neighbour names it in an interface of its own, and app ties them"

// part is a room on the way, which may import those that are before it.
func part(path string, before ...string) housetest.Room {
	return housetest.Room{Path: path, May: slices.Concat([]string{housetest.Others}, before), Why: oneWay}
}

// plan is the house of docs/architecture.md.
var plan = housetest.Plan{
	Module: "github.com/cresset-metrics/cresset/server",
	Rooms: []housetest.Room{
		{Path: ".", May: []string{housetest.Others}, Why: "the module's root holds tests of the module only"},
		{Path: "cmd/cresset", May: []string{housetest.Others, "internal/app", "internal/config", "internal/demo", "internal/rule/definition", "internal/query/syntax", "internal/simulate"}, Why: "the command line has the parts built by app, and checks and tests files without building any"},
		{Path: "internal/app", May: slices.Concat([]string{housetest.Others, "internal/api/...", "internal/web"}, parts), Why: "app ties the parts together"},
		{Path: "internal/demo", May: []string{housetest.Others, "internal/app", "internal/config"}, Why: "the demo shows the server as its users have it"},
		{Path: "internal/api/...", May: slices.Concat([]string{housetest.Others}, parts), Why: "an API reads the parts and calls their verbs; it knows neither app nor another API"},
		{Path: "internal/web", May: slices.Concat([]string{housetest.Others}, parts), Why: "the page reads the parts and calls their verbs; it knows neither app nor an API"},

		part("internal/storage"),
		part("internal/scrape", "internal/storage"),
		part("internal/query/syntax"),
		part("internal/query", "internal/query/syntax", "internal/storage"),
		part("internal/document"),
		part("internal/templatetree"),
		part("internal/regexpbudget"),
		part("internal/rule/definition", "internal/document", "internal/query/syntax"),
		part("internal/rule", "internal/rule/definition", "internal/templatetree", "internal/query", "internal/storage"),
		{Path: "internal/rule/differential", Why: "tests alone, which compare the rule engine with upstream's"},
		part("internal/send", "internal/rule"),
		part("internal/simulate", "internal/document", "internal/rule/...", "internal/query/..."),
		part("internal/config", "internal/document", "internal/rule/definition", "internal/tracing"),
		part("internal/alert"),
		part("internal/route"),
		part("internal/mute/inhibit", "internal/alert"),
		part("internal/mute/interval"),
		part("internal/mute/silence"),
		part("internal/cluster"),
		part("internal/tracing"),
		part("internal/notify", "internal/alert", "internal/tracing"),
		part("internal/notify/integration", "internal/templatetree", "internal/alert", "internal/notify"),
		part("internal/dispatch", "internal/alert", "internal/route", "internal/mute/...", "internal/notify/...", "internal/tracing"),
		{Path: "internal/dispatch/differential", Why: "tests alone, which compare the pipeline with upstream's"},
		part("internal/state", "internal/rule", "internal/alert", "internal/mute/silence", "internal/dispatch", "internal/notify"),
	},
	Never: map[string]string{
		"github.com/cresset-metrics/cresset/internal/...": "the engine is reached through the library's public packages",
		"github.com/prometheus/prometheus/rules":          "the rule engine is ours; upstream's is for differential tests",
		"github.com/prometheus/prometheus/notifier":       "sending to other Alertmanagers is ours",
		"github.com/prometheus/alertmanager/dispatch":     "grouping is ours; upstream's is for differential tests",
		"github.com/prometheus/alertmanager/inhibit":      "inhibition is ours; upstream's is for differential tests",
		"github.com/prometheus/alertmanager/silence":      "silencing is ours; its messages are in silencepb",
		"github.com/prometheus/alertmanager/provider/mem": "the set of alerts is ours",
	},
}

func TestNobodyImportsUpwards(t *testing.T) {
	packages, err := housetest.List("linux", false, "./...")
	if err != nil {
		t.Fatal(err)
	}
	for _, violation := range plan.Violations(packages) {
		t.Error(violation)
	}
}
