package web

import (
	"cmp"
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/scrape"
)

type targetsData struct {
	Tabs    []tab
	Jobs    []jobView
	LeftOut int
}

type jobView struct {
	Name    string
	Up      int
	All     int
	Dropped int // by relabelling
	Targets []targetView
}

type targetView struct {
	URL       string
	Link      bool // a browser may be sent there
	Health    string
	Labels    []pair
	Scraped   moment
	Took      string
	LastError string
}

var targetHealths = []string{string(scrape.HealthBad), string(scrape.HealthGood), string(scrape.HealthUnknown)}

// targets shows every job with its targets, those that are down first.
func (web *Web) targets(r *request) content {
	active, dropped := web.o.Targets.TargetsActive(), web.o.Targets.TargetsDroppedCounts()
	counts := make(map[string]int)
	for _, ts := range active {
		for _, t := range ts {
			counts[string(t.Health())]++
		}
	}
	health, tabs, ok := choice(r, "targets", "state", targetHealths, counts, nil)
	if !ok {
		return noChoice(r, "state", targetHealths)
	}

	d := &targetsData{Tabs: tabs}
	show := rows{left: maxRows}
	for _, name := range jobs(active, dropped) {
		job := jobView{Name: name, All: len(active[name]), Dropped: dropped[name]}
		var views []targetView
		for _, t := range active[name] {
			v := newTargetView(r, t)
			if v.Health == string(scrape.HealthGood) {
				job.Up++
			}
			if health == "" || health == v.Health {
				views = append(views, v)
			}
		}
		slices.SortFunc(views, func(a, b targetView) int {
			return cmp.Or(
				cmp.Compare(slices.Index(targetHealths, a.Health), slices.Index(targetHealths, b.Health)),
				cmp.Compare(a.URL, b.URL),
			)
		})
		for _, v := range views {
			if show.take() {
				job.Targets = append(job.Targets, v)
			}
		}
		if health == "" || len(job.Targets) > 0 {
			d.Jobs = append(d.Jobs, job)
		}
	}
	d.LeftOut = show.LeftOut
	return content{template: "targets", title: "Targets", data: d}
}

// jobs are the names of all jobs that have a target or dropped one.
func jobs(active map[string][]*scrape.Target, dropped map[string]int) []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(active)), maps.Keys(dropped))
	slices.Sort(names)
	return slices.Compact(names)
}

func newTargetView(r *request, t *scrape.Target) targetView {
	u := t.URL().String()
	v := targetView{
		URL:     u,
		Link:    webAddress(u),
		Health:  string(t.Health()),
		Labels:  pairs(t.Labels(labels.NewBuilder(labels.EmptyLabels()))),
		Scraped: at(t.LastScrape(), r.now),
		Took:    took(t.LastScrapeDuration()),
	}
	if err := t.LastError(); err != nil {
		v.LastError = err.Error()
	}
	return v
}
