package clientgolang

import (
	"errors"
	"fmt"

	ours "github.com/cresset-metrics/cresset/prometheus"
	theirs "github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// FromCollector makes a Collector of client_golang one of ours. It describes the
// same and collects the same metrics, with all that they have. Two that are made
// of the same Collector describe the same, so that the second serves to unregister
// the first.
//
// A Collector that ToCollector has made is what it was made of again.
func FromCollector(c theirs.Collector) ours.Collector {
	if translated, ok := c.(*toCollector); ok {
		return translated.c
	}
	return &fromCollector{c: c, descs: descs[*theirs.Desc, *ours.Desc]{translate: fromDesc}}
}

type fromCollector struct {
	c     theirs.Collector
	descs descs[*theirs.Desc, *ours.Desc]
}

func (f *fromCollector) Describe(ch chan<- *ours.Desc) {
	forward(f.c.Describe, ch, fromDesc)
}

func (f *fromCollector) Collect(ch chan<- ours.Metric) {
	descOf, keep := f.descs.lookup()
	forward(f.c.Collect, ch, func(m theirs.Metric) ours.Metric {
		if m == nil {
			return nil
		}
		return &fromMetric{m, descOf(m.Desc())}
	})
	keep()
}

type fromMetric struct {
	m    theirs.Metric
	desc *ours.Desc
}

func (f *fromMetric) Desc() *ours.Desc            { return f.desc }
func (f *fromMetric) Write(out *dto.Metric) error { return f.m.Write(out) }

// ToCollector makes a Collector of ours one of client_golang. It describes the
// same and collects the same metrics, with all that they have. Two that are made
// of the same Collector describe the same, so that the second serves to unregister
// the first.
//
// A Collector that FromCollector has made is what it was made of again.
func ToCollector(c ours.Collector) theirs.Collector {
	if translated, ok := c.(*fromCollector); ok {
		return translated.c
	}
	return &toCollector{c: c, descs: descs[*ours.Desc, *theirs.Desc]{translate: toDesc}}
}

type toCollector struct {
	c     ours.Collector
	descs descs[*ours.Desc, *theirs.Desc]
}

func (t *toCollector) Describe(ch chan<- *theirs.Desc) {
	forward(t.c.Describe, ch, toDesc)
}

func (t *toCollector) Collect(ch chan<- theirs.Metric) {
	descOf, keep := t.descs.lookup()
	forward(t.c.Collect, ch, func(m ours.Metric) theirs.Metric {
		if m == nil || m.Desc() == nil {
			return noMetric(m) // theirs would not survive it
		}
		return &toMetric{m, descOf(m.Desc())}
	})
	keep()
}

// noMetric reports something that is none.
func noMetric(m ours.Metric) theirs.Metric {
	err := errors.New("a collector sent a nil metric")
	if m != nil {
		err = fmt.Errorf("a collector sent a metric of type %T without a descriptor", m)
	}
	return theirs.NewInvalidMetric(theirs.NewInvalidDesc(err), err)
}

type toMetric struct {
	m    ours.Metric
	desc *theirs.Desc
}

func (t *toMetric) Desc() *theirs.Desc          { return t.desc }
func (t *toMetric) Write(out *dto.Metric) error { return t.m.Write(out) }
