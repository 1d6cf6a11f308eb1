package main

import (
	"log/slog"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/featurecontrol"
)

// Features of serve that Prometheus has too.
const (
	concurrentRules = "concurrent-rule-eval" // rules of a group are evaluated at the same time
	autoReload      = "auto-reload-config"   // files are loaded anew when they have changed
)

// alertingFeatures are those of serve that Alertmanager has.
var alertingFeatures = []string{
	featurecontrol.FeatureAlertNamesInMetrics, featurecontrol.FeatureReceiverNameInMetrics, featurecontrol.FeatureGroupKeyInMetrics,
	featurecontrol.FeatureClassicMode, featurecontrol.FeatureUTF8StrictMode,
}

// What Prometheus knows besides.
var (
	// builtInFeatures change nothing: what they stood for is always there.
	builtInFeatures = []string{"native-histograms", "ooo-native-histograms", "promql-duration-expr"}

	missingFeatures = []string{
		"created-timestamp-zero-ingestion", "delayed-compaction", "exemplar-storage", "extra-scrape-metrics",
		"fast-startup", "histograms-st-encoding", "memory-snapshot-on-shutdown", "metadata-wal-records", "old-ui", "openmetrics2",
		"otlp-deltatocumulative", "otlp-native-delta-ingestion", "promql-binop-fill-modifiers", "promql-delayed-name-removal",
		"promql-experimental-functions", "promql-extended-range-selectors", "promql-per-step-stats", "search-api", "st-storage",
		"st-synthesis", "type-and-unit-labels", "use-start-timestamps", "use-uncached-io", "xor2-encoding", "zstd-scrape",
	}
)

// enabled returns the features that the values of --enable-feature name. A name
// that does nothing here is warned about and no error, as in Prometheus: the flags
// that somebody has for that go on working.
func enabled(values []string, logger *slog.Logger) map[string]bool {
	features := make(map[string]bool)
	for _, value := range values {
		for name := range strings.SplitSeq(value, ",") {
			switch {
			case name == concurrentRules, name == autoReload, slices.Contains(alertingFeatures, name):
				features[name] = true
			case slices.Contains(builtInFeatures, name):
				logger.Warn("This option for --enable-feature changes nothing: what it stood for is always there", "option", name)
			case slices.Contains(missingFeatures, name):
				logger.Warn("This option for --enable-feature is one of Prometheus that this version of Cresset does not have; it runs without", "option", name)
			default:
				logger.Warn("Unknown option for --enable-feature", "option", name)
			}
		}
	}
	return features
}
