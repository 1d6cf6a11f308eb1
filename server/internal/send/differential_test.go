package send

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/rule"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
	"pgregory.net/rapid"
)

// scene is a random configuration.
type scene struct {
	text  string // with ADDRESS in the place of the Alertmanagers' address
	batch int
}

func drawScene(t *rapid.T) scene {
	var b strings.Builder
	b.WriteString("global: {external_labels: {")
	for i, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "region", "with space"}), 0, 3, rapid.ID).Draw(t, "external") {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q: %q", name, drawValue(t))
	}
	b.WriteString("}}\nalerting:\n  alert_relabel_configs: ")
	drawRelabelling(t, &b)
	b.WriteString("  alertmanagers:\n")
	for i := range rapid.IntRange(1, 3).Draw(t, "sets") {
		fmt.Fprintf(&b, "  - path_prefix: %s\n    alert_relabel_configs: ", rapid.SampledFrom([]string{"", "/", "x/", "/x//y"}).Draw(t, "prefix"))
		drawRelabelling(t, &b)
		fmt.Fprintf(&b, "    static_configs:\n    - targets: [ADDRESS, ADDRESS]\n      labels: {set: s%d}\n", i)
		if rapid.Bool().Draw(t, "second group") {
			b.WriteString("    - targets: [ADDRESS]\n      labels: {__alerts_path__: /p}\n    - targets: [ADDRESS]\n      labels: {gone: yes}\n")
		}
		// Each set has paths of its own.
		fmt.Fprintf(&b, "    relabel_configs:\n    - {action: drop, source_labels: [gone], regex: yes}\n"+
			"    - {source_labels: [__alerts_path__], target_label: __alerts_path__, regex: (.*), replacement: \"/%d$1\"}\n", i)
		b.WriteString(rapid.SampledFrom([]string{
			"", "    basic_auth: {username: u, password: p}\n", "    authorization: {credentials: c}\n",
			"    http_headers: {X-Tenant: {values: [t, u]}}\n", "    enable_http2: false\n", "    follow_redirects: false\n",
		}).Draw(t, "client"))
	}
	return scene{text: b.String(), batch: rapid.IntRange(1, 5).Draw(t, "batch")}
}

func drawRelabelling(t *rapid.T, b *strings.Builder) {
	b.WriteString("[")
	for i := range rapid.IntRange(0, 3).Draw(t, "relabellings") {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(rapid.SampledFrom([]string{
			`{action: drop, source_labels: [alertname], regex: A}`,
			`{action: keep, source_labels: [a, b], regex: ".*[123].*"}`,
			`{action: labeldrop, regex: "b|instance"}`,
			`{action: labelkeep, regex: "alertname|a|c"}`,
			`{action: labelmap, regex: "(a|b)", replacement: "mapped_$1"}`,
			`{action: hashmod, source_labels: [b], modulus: 2, target_label: shard}`,
			`{action: uppercase, source_labels: [alertname], target_label: upper}`,
			`{action: dropequal, source_labels: [a], target_label: b}`,
			`{action: keepequal, source_labels: [a], target_label: c}`,
			`{source_labels: [a], regex: "(.)", target_label: alertname, replacement: "R$1"}`,
			`{target_label: region, replacement: ""}`,
			`{target_label: fixed, replacement: "f"}`,
		}).Draw(t, "relabelling"))
	}
	b.WriteString("]\n")
}

func drawValue(t *rapid.T) string {
	return rapid.SampledFrom([]string{"", "1", "2", "3", "<&>\"'", "\u00fc\u2028", "x y"}).Draw(t, "value")
}

func drawAlerts(t *rapid.T) []rule.Alert {
	now := time.Now().UTC().Truncate(time.Second)
	alerts := make([]rule.Alert, rapid.IntRange(0, 12).Draw(t, "alerts"))
	for i := range alerts {
		ls := map[string]string{"alertname": rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "name")}
		for _, name := range []string{"a", "b", "instance"} {
			if rapid.Bool().Draw(t, name) {
				ls[name] = drawValue(t)
			}
		}
		alerts[i] = rule.Alert{
			Labels:       labels.FromMap(ls),
			Annotations:  labels.FromStrings("summary", drawValue(t), "number", strconv.Itoa(i)),
			GeneratorURL: rapid.SampledFrom([]string{"", "http://p:1/graph?g0.expr=up+%3E+1&g0.tab=1"}).Draw(t, "generator"),
		}
		// Nothing ends while the test runs, which would be too late for it.
		alerts[i].StartsAt = now.Add(time.Duration(rapid.Int64Range(-1e15, 1e12).Draw(t, "start")))
		if rapid.IntRange(0, 5).Draw(t, "times") == 0 {
			alerts[i].StartsAt = time.Time{}
		}
		switch rapid.IntRange(0, 2).Draw(t, "end") {
		case 0:
			alerts[i].EndsAt = now.Add(time.Hour + time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "firing")))
		case 1:
			alerts[i].EndsAt = now.Add(-time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "resolved")))
		}
	}
	return alerts
}

// expected says how many alerts Prometheus sends to each path.
func expected(cfg *promconfig.Config, paths []string, alerts []rule.Alert) map[string]int {
	counts := make(map[string]int)
	for _, path := range paths {
		var index int
		fmt.Sscanf(path, "/%d", &index)
		set := cfg.AlertingConfig.AlertmanagerConfigs[index]
		for _, a := range alerts {
			b := labels.NewBuilder(a.Labels.WithoutEmpty())
			cfg.GlobalConfig.ExternalLabels.Range(func(l labels.Label) {
				if b.Get(l.Name) == "" {
					b.Set(l.Name, l.Value)
				}
			})
			if relabel.ProcessBuilder(b, cfg.AlertingConfig.AlertRelabelConfigs...) && relabel.ProcessBuilder(b, set.AlertRelabelConfigs...) {
				counts[path]++
			}
		}
	}
	return counts
}

// The same configuration and the same alerts make the same requests: paths,
// headers, and bodies to the byte.
func TestRequestsAreThoseOfPrometheus(t *testing.T) {
	them, us := newRecorder(t), newRecorder(t)
	rapid.Check(t, func(rt *rapid.T) {
		s := drawScene(rt)
		theirConfig := load(t, strings.ReplaceAll(s.text, "ADDRESS", them.address()))
		theirSide := startTheirs(t, theirConfig, s.batch, 10_000)
		ourSide := startOurs(t, load(t, strings.ReplaceAll(s.text, "ADDRESS", us.address())), s.batch, 10_000)
		defer theirSide.stop()
		defer ourSide.stop()
		var paths, theirPaths []string
		for _, u := range ourSide.Alertmanagers() {
			paths = append(paths, u.RequestURI())
		}
		for _, u := range theirSide.manager.Alertmanagers() {
			theirPaths = append(theirPaths, u.RequestURI())
		}
		slices.Sort(paths)
		slices.Sort(theirPaths)
		if !slices.Equal(paths, theirPaths) {
			rt.Fatalf("Alertmanagers: got %v, want %v\n%s", paths, theirPaths, s.text)
		}
		if got, want := len(ourSide.DroppedAlertmanagers()), len(theirSide.manager.DroppedAlertmanagers()); got != want {
			rt.Fatalf("dropped Alertmanagers: got %d, want %d", got, want)
		}

		for range rapid.IntRange(1, 3).Draw(rt, "steps") {
			alerts := drawAlerts(rt)
			theirSide.send(alerts)
			ourSide.send(alerts)
			want := them.await(t, expected(theirConfig, paths, alerts))
			counts := make(map[string]int)
			for path, requests := range want {
				want[path] = latestOnly(t, requests, s.batch)
				for _, req := range want[path] {
					counts[path] += len(req.alerts)
				}
			}
			got := us.await(t, counts)
			for path := range maps.Keys(want) {
				compareRequests(rt, path, got[path], want[path])
			}
			if len(got) != len(want) {
				rt.Fatalf("paths with requests: got %v, want %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
			}
		}
	})
}

func compareRequests(t *rapid.T, path string, got, want []recorded) {
	if len(got) != len(want) {
		t.Fatalf("%s: got %d requests, want %d\ngot  %v\nwant %v", path, len(got), len(want), got, want)
	}
	for i := range want {
		if got[i].header != want[i].header {
			t.Fatalf("%s: request %d:\ngot  %s\nwant %s", path, i, got[i].header, want[i].header)
		}
		if got[i].body != want[i].body {
			t.Fatalf("%s: body %d:\ngot  %s\nwant %s", path, i, got[i].body, want[i].body)
		}
	}
}
