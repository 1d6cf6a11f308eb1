package readers_test

import (
	"net/http"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/draw"
	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/ours"
	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"
)

// unlike are the scenarios whose pages are not what was gathered before, and why.
var unlike = map[string]string{
	"vector that somebody embeds":            "it changes with every scrape",
	"a family with a metric of another type": "no page has such a family",
	"families that no page can have":         "no page has such a family",
}

func TestScenarios(t *testing.T) {
	pages := 0
	for _, scenario := range ours.Scenarios() {
		if unlike[scenario.Name] != "" {
			continue
		}
		t.Run(scenario.Name, func(t *testing.T) {
			for _, shown := range script.Traced(t, scenario.Run).Exposures {
				pages += check(t, shown)
			}
		})
	}
	t.Logf("%d pages", pages)
}

func TestPrograms(t *testing.T) {
	pages := 0
	rapid.Check(t, func(r *rapid.T) {
		program := draw.Program(r)
		for _, shown := range script.Traced(t, func(trace *script.Trace) { ours.Run(trace, program) }).Exposures {
			pages += check(r, shown)
		}
	})
	t.Logf("%d pages", pages)
}

// TestCrowds reads the pages that were served while several goroutines updated
// what is on them.
func TestCrowds(t *testing.T) {
	pages := 0
	rapid.Check(t, func(r *rapid.T) {
		crowd := draw.Crowd(r)
		script.Traced(t, func(trace *script.Trace) {
			served, _ := ours.RunAtOnce(trace, crowd)
			for _, page := range served {
				if !machineReadable(page) {
					continue
				}
				pages++
				if _, err := read(page); err != nil {
					r.Errorf("%s: %v\n%s", page.ContentType, err, page.Body)
				}
			}
			for _, shown := range trace.Exposures {
				pages += check(r, shown)
			}
		})
	})
	t.Logf("%d pages", pages)
}

// machineReadable tells whether a page is one, in a format that Prometheus reads.
func machineReadable(page script.Page) bool {
	return page.Status == http.StatusOK && page.Format.MediaType != script.ProtobufText && page.Format.MediaType != script.ProtobufLines
}

// check has Prometheus read the pages, and returns how many it read.
func check(t rapid.TB, shown script.Exposure) (pages int) {
	t.Helper()
	for _, page := range shown.Pages {
		if !machineReadable(page) {
			continue
		}
		pages++
		got, err := read(page)
		if reason := unreadable(shown.Families, page.Format); reason != "" {
			if err == nil {
				t.Errorf("%s: Prometheus reads a page with %s now", page.ContentType, reason)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v\n%s", page.ContentType, err, page.Body)
			continue
		}
		want := expected(shown.Families, page.Format)
		if !slices.Equal(got, want) {
			t.Errorf("%s\n%s\n%s", page.ContentType, difference(got, want), page.Body)
		}
	}
	return pages
}

// difference shows the lines that are in one of two slices only.
func difference(got, want []string) string {
	text := ""
	for _, line := range got {
		if !slices.Contains(want, line) {
			text += "surplus: " + line + "\n"
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			text += "missing: " + line + "\n"
		}
	}
	return text
}
