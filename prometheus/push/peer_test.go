package push_test

import (
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"

	"github.com/cresset-metrics/cresset/internal/peertest"
	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/push"
)

// Debian's Pushgateway takes what is pushed, adds to it, deletes it, and serves
// what it holds.
func TestPushgatewayTakesOurPushes(t *testing.T) {
	server := startPushgateway(t)
	rows := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "backup_rows", Help: "Rows."}, []string{"table"})
	rows.WithLabelValues("orders").Set(12)
	rows.WithLabelValues("quote \" backslash \\ line\nünïcode").Set(-0.5)
	steps := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "backup_step_seconds", Help: "Steps.", Buckets: []float64{1, 10}})
	steps.Observe(0.5)
	steps.Observe(20)
	runs := prometheus.NewCounter(prometheus.CounterOpts{Name: "backup_runs_total", Help: "Runs."})
	runs.Inc()

	all := push.New(server, "backup").Grouping("path", "/var/lib").Grouping("zone", "").Collector(rows).Collector(steps)
	one := push.New(server, "backup").Grouping("path", "/var/lib").Grouping("zone", "").Collector(runs)
	other := push.New(server, "dots..").Grouping("dot", "..").Grouping("special", "?#%+ä").Collector(runs)

	const group = `instance="",job="backup",path="/var/lib"`
	pushed := []string{
		`backup_rows{` + group + `,table="orders",zone=""} 12`,
		`backup_rows{` + group + `,table="quote \" backslash \\ line\nünïcode",zone=""} -0.5`,
		`backup_step_seconds_bucket{` + group + `,zone="",le="1"} 1`,
		`backup_step_seconds_bucket{` + group + `,zone="",le="10"} 1`,
		`backup_step_seconds_bucket{` + group + `,zone="",le="+Inf"} 2`,
		`backup_step_seconds_sum{` + group + `,zone=""} 20.5`,
		`backup_step_seconds_count{` + group + `,zone=""} 2`,
	}
	added := []string{`backup_runs_total{` + group + `,zone=""} 1`}
	elsewhere := []string{`backup_runs_total{dot="..",instance="",job="dots..",special="?#%+ä"} 1`}
	sequence := []struct {
		name string
		do   func() error
		want []string
	}{
		{"push", all.Push, pushed},
		{"add", one.Add, slices.Concat(added, pushed)},
		{"another group", other.Push, slices.Concat(elsewhere, added, pushed)},
		{"push in its place", one.Push, slices.Concat(elsewhere, added)},
		{"delete", one.Delete, elsewhere},
		{"text", all.Format(expfmt.NewFormat(expfmt.TypeTextPlain)).Push, slices.Concat(elsewhere, pushed)},
		{"delete once more", all.Delete, elsewhere},
		{"delete the last", other.Delete, nil},
	}
	for _, step := range sequence {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		waitForLines(t, server, step.name, slices.Sorted(slices.Values(step.want)))
	}
	if err := push.New(server, "backup").Grouping("not.legacy", "v").Collector(runs).Push(); err == nil ||
		!strings.Contains(err.Error(), "unexpected status code 400 while pushing to "+server+"/metrics/job/backup/not.legacy/v") {
		t.Errorf("a label that this Pushgateway does not take: got error %v", err)
	}
}

// waitForLines waits until the Pushgateway exposes these lines: it answers a
// delete before it has done it.
func waitForLines(t *testing.T, server, step string, want []string) {
	t.Helper()
	peertest.Wait(t, func() bool { return slices.Equal(pushedLines(t, server), want) }, "%s: this was never exposed:\n%s", step, strings.Join(want, "\n"))
}

// pushedLines returns the lines about backups that the Pushgateway exposes,
// sorted.
func pushedLines(t *testing.T, server string) []string {
	t.Helper()
	resp, err := http.Get(server + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "backup_") {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	slices.Sort(lines)
	return lines
}

// startPushgateway runs Debian's Pushgateway until the test ends and returns its
// address.
func startPushgateway(t *testing.T) string {
	t.Helper()
	state := filepath.Join(t.TempDir(), "pushed")
	return peertest.Start(t, "prometheus-pushgateway", func(address string) []string {
		return []string{"--web.listen-address=" + address, "--persistence.file=" + state}
	}, "/-/ready")
}
