package rule

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/notifier"
	"github.com/prometheus/prometheus/rules"
)

// A reload at reloadAt replaces the first set of rules by the second. The label
// sets of alerts are such that Prometheus' own quirk, to write a label that
// expands to nothing as its template, is not met.
const (
	rulesBefore = `
groups:
- name: g
  limit: 6
  labels: {team: a}
  rules:
  - {record: "level:max", expr: "max by (i, job) (level)", labels: {kind: max}}
  - {record: "level:low", expr: "level < 3"}
  - {record: "level:low", expr: "level > 6"}
  - {alert: Quick, expr: "level > 5", labels: {sev: page}, annotations: {v: "{{ $value }}"}}
  - {alert: Slow, expr: "level > 4", for: 3m, keep_firing_for: 2m, labels: {sev: "{{ if gt $value 6.0 }}page{{ else }}ticket{{ end }}"}}
  - {alert: Doubled, expr: "level > 6", labels: {i: same}}
  - {alert: Gone, expr: "level:max > 2", for: 1m}
  - {record: "alerts:count", expr: 'count by (alertname, alertstate) (ALERTS)'}
`
	rulesAfter = `
groups:
- name: g
  limit: 6
  labels: {team: a}
  rules:
  - {record: "level:max", expr: "max by (i, job) (level) + 1", labels: {kind: max}}
  - {alert: Slow, expr: "level > 3", for: 8m, keep_firing_for: 2m, labels: {sev: "{{ if gt $value 6.0 }}page{{ else }}ticket{{ end }}"}}
  - {alert: Quick, expr: "level > 5", labels: {sev: page}, annotations: {v: "now {{ $value }}"}}
  - {record: "level:low", expr: "level < 3"}
`
)

// upstreamGroup returns Prometheus' own group of a rule file.
func upstreamGroup(t *testing.T, f *definition.File, o *rules.ManagerOptions) *rules.Group {
	t.Helper()
	def := f.Groups[0]
	all := make([]rules.Rule, len(def.Rules))
	for i, r := range def.Rules {
		if r.Kind == definition.KindAlerting {
			all[i] = rules.NewAlertingRule(r.Name, r.Expr, r.For, r.KeepFiringFor, r.Labels, r.Annotations,
				labels.EmptyLabels(), "http://cresset.example", true, slog.New(slog.DiscardHandler))
		} else {
			all[i] = rules.NewRecordingRule(r.Name, r.Expr, r.Labels)
		}
	}
	return rules.NewGroup(rules.GroupOptions{
		Name: def.Name, File: f.Path, Interval: time.Minute, Limit: def.Limit, Rules: all, Opts: o,
	})
}

// sender collects what Prometheus sends.
type sender struct{ sent []Alert }

func (s *sender) Send(alerts ...*notifier.Alert) {
	for _, a := range alerts {
		s.sent = append(s.sent, Alert(*a))
	}
}

// The same rules over the same samples leave the same series, stale markers
// included, and send the same alerts as Prometheus' own groups do.
func TestSameAsPrometheus(t *testing.T) {
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 2))
			const minutes, reloadAt = 180, 90
			ours, theirs := newBench(t), openDB(t)
			ours.env.externalURL.Path = ""
			var sent sender
			o := &rules.ManagerOptions{
				NameValidationScheme: model.UTF8Validation,
				ExternalURL:          ours.env.externalURL,
				QueryFunc:            rules.QueryFunc(queryOf(t, theirs)),
				NotifyFunc:           rules.SendAlerts(&sent, "http://cresset.example"),
				Appendable:           theirs,
				Context:              context.Background(),
				Logger:               slog.New(slog.DiscardHandler),
				ResendDelay:          time.Minute - 1,
			}
			ours.load(rulesBefore)
			group := upstreamGroup(t, parse(t, "r.yml", rulesBefore), o)
			level := make([]int, 4)
			for minute := range minutes {
				at := time.Duration(minute) * time.Minute
				if minute == reloadAt {
					ours.load(rulesAfter)
					old := group
					group = upstreamGroup(t, parse(t, "r.yml", rulesAfter), o)
					group.CopyState(old)
				}
				var samples []string
				for i := range level {
					// Levels stay for a while, and some of them are absent for a while.
					if random.IntN(4) == 0 {
						level[i] = random.IntN(12) - 2
					}
					value := fmt.Sprint(level[i])
					if level[i] < 0 {
						value = "stale"
					}
					samples = append(samples, fmt.Sprintf(`level{i="%d",job="j"} %s`, i, value))
				}
				put(t, ours.db, t0.Add(at), samples...)
				put(t, theirs, t0.Add(at), samples...)

				ours.sent, sent.sent = nil, nil
				ours.evaluate(at)
				group.Eval(context.Background(), t0.Add(at))

				want := showAlerts(sent.sent)
				slices.Sort(ours.sent)
				slices.Sort(want)
				wantLines(t, fmt.Sprintf("sent after %v", at), ours.sent, want)
				for i, r := range group.Rules() {
					got, theirError := ours.e.Groups()[0].Rules[i], ""
					if r.LastError() != nil {
						// Of several samples that are not stored, they report another one.
						theirError, _, _ = strings.Cut(r.LastError().Error(), "existing")
					}
					if got.Health != Health(r.Health()) || !strings.Contains(got.LastError, theirError) {
						t.Errorf("rule %s after %v: got health %q and error %q, want %q and %q", r.Name(), at, got.Health, got.LastError, r.Health(), theirError)
					}
				}
				if t.Failed() {
					return
				}
			}
			got, want := dump(t, ours.db, namedLike(".+")), dump(t, theirs, namedLike(".+"))
			if len(want) < 20 {
				t.Errorf("only %d series: the test tests nothing", len(want))
			}
			wantLines(t, "series", got, want)
		})
	}
}
