package promauto_test

import (
	"fmt"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promauto"
)

// A package that others use takes the Registerer from them.
func ExampleWith() {
	type store struct{ reads, writes prometheus.Counter }

	open := func(reg prometheus.Registerer) store {
		factory := promauto.With(reg)
		return store{
			reads:  factory.NewCounter(prometheus.CounterOpts{Name: "store_reads_total"}),
			writes: factory.NewCounter(prometheus.CounterOpts{Name: "store_writes_total"}),
		}
	}

	reg := prometheus.NewRegistry()
	open(reg).writes.Inc()
	open(nil).writes.Inc() // somebody who does not want the metrics

	for _, family := range reg.MustGather() {
		fmt.Println(family.GetName(), family.GetMetric()[0].GetCounter().GetValue())
	}
	// Output:
	// store_reads_total 0
	// store_writes_total 1
}

// A Factory can be handed on to what makes its metrics itself.
func ExampleFactory() {
	newQueue := func(factory promauto.Factory) prometheus.Gauge {
		return factory.NewGauge(prometheus.GaugeOpts{Name: "queue_length"})
	}

	reg := prometheus.NewRegistry()
	newQueue(promauto.With(prometheus.WrapRegistererWithPrefix("mail_", reg))).Set(3)
	newQueue(promauto.With(prometheus.WrapRegistererWithPrefix("print_", reg))).Set(1)
	newQueue(promauto.Factory{}).Set(7) // registered nowhere

	for _, family := range reg.MustGather() {
		fmt.Println(family.GetName(), family.GetMetric()[0].GetGauge().GetValue())
	}
	// Output:
	// mail_queue_length 3
	// print_queue_length 1
}

// Two parts of a program that know nothing of each other count the same thing.
func ExampleGetOrRegister() {
	newMailer := func(reg prometheus.Registerer) prometheus.Counter {
		return promauto.GetOrRegister(reg).NewCounter(prometheus.CounterOpts{Name: "mails_sent_total"})
	}

	reg := prometheus.NewRegistry()
	newMailer(reg).Add(2)
	newMailer(reg).Inc()

	for _, family := range reg.MustGather() {
		fmt.Println(family.GetName(), family.GetMetric()[0].GetCounter().GetValue())
	}
	// Output:
	// mails_sent_total 3
}
