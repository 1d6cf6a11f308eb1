package clientgolang

import (
	"fmt"
	"strconv"

	ours "github.com/cresset-metrics/cresset/prometheus"
	theirs "github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// description is what a Desc says. A Desc does not let others read it, but what
// it says is seen on the metrics that are made of it.
type description struct {
	name, help, unit string
	variable         []string
	constant         map[string]string
}

// maxLabels bounds the search for the number of variable labels. No metric has
// as many.
const maxLabels = 1 << 10

// read makes out what a valid Desc says. expose returns the family of a metric of
// the Desc that has these values, or an error if they are not as many as the Desc
// has variable labels.
func read(expose func(values []string) (*dto.MetricFamily, error)) (description, error) {
	var values, others []string
	family, err := expose(values)
	for err != nil && len(values) < maxLabels {
		values = append(values, strconv.Itoa(len(values)))
		others = append(others, "other "+strconv.Itoa(len(others)))
		family, err = expose(values)
	}
	if err != nil {
		return description{}, fmt.Errorf("no metric can be made to see what is described: %w", err)
	}
	// A label whose value can be changed is a variable one, and the value tells
	// which.
	changed, err := expose(others)
	if err != nil {
		return description{}, err
	}
	d := description{
		name: family.GetName(), help: family.GetHelp(), unit: family.GetUnit(),
		variable: make([]string, len(values)),
		constant: make(map[string]string),
	}
	for i, pair := range family.GetMetric()[0].GetLabel() {
		if pair.GetValue() == changed.GetMetric()[0].GetLabel()[i].GetValue() {
			d.constant[pair.GetName()] = pair.GetValue()
			continue
		}
		at, err := strconv.Atoi(pair.GetValue())
		if err != nil {
			return description{}, fmt.Errorf("label %q has the value %q, which it was not given", pair.GetName(), pair.GetValue())
		}
		d.variable[at] = pair.GetName()
	}
	return d, nil
}

func fromDesc(desc *theirs.Desc) *ours.Desc {
	if err := desc.Err(); err != nil {
		return ours.NewInvalidDesc(named(desc, err))
	}
	d, err := read(func(values []string) (*dto.MetricFamily, error) {
		m, err := theirs.NewConstMetric(desc, theirs.GaugeValue, 0, values...)
		if err != nil {
			return nil, err
		}
		reg := theirs.NewRegistry()
		if err := reg.Register(theirs.CollectorFunc(func(ch chan<- theirs.Metric) { ch <- m })); err != nil {
			return nil, err
		}
		return only(reg.Gather())
	})
	if err != nil {
		return ours.NewInvalidDesc(named(desc, err))
	}
	return ours.V2.NewDesc(d.name, d.help, ours.UnconstrainedLabels(d.variable), d.constant, ours.WithUnit(d.unit))
}

func toDesc(desc *ours.Desc) *theirs.Desc {
	if err := desc.Err(); err != nil {
		return theirs.NewInvalidDesc(named(desc, err))
	}
	d, err := read(func(values []string) (*dto.MetricFamily, error) {
		m, err := ours.NewConstMetric(desc, ours.GaugeValue, 0, values...)
		if err != nil {
			return nil, err
		}
		reg := ours.NewRegistry()
		if err := reg.Register(ours.CollectorFunc(func(ch chan<- ours.Metric) { ch <- m })); err != nil {
			return nil, err
		}
		return only(reg.Gather())
	})
	if err != nil {
		return theirs.NewInvalidDesc(named(desc, err))
	}
	return theirs.V2.NewDesc(d.name, d.help, theirs.UnconstrainedLabels(d.variable), d.constant, theirs.WithUnit(d.unit))
}

// nothing is the text of a Desc that says nothing but what is wrong.
var nothing = theirs.NewInvalidDesc(nil).String()

// named adds to what is wrong with a Desc what it describes, as one that is not
// valid cannot be made to say anything else.
func named(desc fmt.Stringer, err error) error {
	if desc.String() == nothing {
		return err
	}
	return fmt.Errorf("%s: %w", desc, err)
}

// only returns the family of the only metric that was gathered.
func only(families []*dto.MetricFamily, err error) (*dto.MetricFamily, error) {
	if err != nil {
		return nil, err
	}
	if len(families) != 1 || len(families[0].GetMetric()) != 1 {
		return nil, fmt.Errorf("one metric was gathered as %v", families)
	}
	return families[0], nil
}
