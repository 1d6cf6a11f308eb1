package prometheus

import (
	"encoding/json"
	"expvar"
	"maps"
	"slices"
)

// NewExpvarCollector returns a collector of variables of package expvar, which
// is the same as that of package collectors.
//
// Deprecated: Use collectors.NewExpvarCollector.
func NewExpvarCollector(exports map[string]*Desc) Collector {
	return expvarCollector{maps.Clone(exports)}
}

type expvarCollector struct {
	exports map[string]*Desc // by the name of the variable
}

// Describe implements Collector.
func (c expvarCollector) Describe(ch chan<- *Desc) {
	for _, desc := range c.exports {
		ch <- desc
	}
}

// Collect implements Collector. Variables that are not there are left out.
func (c expvarCollector) Collect(ch chan<- Metric) {
	for _, name := range slices.Sorted(maps.Keys(c.exports)) {
		desc, variable := c.exports[name], expvar.Get(name)
		if variable == nil {
			continue
		}
		var value any
		if err := json.Unmarshal([]byte(variable.String()), &value); err != nil {
			ch <- NewInvalidMetric(desc, err)
			continue
		}
		sendExpvar(ch, desc, value, nil)
	}
}

// sendExpvar sends what the value holds: if there are labels left that have no
// value yet, the keys of the value are the values of the next one, otherwise
// the value is that of a metric. What does not fit is left out.
func sendExpvar(ch chan<- Metric, desc *Desc, value any, labelValues []string) {
	labelled := len(labelValues) == len(desc.d.Schema.Variable())
	switch value := value.(type) {
	case map[string]any:
		if labelled {
			return
		}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			sendExpvar(ch, desc, value[key], append(slices.Clone(labelValues), key))
		}
	case float64:
		if labelled {
			ch <- MustNewConstMetric(desc, UntypedValue, value, labelValues...)
		}
	case bool:
		if labelled {
			number := 0.0
			if value {
				number = 1
			}
			ch <- MustNewConstMetric(desc, UntypedValue, number, labelValues...)
		}
	}
}
