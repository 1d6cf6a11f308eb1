package differential_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// gather returns what a side says of its rules: a line for each family, and one
// for each number. Quantiles are left out: either side estimates them in its own
// way.
func (s side) gather(t *testing.T) map[string]string {
	t.Helper()
	families, err := s.gatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	lines := make(map[string]string)
	for _, f := range families {
		lines["# "+f.GetName()] = fmt.Sprintf("%s %q", f.GetType(), f.GetHelp())
		for _, m := range f.GetMetric() {
			key := f.GetName() + fmt.Sprint(m.GetLabel())
			switch {
			case m.Counter != nil:
				lines[key] = fmt.Sprint(m.Counter.GetValue())
			case m.Gauge != nil:
				lines[key] = fmt.Sprint(m.Gauge.GetValue())
			case m.Summary != nil:
				lines[key] = fmt.Sprint(m.Summary.GetSampleCount(), m.Summary.GetSampleSum(), ranks(m.Summary))
			case m.Histogram != nil:
				h := m.Histogram
				h.CreatedTimestamp = nil
				slices.SortFunc(h.Exemplars, func(a, b *dto.Exemplar) int { return cmp.Compare(a.GetValue(), b.GetValue()) })
				lines[key] = h.String()
			}
		}
	}
	return lines
}

func ranks(s *dto.Summary) []float64 {
	var ranks []float64
	for _, q := range s.GetQuantile() {
		ranks = append(ranks, q.GetQuantile())
	}
	return ranks
}

func (p *pair) compareMetrics(t *testing.T) {
	t.Helper()
	got, want := p.ours.gather(t), p.theirs.gather(t)
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if got[key] != want[key] {
			t.Errorf("%s:\ngot  %s\nwant %s", key, cmp.Or(got[key], "nothing"), want[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		own := strings.HasPrefix(strings.TrimPrefix(key, "# "), "cresset_") // says what Prometheus has no metric for
		if _, ok := want[key]; !ok && !own {
			t.Errorf("%s %s: not told by Prometheus", key, got[key])
		}
	}
}

// Both count and measure the same at every moment, durations included: from the
// first evaluation on, with evaluations that take longer than an interval, that
// fail, and over reloads and the removal of groups, slow ones included.
func TestMetrics(t *testing.T) {
	slow := fmt.Sprintf("count(load{zone!=%q})", strings.Repeat("x", 3000)) // takes three seconds
	slowGroups := fmt.Sprintf(`
groups:
- {name: slow, interval: 1s, rules: [{record: r, expr: %q}, {record: s, expr: "1"}]}
- {name: slower, interval: 7s, rules: [{record: r, expr: %q}, {alert: a, expr: %q}, {record: t, expr: %q}]}
`, slow, slow, slow, slow)
	inBubble(t, series, func(t *testing.T, p *pair) {
		withSlow := maps.Clone(files)
		withSlow["slow.yml"] = slowGroups
		reloads := []map[string]string{
			withSlow,
			{"b.yml": strings.ReplaceAll(files["b.yml"], "load > 5", "load > 1"), "slow.yml": slowGroups},
			{"b.yml": strings.ReplaceAll(files["b.yml"], "interval: 20s", "interval: 40s"), "a/b.yml": files["a/b.yml"]},
			{},
			withSlow,
			files,
		}
		for i, files := range reloads {
			p.load(files)
			for step := range 15 {
				p.compareMetrics(t)
				if t.Failed() {
					t.Fatalf("%d steps after reload %d", step, i)
				}
				time.Sleep(13013 * time.Millisecond)
				synctest.Wait()
			}
		}
	})
}
