package registry

import (
	"slices"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// The metrics that a quarantine exposes about itself, on each page.
const (
	ownSeries   = "cresset_quarantined_series_total"
	ownFailures = "cresset_collector_failures_total"
	ownSuccess  = "cresset_collector_success"
	ownDuration = "cresset_collector_duration_seconds"
	ownAge      = "cresset_collector_result_age_seconds"
)

var ownFamilies = map[string]exposition.Family{
	ownSeries:   {Type: exposition.Counter, Help: "Series that were left out of a page, by their family and the reason."},
	ownFailures: {Type: exposition.Counter, Help: "How often a collector was left out of a page, wholly or in part, because it failed."},
	ownSuccess:  {Type: exposition.Gauge, Help: "1 if the collector came back in time for this page and reported nothing wrong, 0 otherwise."},
	ownDuration: {Type: exposition.Gauge, Help: "How long the collector took for this page, or has taken so far if it has not come back."},
	ownAge:      {Type: exposition.Gauge, Help: "How old what this page has of the collector is: 0 if new, more if its last good result stands in."},
}

func isOwnFamily(name string) bool { _, is := ownFamilies[name]; return is }

// ownLabels are the labels of the metrics about a collector.
type ownLabels struct {
	collector *exposition.Labels
	failures  map[Reason]*exposition.Labels // as they come
}

func newOwnLabels(collector string) ownLabels {
	labels := exposition.NewLabels([]string{"collector"}, []string{collector})
	return ownLabels{&labels, make(map[Reason]*exposition.Labels)}
}

func labelsWithReason(name, value string, reason Reason) *exposition.Labels {
	labels := exposition.NewLabels([]string{name, "reason"}, []string{value, string(reason)})
	return &labels
}

type leftOutKey struct {
	family string
	reason Reason
}

// ownCount is a counter.
type ownCount struct {
	labels *exposition.Labels
	n      int
}

// maxLeftOut is how many families and reasons are counted one by one.
const maxLeftOut = 1000

// count takes in what one page left out.
func (q *Quarantine) count(t *tally) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, item := range t.items {
		if f := item.foreign; f != nil {
			if f.failures[item.reason]++; f.own.failures[item.reason] == nil {
				f.own.failures[item.reason] = labelsWithReason("collector", f.name, item.reason)
			}
			continue
		}
		key := leftOutKey{item.family, item.reason}
		if q.leftOut[key] == nil && len(q.leftOut) >= maxLeftOut {
			key.family = Overflow
		}
		if q.leftOut[key] == nil {
			if q.leftOut == nil {
				q.leftOut = make(map[leftOutKey]*ownCount)
			}
			q.leftOut[key] = &ownCount{labels: labelsWithReason("family", key.family, key.reason)}
		}
		q.leftOut[key].n += item.n
	}
}

// addOwn adds the metrics about the gather to its page.
func (q *Quarantine) addOwn(p *Page, all []asked) {
	series := make(map[string]Fixed, len(ownFamilies))
	add := func(name string, labels *exposition.Labels, value float64, created exposition.Time) {
		series[name] = append(series[name], exposition.Series{Labels: labels, Value: value, Created: created})
	}
	q.mu.Lock()
	since := exposition.TimeOf(q.since)
	for _, count := range q.leftOut {
		add(ownSeries, count.labels, float64(count.n), since)
	}
	for i := range all {
		f, o := all[i].foreign, &all[i].outcome
		if f == nil || f.isFamily {
			continue
		}
		for reason, n := range f.failures {
			add(ownFailures, f.own.failures[reason], float64(n), since)
		}
		success := 0.0
		if o.batch != nil && len(o.batch.errs) == 0 {
			success = 1
		}
		add(ownSuccess, f.own.collector, success, exposition.Time{})
		add(ownDuration, f.own.collector, o.took.Seconds(), exposition.Time{})
		if q.ServeLast > 0 {
			add(ownAge, f.own.collector, o.age.Seconds(), exposition.Time{})
		}
	}
	q.mu.Unlock()

	for name, rows := range series {
		compare := func(a, b exposition.Series) int { return a.Labels.Compare(b.Labels) }
		slices.SortFunc(rows, compare)
		// A source may have been registered twice.
		rows = slices.CompactFunc(rows, func(a, b exposition.Series) bool { return compare(a, b) == 0 })
		family := ownFamilies[name]
		family.Name, family.HasHelp = name, true
		p.Append(family, rows)
	}
	p.sort()
}
