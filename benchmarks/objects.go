package main

import (
	"fmt"
	"strconv"

	theirs "github.com/prometheus/client_golang/prometheus"

	ours "github.com/cresset-metrics/cresset/prometheus"
)

// Each object has two families of five series.
const (
	seriesPerObject  = 10
	phasesPerFamily  = 5
	familiesOfObject = seriesPerObject / phasesPerFamily
)

// objectPages are rows of series about objects that come and go.
func objectPages(s sizes) group {
	g := group{
		name: "Series by object",
		note: "A store of objects, beside a Collector that makes their metrics at each scrape. All objects are set anew between two pages, " +
			"except in the row that says so; the last row is what that takes.",
	}
	for _, f := range forms {
		g.rows = append(g.rows, row{
			name: fmt.Sprintf("scraping %s objects of ten series, %s", thousands(s.objects), f.name),
			what: series, goroutines: single,
			sides: []side{
				{cressetName, func() subject { return ourObjectPage(s.objects, f, true) }},
				{theirsName, func() subject { return theirObjectPage(s.objects, f) }},
			},
		})
	}
	g.rows = append(g.rows, row{
		name: fmt.Sprintf("scraping %s objects of ten series, text, none set since the last page", thousands(s.objects)),
		what: series, goroutines: single,
		sides: []side{
			{cressetName, func() subject { return ourObjectPage(s.objects, text, false) }},
			{theirsName, func() subject { return theirObjectPage(s.objects, text) }},
		},
	}, row{
		name: "setting the ten series of an object", what: wall, goroutines: single,
		sides: []side{{cressetName, func() subject { return settingObjects(s.objects) }}},
	})
	return g
}

func objectName(i int) string { return "object-" + strconv.Itoa(i) }

func phaseName(i int) string { return "phase-" + strconv.Itoa(i%phasesPerFamily) }

func familyName(family int) string { return "object_phase_" + strconv.Itoa(family) }

var objectLabels = []string{"namespace", "object", "phase"}

// ourObjects is a store of objects, with what their metrics are made of.
type ourObjects struct {
	store *ours.ObjectStore[int]
	descs []*ours.Desc
}

func newOurObjects() ourObjects {
	descs := make([]*ours.Desc, familiesOfObject)
	for f := range descs {
		descs[f] = ours.NewDesc(familyName(f), "Phases.", objectLabels, nil)
	}
	return ourObjects{ours.NewObjectStore[int](descs...), descs}
}

// metrics returns those of an object in some round of changes.
func (o ourObjects) metrics(object, round int) []ours.Metric {
	metrics := make([]ours.Metric, seriesPerObject)
	for i := range metrics {
		metrics[i] = ours.MustNewConstMetric(o.descs[i/phasesPerFamily], ours.GaugeValue, float64(i+round), "default", objectName(object), phaseName(i))
	}
	return metrics
}

func (o ourObjects) set(n, round int) {
	for object := range n {
		must(0, o.store.Set(object, o.metrics(object, round)...))
	}
}

func ourObjectPage(n int, f form, changing bool) *page {
	all := newOurObjects()
	round := 0
	change := func() {
		if changing || round == 0 {
			round++
			all.set(n, round)
		}
	}
	return newPage(n*seriesPerObject, change, f.asked(ourHandler(all.store)))
}

// settingObjects sets one object after the other to what it had two rounds ago.
func settingObjects(n int) loop {
	all := newOurObjects()
	var rounds [2][][]ours.Metric
	for round := range rounds {
		for object := range n {
			rounds[round] = append(rounds[round], all.metrics(object, round))
		}
	}
	return func() work {
		return func(_, times int) {
			for i := range times {
				must(0, all.store.Set(i%n, rounds[i/n%2][i%n]...))
			}
		}
	}
}

// theirObjects makes the metrics of all objects at every scrape.
type theirObjects struct {
	descs   []*theirs.Desc
	objects int
	round   int
}

func newTheirObjects(n int) *theirObjects {
	o := &theirObjects{objects: n}
	for f := range familiesOfObject {
		o.descs = append(o.descs, theirs.NewDesc(familyName(f), "Phases.", objectLabels, nil))
	}
	return o
}

func (o *theirObjects) Describe(ch chan<- *theirs.Desc) {
	for _, d := range o.descs {
		ch <- d
	}
}

func (o *theirObjects) Collect(ch chan<- theirs.Metric) {
	for object := range o.objects {
		for i := range seriesPerObject {
			ch <- theirs.MustNewConstMetric(o.descs[i/phasesPerFamily], theirs.GaugeValue, float64(i+o.round), "default", objectName(object), phaseName(i))
		}
	}
}

func theirObjectPage(n int, f form) *page {
	all := newTheirObjects(n)
	return newPage(n*seriesPerObject, func() { all.round++ }, f.asked(theirHandler(all)))
}
