package differential_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/tsdb"
)

// side is one of the two engines, with a database of its own.
type side interface {
	database() *tsdb.DB
	start(settings, files) error  // a new process over the same database
	reload(settings, files) error // leaves everything as it was if it fails
	stop()                        // the process ends
	look() view
}

// view is what can be seen of an engine, in lines that are equal if and only if
// what they tell is.
type view struct {
	groups  []string // groups, rules and alerts as an API shows them
	sent    []string // alerts, since the last look
	metrics []string
}

const externalURL = "http://cresset.example/sub"

// outbox collects the alerts that an engine sends.
type outbox struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (o *outbox) add(l, annotations labels.Labels, startsAt, endsAt time.Time, generator string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lines = append(o.lines, fmt.Sprintf("%s sent %s %s from %s until %s see %s",
		showTime(time.Now()), l, annotations, showTime(startsAt), showTime(endsAt), generator))
}

// take returns what was sent since the last time, sorted: one engine sends the
// alerts of a rule in random order.
func (o *outbox) take() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := o.lines
	o.lines = nil
	slices.Sort(lines)
	return lines
}

// disturbance makes queries slow, and fail, the same for both engines.
type disturbance struct {
	slow map[string]time.Duration

	mu   sync.Mutex // guards fail
	fail map[string]string
}

func (d *disturbance) set(fail map[string]string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail = fail
}

func (d *disturbance) failure(expr string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for part, text := range d.fail {
		if strings.Contains(expr, part) {
			return errors.New(text)
		}
	}
	return nil
}

// disturb puts the disturbance before a query function.
func (d *disturbance) disturb(query func(context.Context, string, time.Time) (promql.Vector, error)) func(context.Context, string, time.Time) (promql.Vector, error) {
	return func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
		for part, takes := range d.slow {
			if strings.Contains(expr, part) {
				time.Sleep(takes)
			}
		}
		if err := d.failure(expr); err != nil {
			return nil, err
		}
		return query(ctx, expr, at)
	}
}

// ruleView is what an API shows of a rule.
type ruleView struct {
	kind, name, query, health, lastError string
	labels                               labels.Labels
	lastEvaluation                       time.Time
	evaluationTime                       time.Duration

	// Of alerting rules only.
	annotations            labels.Labels
	holdFor, keepFiringFor time.Duration
	state                  string
	alerts                 []alertView
}

type alertView struct {
	labels, annotations       labels.Labels
	state                     string
	value                     float64
	activeAt, keepFiringSince time.Time
}

// lines writes the rule below the name of its group.
func (r ruleView) lines(group string, index int) []string {
	where := fmt.Sprintf("%s rule %d %s", group, index, r.name)
	lines := []string{fmt.Sprintf("%s: %s %s %s %s for %v keeping %v, %s, health %s error %q, evaluated %s in %v",
		where, r.kind, r.query, r.labels, r.annotations, r.holdFor, r.keepFiringFor, r.state, r.health, r.lastError,
		showTime(r.lastEvaluation), r.evaluationTime)}
	for _, a := range r.alerts {
		lines = append(lines, fmt.Sprintf("%s: alert %s %s %s value %v since %s kept since %s",
			where, a.labels, a.annotations, a.state, a.value, showTime(a.activeAt), showTime(a.keepFiringSince)))
	}
	slices.Sort(lines[1:])
	return lines
}

// showMetrics writes the engine's own metrics, one line each. In virtual time
// even durations are exact; only the quantiles are each engine's own.
func showMetrics(families []*dto.MetricFamily) []string {
	var lines []string
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "prometheus_") {
			continue // there is more to see of ours
		}
		lines = append(lines, fmt.Sprintf("%s: %s %q", f.GetName(), f.GetType(), f.GetHelp()))
		for _, m := range f.GetMetric() {
			var of []string
			for _, l := range m.GetLabel() {
				of = append(of, l.GetName()+"="+l.GetValue())
			}
			line := fmt.Sprintf("%s%q", f.GetName(), of)
			switch {
			case m.Counter != nil:
				line = fmt.Sprint(line, m.GetCounter().GetValue())
			case m.Gauge != nil:
				line = fmt.Sprint(line, m.GetGauge().GetValue())
			case m.Summary != nil:
				line = fmt.Sprintf("%s count %d sum %.6g", line, m.GetSummary().GetSampleCount(), m.GetSummary().GetSampleSum())
			case m.Histogram != nil:
				h := m.GetHistogram()
				line = fmt.Sprintf("%s count %d sum %.6g schema %d buckets", line, h.GetSampleCount(), h.GetSampleSum(), h.GetSchema())
				for _, b := range h.GetBucket() {
					line = fmt.Sprintf("%s %v:%d", line, b.GetUpperBound(), b.GetCumulativeCount())
				}
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}
