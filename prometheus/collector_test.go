package prometheus_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/cresset-metrics/cresset/prometheus"
)

// foreign is a metric that writes a message somebody made.
type foreign struct {
	desc    *prometheus.Desc
	message *dto.Metric
}

func (f foreign) Desc() *prometheus.Desc      { return f.desc }
func (f foreign) Write(out *dto.Metric) error { proto.Merge(out, f.message); return nil }

// broken is a metric that panics when it is written.
type broken struct{ prometheus.Metric }

func (broken) Desc() *prometheus.Desc  { return plain }
func (broken) Write(*dto.Metric) error { panic("cannot write") }

func gaugeWith(pairs ...string) *dto.Metric {
	m := &dto.Metric{Gauge: &dto.Gauge{Value: proto.Float64(1)}}
	for i := 0; i < len(pairs); i += 2 {
		m.Label = append(m.Label, &dto.LabelPair{Name: proto.String(pairs[i]), Value: proto.String(pairs[i+1])})
	}
	return m
}

// One bad metric costs itself, and nothing else.
func TestCollectorThatMisbehaves(t *testing.T) {
	other := prometheus.NewDesc("fellow", "h", nil, nil)
	good := prometheus.MustNewConstMetric(labelled, prometheus.GaugeValue, 1, "1", "1")
	const kept = "d{a=\"1\",m=\"const\",z=\"1\"} 1\n"
	tests := []struct {
		name string
		c    collector
		want string
		err  string // a part of the error
	}{
		{"well behaved", collector{metrics: []prometheus.Metric{good}}, kept, ""},
		{"nil metric", collector{metrics: []prometheus.Metric{nil, good}}, kept, "a collector sent a nil metric"},
		{
			"metric without desc", collector{metrics: []prometheus.Metric{prometheus.NewInvalidMetric(nil, nil), good}}, kept,
			"a collector sent a metric of type *prometheus.invalidMetric without a descriptor",
		},
		{
			"metric with a zero desc", collector{metrics: []prometheus.Metric{foreign{desc: &prometheus.Desc{}, message: gaugeWith()}, good}}, kept,
			"a collector sent a metric of type prometheus_test.foreign without a descriptor",
		},
		{
			"metric whose desc has no name", collector{metrics: []prometheus.Metric{foreign{prometheus.NewInvalidDesc(nil), gaugeWith()}, good}}, kept,
			"a collector sent a metric of type prometheus_test.foreign whose descriptor has no name",
		},
		{"invalid desc", collector{metrics: []prometheus.Metric{foreign{invalid, gaugeWith()}, good}}, kept, `"" is not a valid metric name`},
		{"invalid metric", collector{metrics: []prometheus.Metric{prometheus.NewInvalidMetric(plain, errors.New("gone")), good}}, kept, "error collecting metric " + plain.String() + ": gone"},
		{"empty metric", collector{metrics: []prometheus.Metric{foreign{other, &dto.Metric{}}, good}}, kept, "empty metric collected: "},
		{"panic in Collect", collector{metrics: []prometheus.Metric{good}, panics: "on purpose"}, kept, "prometheus collector panic recovered: type=prometheus_test.collector: error=on purpose\nstack trace="},
		{"panic in Write", collector{metrics: []prometheus.Metric{broken{}, good}}, kept, "prometheus collector panic recovered: type=prometheus_test.collector: error=cannot write\nstack trace="},
		{"nil in disguise", collector{metrics: []prometheus.Metric{(*foreign)(nil), good}}, kept, "prometheus collector panic recovered"},
		{"label twice", collector{metrics: []prometheus.Metric{foreign{other, gaugeWith("a", "1", "b", "1", "a", "2")}, good}}, kept, "has two or more labels with the same name: a"},
		{"reserved label", collector{metrics: []prometheus.Metric{foreign{other, gaugeWith("__a", "1")}, good}}, kept, "has a label with an invalid name: __a"},
		{"label value not UTF-8", collector{metrics: []prometheus.Metric{foreign{other, gaugeWith("a", "\xff")}, good}}, kept, `has a label named "a" whose value is not utf8: "\xff"`},
		{"quantile of a summary", collector{metrics: []prometheus.Metric{foreign{other, &dto.Metric{Summary: &dto.Summary{}, Label: gaugeWith("quantile", "1").Label}}, good}}, kept, `must not have an explicit "quantile" label`},
		{"labels out of order", collector{metrics: []prometheus.Metric{foreign{other, gaugeWith("b", "1", "a", "2")}, good}}, kept + "fellow{a=\"2\",b=\"1\"} 1\n", ""},
		{"duplicate", collector{metrics: []prometheus.Metric{good, prometheus.MustNewConstMetric(labelled, prometheus.GaugeValue, 2, "1", "1")}}, kept, "was collected before with the same name and label values"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := prometheus.NewRegistry()
			neighbour := prometheus.NewGauge(prometheus.GaugeOpts{Name: "neighbour"})
			r.MustRegister(test.c, neighbour)
			got, err := exposed(t, r)
			if want := test.want + "neighbour 0\n"; got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("got error %v, want one with %q", err, test.err)
			}
			var several prometheus.MultiError
			if errors.As(err, &several) {
				t.Errorf("got %d errors, want one: %v", len(several), err)
			}
		})
	}
}

func TestFunctionThatPanics(t *testing.T) {
	r := prometheus.NewRegistry()
	r.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "f"}, func() float64 { panic("no value") }),
		prometheus.NewGauge(prometheus.GaugeOpts{Name: "g"}))
	got, err := exposed(t, r)
	if got != "g 0\n" {
		t.Errorf("got %q, want only the other metric", got)
	}
	if err == nil || !strings.Contains(err.Error(), "error=no value") {
		t.Errorf("got error %v, want one that tells of the panic", err)
	}
}

// exiting is a metric that ends the goroutine that writes it.
type exiting struct{ prometheus.Metric }

func (exiting) Desc() *prometheus.Desc  { return plain }
func (exiting) Write(*dto.Metric) error { runtime.Goexit(); return nil }

// A Collector that leaves by another way than returning costs what it has not
// sent, is named, and leaves no goroutine behind (TestMain looks).
func TestCollectorThatLeaves(t *testing.T) {
	good := prometheus.MustNewConstMetric(plain, prometheus.GaugeValue, 1)
	const exited = "runtime.Goexit was called where the function should return"
	tests := []struct {
		name    string
		collect prometheus.CollectorFunc
		want    string
		err     string
	}{
		{"by Goexit", func(ch chan<- prometheus.Metric) { ch <- good; runtime.Goexit() }, "d 1\n", "prometheus collector of type prometheus_test.unchecked: " + exited},
		{"closing the channel", func(ch chan<- prometheus.Metric) { ch <- good; close(ch) }, "d 1\n", "prometheus collector of type prometheus_test.unchecked: the channel was closed"},
		{"sending on the channel that it closed", func(ch chan<- prometheus.Metric) { close(ch); ch <- good }, "", "error=send on closed channel"},
		{
			"by Goexit in a metric", func(ch chan<- prometheus.Metric) {
				ch <- good
				for range 1000 {
					ch <- exiting{}
				}
			}, "d 1\n", "a metric of prometheus collector of type prometheus_test.unchecked: " + exited,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := prometheus.NewRegistry()
			r.MustRegister(unchecked{test.collect}, prometheus.NewGauge(prometheus.GaugeOpts{Name: "neighbour"}))
			got, err := exposed(t, r)
			if want := test.want + "neighbour 0\n"; got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("got error %v, want one with %q", err, test.err)
			}
		})
	}
}

// unchecked is a Collector that describes nothing.
type unchecked struct{ prometheus.CollectorFunc }

func (unchecked) Describe(chan<- *prometheus.Desc) {}

func TestPedanticRegistry(t *testing.T) {
	good := prometheus.MustNewConstMetric(labelled, prometheus.GaugeValue, 1, "1", "1")
	undescribed := prometheus.NewDesc("other", "h", nil, nil)
	tests := []struct {
		name     string
		metric   prometheus.Metric
		checked  bool
		pedantic string // the error, a part of it
	}{
		{"described", good, true, ""},
		{"not described", prometheus.MustNewConstMetric(undescribed, prometheus.GaugeValue, 1), true, "collected metric other gauge:{value:1} with unregistered descriptor " + undescribed.String()},
		{"not described, by one that describes nothing", prometheus.MustNewConstMetric(undescribed, prometheus.GaugeValue, 1), false, ""},
		{"a label too few", foreign{labelled, gaugeWith("a", "1", "m", "const")}, true, "are inconsistent with descriptor " + labelled.String()},
		{"another constant value", foreign{labelled, gaugeWith("a", "1", "m", "other", "z", "1")}, true, "are inconsistent with descriptor " + labelled.String()},
		{"another label", foreign{labelled, gaugeWith("a", "1", "m", "const", "y", "1")}, true, "are inconsistent with descriptor " + labelled.String()},
		{"other labels, by one that describes nothing", foreign{labelled, gaugeWith("y", "1")}, false, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := collector{metrics: []prometheus.Metric{test.metric}}
			if test.checked {
				c.descs = []*prometheus.Desc{labelled}
			}
			lax, strict := prometheus.NewRegistry(), prometheus.NewPedanticRegistry()
			lax.MustRegister(c)
			strict.MustRegister(c)
			if got, err := exposed(t, lax); got == "" || err != nil {
				t.Errorf("not pedantic: got %q and error %v, want the metric", got, err)
			}
			got, err := exposed(t, strict)
			if (test.pedantic != "") != (err != nil) || err != nil && !strings.Contains(strings.ReplaceAll(err.Error(), "  ", " "), test.pedantic) {
				t.Errorf("pedantic: got error %v, want one with %q", err, test.pedantic)
			}
			if (got == "") != (err != nil) {
				t.Errorf("pedantic: got %q beside error %v", got, err)
			}
		})
	}
}

// What a collector sent is exposed as it was then, and it must not matter that
// the labels of its messages are not in order.
func TestGatherDoesNotChangeForeignMessages(t *testing.T) {
	message := gaugeWith("b", "1", "a", "2")
	before := proto.Clone(message)
	r := prometheus.NewRegistry()
	r.MustRegister(collector{metrics: []prometheus.Metric{sharing{message}}})
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if got := families[0].GetMetric()[0].GetLabel()[0].GetName(); got != "a" {
		t.Errorf("got label %q first, want them in order", got)
	}
	if !proto.Equal(message, before) {
		t.Errorf("the message was changed to %v, want %v", message, before)
	}
}

// sharing hands out parts of the same message again and again.
type sharing struct{ message *dto.Metric }

func (sharing) Desc() *prometheus.Desc { return plain }

func (s sharing) Write(out *dto.Metric) error {
	out.Label, out.Gauge = s.message.Label, s.message.Gauge
	return nil
}
