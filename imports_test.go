package cresset_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/cresset-metrics/cresset/internal/housetest"
)

const (
	messages = "github.com/prometheus/client_model/..."
	protobuf = "google.golang.org/protobuf/..."
	common   = "github.com/prometheus/common/..."
	procfs   = "github.com/prometheus/procfs/..."
	compress = "github.com/klauspost/compress/..."
)

// plan is the house of docs/architecture.md: nobody imports upwards.
var plan = housetest.Plan{
	Module: "github.com/cresset-metrics/cresset",
	Rooms: []housetest.Room{
		{Path: ".", May: []string{"internal/..."}, Why: "the native API stands on the engine, and needs the standard library alone"},

		{Path: "internal/sketch", Why: "quantiles of a stream need no clock and no locks"},
		{Path: "internal/cell", May: []string{"internal/sketch"}, Why: "a number or a distribution knows no names and no labels"},
		{Path: "internal/exposition", Why: "turning families into bytes needs to know nothing of where they came from"},
		{Path: "internal/listeners", Why: "calling functions does not depend on what for"},
		{Path: "internal/keyhash", Why: "hashing a key does not depend on what it finds"},
		{Path: "internal/series", May: []string{"internal/exposition", "internal/keyhash", "internal/listeners"}, Why: "which series exist does not depend on what they hold"},
		{Path: "internal/registry", May: []string{"internal/cell", "internal/series", "internal/exposition"}, Why: "both APIs stand on it, so it knows neither, and no protobuf"},
		{Path: "internal/metric", May: []string{"internal/cell", "internal/exposition", "internal/series"}, Why: "what a series holds does not depend on which series exist, or who made them"},
		{Path: "internal/labels", May: []string{"internal/keyhash", "internal/registry"}, Why: "reading labels from a struct does not depend on whose labels they are"},
		{Path: "internal/objects", May: []string{"internal/exposition", "internal/listeners", "internal/registry"}, Why: "which objects exist does not depend on who asks, and both APIs offer it"},
		{Path: "internal/housetest", Why: "it looks at the house from outside"},
		{Path: "internal/peertest", Why: "it runs programs and knows nothing of what they are for"},
		{Path: "internal/diff", Why: "it compares texts, whatever they say"},
		{Path: "internal/atomicfile", Why: "it replaces files, whatever they hold"},
		{Path: "internal/pushgateway", May: []string{"internal/exposition"}, Why: "it sends pages, and needs to know of them how a name is escaped"},

		{Path: "cressettest", May: []string{".", "internal/diff", "internal/exposition"}, Why: "a test sees what a scraper sees"},

		{Path: "prometheus/internal/message", May: []string{"internal/exposition", "internal/registry", messages, protobuf}, Why: "it translates between series and messages, and does nothing else"},
		{Path: "prometheus/internal/goruntime", May: []string{"internal/exposition"}, Why: "it knows the runtime's metrics, not ours"},
		{Path: "prometheus/internal/multierror", Why: "it takes errors apart, whatever they say"},
		{
			Path: "prometheus",
			May: []string{
				".", "internal/cell", "internal/metric", "internal/series", "internal/exposition", "internal/registry", "internal/objects",
				"internal/atomicfile",
				"prometheus/internal/message", "prometheus/internal/multierror", "prometheus/internal/goruntime", messages, protobuf, procfs,
			},
			Why: "the drop-in stands on the engine; what serves or pushes stands on the drop-in",
		},
		{Path: "prometheus/promauto", May: []string{"prometheus"}, Why: "it makes and registers, no more"},
		{Path: "prometheus/collectors", May: []string{"prometheus", "prometheus/internal/goruntime"}, Why: "collectors are made of the drop-in"},
		{Path: "prometheus/collectors/version", May: []string{"prometheus", common}, Why: "it makes a metric of what prometheus/common knows of the build"},
		{Path: "prometheus/push", May: []string{"prometheus", "internal/pushgateway", messages, common}, Why: "it sends what was gathered, as messages, and has no business with pages"},
		{Path: "prometheus/graphite", May: []string{"prometheus", common}, Why: "it sends samples, which prometheus/common makes of messages"},
		{
			Path: "prometheus/promhttp",
			May: []string{
				"prometheus", "internal/exposition", "internal/registry", "prometheus/internal/message", "prometheus/internal/multierror", "prometheus/promhttp/internal/compression",
				messages, common, compress,
			},
			Why: "it serves pages and has no business with series and cells",
		},
		{Path: "prometheus/promhttp/internal/compression", Why: "it is where promhttp and promhttp/zstd meet, which do not import each other"},
		{Path: "prometheus/promhttp/zstd", May: []string{"prometheus/promhttp/internal/compression", compress}, Why: "it makes one compression available, and knows nothing of pages"},

		{Path: "prometheus/testutil/promlint/validations", May: []string{messages}, Why: "a rule looks at one family, and needs no more than the message"},
		{Path: "prometheus/testutil/promlint", May: []string{"prometheus/testutil/promlint/validations", messages, common}, Why: "it judges text and messages, wherever they come from"},
		{Path: "prometheus/testutil", May: []string{"prometheus", "internal/diff", "prometheus/testutil/promlint", messages, common}, Why: "a test sees what a scraper sees, and nothing of the engine"},

		{Path: "examples/internal/...", Why: "what examples share is no part of the lesson"},
		{
			Path: "examples/...",
			May:  []string{"examples/internal/...", "prometheus", "prometheus/promauto", "prometheus/promhttp", "prometheus/collectors", "prometheus/testutil"},
			Why:  "an example uses what its readers can use",
		},
	},
}

// linked is every module that a program gets with the library, apart from this
// one. A longer list is a decision: docs/dependencies.md says why each is there.
var linked = []string{
	"github.com/klauspost/compress",
	"github.com/munnerz/goautoneg", // of prometheus/common
	"github.com/prometheus/client_model",
	"github.com/prometheus/common",
	"github.com/prometheus/procfs",
	"golang.org/x/sys", // of procfs
	"google.golang.org/protobuf",
}

var systems = []string{"linux", "darwin", "windows"}

func TestNobodyImportsUpwards(t *testing.T) {
	for _, system := range systems {
		packages, err := housetest.List(system, false, "./...")
		if err != nil {
			t.Fatal(err)
		}
		for _, violation := range plan.Violations(packages) {
			t.Errorf("%s: %s", system, violation)
		}
	}
}

func TestLinkedModules(t *testing.T) {
	modules := make(map[string]bool)
	for _, system := range systems {
		packages, err := housetest.List(system, true, ".", "./internal/...", "./prometheus/...")
		if err != nil {
			t.Fatal(err)
		}
		for _, pkg := range packages {
			if pkg.Module != nil && pkg.Module.Path != plan.Module {
				modules[pkg.Module.Path] = true
			}
		}
	}
	if got := slices.Sorted(maps.Keys(modules)); !slices.Equal(got, linked) {
		t.Errorf("the library links\n%q, want\n%q", got, linked)
	}
}
