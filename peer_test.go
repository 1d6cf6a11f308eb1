package cresset_test

import (
	"context"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/peertest"
)

// Debian's Pushgateway takes what is pushed, adds to it, deletes it, and serves
// what it holds.
func TestPushgatewayTakesOurPushes(t *testing.T) {
	state := filepath.Join(t.TempDir(), "pushed")
	server := peertest.Start(t, "prometheus-pushgateway", func(address string) []string {
		return []string{"--web.listen-address=" + address, "--persistence.file=" + state}
	}, "/-/ready")

	rows, runs := cresset.NewRegistry(), cresset.NewRegistry()
	register(t, rows,
		newSource("backup_rows", exposition.Gauge,
			exposition.Series{Labels: labels("table", "orders"), Value: 12},
			exposition.Series{Labels: labels("table", "quote \" backslash \\ line\nünïcode"), Value: -0.5}),
		newSource("backup_step_seconds", exposition.Histogram, exposition.Series{Labels: labels(), Dist: exposition.Distribution{
			Count: exposition.Count{Whole: 2}, Sum: 20.5,
			Buckets: []exposition.Bucket{{UpperBound: 1, Count: exposition.Count{Whole: 1}}, {UpperBound: 10, Count: exposition.Count{Whole: 1}}},
		}}))
	register(t, runs, newSource("backup_runs_total", exposition.Counter, exposition.Series{Labels: labels(), Value: 1}))
	backup := cresset.Pusher{URL: server, Job: "backup", Grouping: map[string]string{"path": "/var/lib", "zone": ""}}
	plain := backup
	plain.Text = true
	other := cresset.Pusher{URL: server + "/", Job: "dots..", Grouping: map[string]string{"dot": "..", "special": "?#%+ä"}}

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
	push := func(p *cresset.Pusher, r *cresset.Registry) func(context.Context) error {
		return func(ctx context.Context) error { return p.Push(ctx, r) }
	}
	sequence := []struct {
		name string
		do   func(context.Context) error
		want []string
	}{
		{"push", push(&backup, rows), pushed},
		{"add", func(ctx context.Context) error { return backup.Add(ctx, runs) }, slices.Concat(added, pushed)},
		{"another group", push(&other, runs), slices.Concat(elsewhere, added, pushed)},
		{"push in its place", push(&backup, runs), slices.Concat(elsewhere, added)},
		{"delete", backup.Delete, elsewhere},
		{"text", push(&plain, rows), slices.Concat(elsewhere, pushed)},
		{"delete once more", plain.Delete, elsewhere},
		{"delete the last", other.Delete, nil},
	}
	for _, step := range sequence {
		if err := step.do(t.Context()); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		want := slices.Sorted(slices.Values(step.want))
		// It answers a delete before it has done it.
		peertest.Wait(t, func() bool { return slices.Equal(linesOf(t, server, "backup_"), want) },
			"%s: this was never exposed:\n%s", step.name, strings.Join(want, "\n"))
	}
}

// Debian's node exporter reads a file of ours.
func TestNodeExporterReadsOurTextfile(t *testing.T) {
	folder := t.TempDir()
	server := peertest.Start(t, "prometheus-node-exporter", func(address string) []string {
		return []string{"--web.listen-address=" + address, "--collector.disable-defaults",
			"--collector.textfile", "--collector.textfile.directory=" + folder}
	}, "/metrics")
	reg := cresset.NewRegistry()
	rain := map[string]float64{`the "north" one`: 0.25, "south": 3}
	s := newSource("rain_millimetres_total", exposition.Counter)
	for _, mast := range slices.Sorted(maps.Keys(rain)) {
		s.series = append(s.series, exposition.Series{Labels: labels("mast", mast), Value: rain[mast]})
	}
	register(t, reg, s)
	if err := reg.WriteTextfile(filepath.Join(folder, "weather.prom")); err != nil {
		t.Fatal(err)
	}
	want := []string{`rain_millimetres_total{mast="south"} 3`, `rain_millimetres_total{mast="the \"north\" one"} 0.25`}
	if got := linesOf(t, server, "rain_"); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// linesOf returns the lines that a server exposes and that begin like this, sorted.
func linesOf(t *testing.T, server, beginning string) []string {
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
		if strings.HasPrefix(line, beginning) {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	slices.Sort(lines)
	return lines
}
