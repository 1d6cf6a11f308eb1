package prometheus_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// A package that is used by others leaves it to them where its metrics go.
func ExampleRegisterer() {
	type orchard struct{ apples prometheus.Counter }
	newOrchard := func(reg prometheus.Registerer) *orchard {
		o := &orchard{prometheus.NewCounter(prometheus.CounterOpts{Name: "apples_total", Help: "Apples picked."})}
		reg.MustRegister(o.apples)
		return o
	}

	reg := prometheus.NewRegistry()
	newOrchard(reg).apples.Add(12)
	show(reg)
	// Output:
	// apples_total 12
}

// A small program may do with what is there anyway.
func ExampleMustRegister() {
	apples := prometheus.NewCounter(prometheus.CounterOpts{Name: "apples_total", Help: "Apples picked."})
	prometheus.MustRegister(apples)
	http.Handle("/metrics", promhttp.Handler())
}

// Two orchards of one kind differ in a label that neither knows of.
func ExampleWrapRegistererWith() {
	reg := prometheus.NewRegistry()
	for _, owner := range []string{"Ida", "Per"} {
		trees := prometheus.NewGauge(prometheus.GaugeOpts{Name: "orchard_trees", Help: "Trees."})
		prometheus.WrapRegistererWith(prometheus.Labels{"owner": owner}, reg).MustRegister(trees)
	}
	show(reg)
	// Output:
	// orchard_trees{owner="Ida"} 0
	// orchard_trees{owner="Per"} 0
}

func ExampleWrapRegistererWithPrefix() {
	reg := prometheus.NewRegistry()
	prometheus.WrapRegistererWithPrefix("farm_", reg).MustRegister(
		prometheus.NewGauge(prometheus.GaugeOpts{Name: "trees", Help: "Trees."}),
	)
	show(reg)
	// Output:
	// farm_trees 0
}

// All that somebody registered can be labelled, added and removed as one.
func ExampleWrapCollectorWith() {
	neighbour := prometheus.NewRegistry()
	neighbour.MustRegister(
		prometheus.NewGauge(prometheus.GaugeOpts{Name: "trees", Help: "Trees."}),
		prometheus.NewGauge(prometheus.GaugeOpts{Name: "cows", Help: "Cows."}),
	)
	reg := prometheus.NewRegistry()
	all := prometheus.WrapCollectorWith(prometheus.Labels{"owner": "Per"}, neighbour)
	reg.MustRegister(all)
	show(reg)
	fmt.Println("removed:", reg.Unregister(all))
	show(reg)
	// Output:
	// cows{owner="Per"} 0
	// trees{owner="Per"} 0
	// removed: true
}

func ExampleGatherer() {
	trees := func(g prometheus.Gatherer) float64 {
		families, err := g.Gather()
		if err != nil {
			panic(err)
		}
		return families[0].Metric[0].Gauge.GetValue()
	}

	reg := prometheus.NewRegistry()
	planted := prometheus.NewGauge(prometheus.GaugeOpts{Name: "trees", Help: "Trees."})
	planted.Set(40)
	reg.MustRegister(planted)
	fmt.Println(trees(reg))
	// Output:
	// 40
}

// A Gatherer need not be a registry: this one leaves out what is nobody's
// business.
func ExampleGathererFunc() {
	reg := prometheus.NewRegistry()
	reg.MustRegister(
		prometheus.NewGauge(prometheus.GaugeOpts{Name: "trees", Help: "Trees."}),
		prometheus.NewGauge(prometheus.GaugeOpts{Name: "debts", Help: "Debts."}),
	)
	var public prometheus.Gatherer = prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		families, err := reg.Gather()
		var kept []*dto.MetricFamily
		for _, family := range families {
			if family.GetName() != "debts" {
				kept = append(kept, family)
			}
		}
		return kept, err
	})
	families, err := public.Gather()
	fmt.Println(len(families), err)
	// Output:
	// 1 <nil>
}

// basket is a TransactionalGatherer that fills the same message each time.
type basket struct {
	mu     sync.Mutex // held from Gather to done
	family *dto.MetricFamily
}

func newBasket(name string) *basket {
	return &basket{family: &dto.MetricFamily{
		Name:   &name,
		Help:   new("Apples in the basket."),
		Type:   dto.MetricType_GAUGE.Enum(),
		Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: new(0.0)}}},
	}}
}

func (b *basket) Gather() ([]*dto.MetricFamily, func(), error) {
	b.mu.Lock()
	*b.family.Metric[0].Gauge.Value += 5
	return []*dto.MetricFamily{b.family}, b.mu.Unlock, nil
}

func ExampleTransactionalGatherer() {
	var apples prometheus.TransactionalGatherer = newBasket("basket_apples")
	for range 2 {
		families, done, err := apples.Gather()
		if err != nil {
			panic(err)
		}
		fmt.Println(families[0].Metric[0].Gauge.GetValue())
		done() // the message belongs to the basket again
	}
	// Output:
	// 5
	// 10
}

func ExampleMultiTRegistry() {
	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "trees", Help: "Trees."}))

	all := prometheus.NewMultiTRegistry(
		prometheus.ToTransactionalGatherer(reg),
		newBasket("red_apples"),
		newBasket("green_apples"),
	)
	families, done, err := all.Gather()
	defer done()
	if err != nil {
		panic(err)
	}
	for _, family := range families {
		fmt.Println(family.GetName())
	}
	// Output:
	// green_apples
	// red_apples
	// trees
}

func ExampleMultiError() {
	var errs prometheus.MultiError
	for _, apple := range []string{"ripe", "wormy", "ripe", "bruised"} {
		if apple != "ripe" {
			errs.Append(fmt.Errorf("an apple is %s", apple))
		}
	}
	fmt.Println(errs.MaybeUnwrap())

	var none prometheus.MultiError
	fmt.Println(none.MaybeUnwrap())
	// Output:
	// 2 error(s) occurred:
	// * an apple is wormy
	// * an apple is bruised
	// <nil>
}

func ExampleSafeMultiError() {
	var errs prometheus.SafeMultiError
	var pickers sync.WaitGroup
	for range 3 {
		pickers.Go(func() { errs.Append(errors.New("the ladder is too short")) })
	}
	pickers.Wait()
	fmt.Println(errs.MaybeUnwrap())
	// Output:
	// 3 error(s) occurred:
	// * the ladder is too short
	// * the ladder is too short
	// * the ladder is too short
}
