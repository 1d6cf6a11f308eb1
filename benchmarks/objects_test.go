package benchmarks

import (
	"strconv"
	"testing"

	theirs "github.com/prometheus/client_golang/prometheus"
	theirhttp "github.com/prometheus/client_golang/prometheus/promhttp"

	ours "github.com/cresset-metrics/cresset/prometheus"
	ourhttp "github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// Ten series about each of many objects: series in all, as for BenchmarkPage.
const (
	objects          = series / seriesPerObject
	seriesPerObject  = 10
	phasesPerFamily  = 5
	familiesOfObject = seriesPerObject / phasesPerFamily
)

func objectName(i int) string { return "object-" + strconv.Itoa(i) }

func phaseName(i int) string { return "phase-" + strconv.Itoa(i%phasesPerFamily) }

func familyName(i int) string { return "object_phase_" + strconv.Itoa(i/phasesPerFamily) }

// ourObject returns the metrics of an object.
func ourObject(descs []*ours.Desc, object int) []ours.Metric {
	metrics := make([]ours.Metric, seriesPerObject)
	for i := range metrics {
		metrics[i] = ours.MustNewConstMetric(descs[i/phasesPerFamily], ours.GaugeValue, float64(i), "default", objectName(object), phaseName(i))
	}
	return metrics
}

func ourDescs() []*ours.Desc {
	descs := make([]*ours.Desc, familiesOfObject)
	for f := range descs {
		descs[f] = ours.NewDesc(familyName(f*phasesPerFamily), "Phases.", []string{"namespace", "object", "phase"}, nil)
	}
	return descs
}

// theirObjects makes the metrics of all objects at every scrape.
type theirObjects []*theirs.Desc

func (o theirObjects) Describe(ch chan<- *theirs.Desc) {
	for _, d := range o {
		ch <- d
	}
}

func (o theirObjects) Collect(ch chan<- theirs.Metric) {
	for object := range objects {
		for i := range seriesPerObject {
			ch <- theirs.MustNewConstMetric(o[i/phasesPerFamily], theirs.GaugeValue, float64(i), "default", objectName(object), phaseName(i))
		}
	}
}

// BenchmarkObjects serves a page of 100,000 series about 10,000 objects: from a
// store, and from a Collector that makes them each time.
func BenchmarkObjects(b *testing.B) {
	b.Run("cresset", func(b *testing.B) {
		descs := ourDescs()
		store := ours.NewObjectStore[int](descs...)
		for object := range objects {
			if err := store.Set(object, ourObject(descs, object)...); err != nil {
				b.Fatal(err)
			}
		}
		r := ours.NewRegistry()
		r.MustRegister(store)
		scrape(b, ourhttp.HandlerFor(r, ourhttp.HandlerOpts{EnableOpenMetrics: true}))
	})
	b.Run("client_golang", func(b *testing.B) {
		var c theirObjects
		for f := range familiesOfObject {
			c = append(c, theirs.NewDesc(familyName(f*phasesPerFamily), "Phases.", []string{"namespace", "object", "phase"}, nil))
		}
		r := theirs.NewRegistry()
		r.MustRegister(c)
		scrape(b, theirhttp.HandlerFor(r, theirhttp.HandlerOpts{EnableOpenMetrics: true}))
	})
}

// BenchmarkSetObject sets the ten series of one of 10,000 objects, with other
// values than before.
func BenchmarkSetObject(b *testing.B) {
	descs := ourDescs()
	store := ours.NewObjectStore[int](descs...)
	all := make([][]ours.Metric, objects)
	for object := range all {
		all[object] = ourObject(descs, object)
		if err := store.Set(object, all[object]...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if err := store.Set(i%objects, all[i%objects]...); err != nil {
			b.Fatal(err)
		}
	}
}
