package main

import (
	"bytes"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

func TestFeatures(t *testing.T) {
	for _, test := range []struct {
		name    string
		values  []string
		enabled []string
		logged  []string // parts of one line each
	}{
		{"none", nil, nil, nil},
		{"ours", []string{"concurrent-rule-eval"}, []string{"concurrent-rule-eval"}, nil},
		{"several in several", []string{"native-histograms,concurrent-rule-eval", "exemplar-storage"}, []string{"concurrent-rule-eval"},
			[]string{`changes nothing: what it stood for is always there" option=native-histograms`, `does not have; it runs without" option=exemplar-storage`}},
		{"unknown", []string{"concurrent-rule-evaluation,"}, nil,
			[]string{`msg="Unknown option for --enable-feature" option=concurrent-rule-evaluation`, `msg="Unknown option for --enable-feature" option=""`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log bytes.Buffer
			got := enabled(test.values, slog.New(slog.NewTextHandler(&log, nil)))
			if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, test.enabled) {
				t.Errorf("got %q enabled, want %q", names, test.enabled)
			}
			lines := slices.Collect(strings.Lines(log.String()))
			if len(lines) != len(test.logged) {
				t.Fatalf("got log %q, want %d lines", lines, len(test.logged))
			}
			for i, line := range lines {
				if !strings.Contains(line, "level=WARN") || !strings.Contains(line, test.logged[i]) {
					t.Errorf("got line %q, want a warning with %q", line, test.logged[i])
				}
			}
		})
	}
}

// The flags of rules become options, where 0 of a flag is none and 0 of an option
// the default.
func TestFlagsOfRules(t *testing.T) {
	minute := model.Duration(time.Minute)
	for _, test := range []struct {
		name                  string
		flags                 serveFlags
		resend, outage, grace time.Duration
		concurrent            int
	}{
		{"set", serveFlags{resendDelay: minute, outage: 2 * minute, grace: 3 * minute, concurrent: 4}, time.Minute, 2 * time.Minute, 3 * time.Minute, 0},
		{"none", serveFlags{concurrent: 4, features: []string{concurrentRules}}, -1, -1, -1, 4},
		{"no slots", serveFlags{concurrent: -1, features: []string{concurrentRules}}, -1, -1, -1, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := test.flags
			f.logLevel, f.logFormat = "error", "logfmt"
			f.options.SendQueueCapacity, f.options.SendBatchSize, f.options.QueryConcurrency, f.options.QueryMaxSamples = 1, 1, 1, 1
			before := slog.Default()
			defer slog.SetDefault(before)
			if err := f.complete(&bytes.Buffer{}); err != nil {
				t.Fatal(err)
			}
			o := f.options
			if o.ResendDelay != test.resend || o.OutageTolerance != test.outage || o.ForGracePeriod != test.grace || o.MaxConcurrentEvals != test.concurrent {
				t.Errorf("got %v, %v, %v and %d, want %v, %v, %v and %d", o.ResendDelay, o.OutageTolerance, o.ForGracePeriod, o.MaxConcurrentEvals,
					test.resend, test.outage, test.grace, test.concurrent)
			}
		})
	}
}
