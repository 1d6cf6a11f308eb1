package promhttp

import (
	"net/http"
	"slices"
	"strconv"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/prometheus"
)

// exchange is a request and what became of it.
type exchange struct {
	request *http.Request
	origin  *http.Request // which added labels are taken from
	code    int           // of the response; 0 if nobody set it
}

// partition is how a vector tells exchanges apart: by which labels, in which
// order, and where their values come from. It is worked out once, when something
// is instrumented, and never changes.
type partition struct {
	labels []label
	byCode bool // one of them is the code
}

type label struct {
	name  string
	value func(exchange) string
}

// stackLabels is how many label values are put together without asking for
// memory.
const stackLabels = 8

// values appends the label values of an exchange to dst, in the order of the
// labels.
func (p *partition) values(dst []string, x exchange) []string {
	for _, l := range p.labels {
		dst = append(dst, l.value(x))
	}
	return dst
}

// named returns label values by the names of their labels.
func (p *partition) named(values []string) prometheus.Labels {
	labels := make(prometheus.Labels, len(values))
	for i, l := range p.labels {
		labels[l.name] = values[i]
	}
	return labels
}

// partitionOf returns how a vector is partitioned. curry sets one more label of
// it, and fails if that is set already. It panics if the vector has another label
// than the code, the method and those that were added, or if it could not be
// registered.
func partitionOf(vec prometheus.Collector, curry func(prometheus.Labels) error, o *options) partition {
	var p partition
	methods := methodsWith(o.extraMethods)
	for _, name := range variableLabels(onlyDesc(vec)) {
		added, isAdded := o.labels[name]
		isCurried := !isAdded && curry(prometheus.Labels{name: unknown}) != nil
		switch {
		case isAdded:
			p.labels = append(p.labels, label{name, func(x exchange) string { return added(x.origin) }})
		case isCurried:
		case name == "code":
			p.byCode = true
			p.labels = append(p.labels, label{name, func(x exchange) string { return codeLabel(x.code) }})
		case name == "method":
			p.labels = append(p.labels, label{name, func(x exchange) string { return methods.label(x.request.Method) }})
		default:
			panic("metric partitioned with non-supported labels")
		}
	}
	return p
}

// onlyDesc returns the one Desc that a vector has. It panics if there is not
// exactly one, or if the vector could not be registered.
func onlyDesc(vec prometheus.Collector) *prometheus.Desc {
	reg := prometheus.NewRegistry()
	reg.MustRegister(vec)
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		reg.Describe(descs)
	}()
	var all []*prometheus.Desc
	for desc := range descs {
		all = append(all, desc)
	}
	switch {
	case len(all) == 0:
		panic("no description provided by collector")
	case len(all) > 1:
		panic("more than one description provided by collector")
	}
	return all[0]
}

// variableLabels returns the names of the variable labels of a valid Desc in
// their order. A Desc does not tell, but a metric made with it does, if each
// value says which place it was given in.
func variableLabels(desc *prometheus.Desc) []string {
	const mark = "\x00place "
	var places []string
	metric, err := prometheus.NewConstMetric(desc, prometheus.UntypedValue, 0)
	for err != nil { // as long as there are too few values
		places = append(places, mark+strconv.Itoa(len(places)))
		metric, err = prometheus.NewConstMetric(desc, prometheus.UntypedValue, 0, places...)
	}
	var written dto.Metric
	if err := metric.Write(&written); err != nil {
		panic("error checking metric for labels")
	}
	names := make([]string, len(places))
	for _, pair := range written.GetLabel() {
		if place := slices.Index(places, pair.GetValue()); place >= 0 {
			names[place] = pair.GetName()
		}
	}
	return names
}
