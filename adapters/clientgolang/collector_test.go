package clientgolang_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	theirs "github.com/prometheus/client_golang/prometheus"
	theirhttp "github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/adapters/clientgolang"
	ours "github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// theirKinds returns a Collector of each kind that client_golang has, with all
// that a metric can have.
func theirKinds() []theirs.Collector {
	counters := theirs.NewCounterVec(theirs.CounterOpts{Namespace: "a", Name: "counters_total", Help: "Counters.", Unit: "counters", ConstLabels: theirs.Labels{"const": `a "b", c=\`}}, []string{"z", "b"})
	counters.WithLabelValues("1", "2").(theirs.ExemplarAdder).AddWithExemplar(3.5, theirs.Labels{"trace": "x"})
	counters.WithLabelValues("", "ü\n").Inc()
	counters.WithLabelValues("0", "const").Inc()
	gauge := theirs.NewGauge(theirs.GaugeOpts{Name: "gauge.with.dots", Help: ""})
	gauge.Set(-1)
	histogram := theirs.NewHistogram(theirs.HistogramOpts{Name: "classic", Buckets: []float64{1, 2}})
	histogram.(theirs.ExemplarObserver).ObserveWithExemplar(1.5, theirs.Labels{"trace": "y"})
	native := theirs.NewHistogramVec(theirs.HistogramOpts{Name: "native", Buckets: []float64{1, 2}, NativeHistogramBucketFactor: 1.1}, []string{"l"})
	native.WithLabelValues("v").Observe(-3)
	native.WithLabelValues("v").(theirs.ExemplarObserver).ObserveWithExemplar(300, theirs.Labels{"trace": "z"})
	summary := theirs.NewSummary(theirs.SummaryOpts{Name: "summary", Objectives: map[float64]float64{0.5: 0.1}})
	summary.Observe(7)
	constant := theirs.V2.NewDesc("constant_seconds", "Const.", theirs.ConstrainedLabels{{Name: "l", Constraint: strings.ToLower}}, nil, theirs.WithUnit("seconds"))
	wrapped := theirs.NewGaugeVec(theirs.GaugeOpts{Name: "wrapped", Help: "Wrapped."}, []string{"in"})
	wrapped.WithLabelValues("side").Set(1)
	wrapped.WithLabelValues("doors").Set(2)
	return []theirs.Collector{
		counters, gauge, histogram, native, summary,
		theirs.NewUntypedFunc(theirs.UntypedOpts{Name: "untyped", Help: "Untyped."}, func() float64 { return 5 }),
		theirs.CollectorFunc(func(ch chan<- theirs.Metric) {
			ch <- theirs.NewMetricWithTimestamp(time.UnixMilli(1234), theirs.MustNewConstMetric(constant, theirs.GaugeValue, 1, "timestamp"))
			ch <- theirs.MustNewConstMetric(constant, theirs.GaugeValue, 2, "none")
		}),
		theirs.WrapCollectorWith(theirs.Labels{"out": "side"}, theirs.WrapCollectorWithPrefix("twice_", wrapped)),
	}
}

// ourKinds are the same of ours.
func ourKinds() []ours.Collector {
	counters := ours.NewCounterVec(ours.CounterOpts{Namespace: "a", Name: "counters_total", Help: "Counters.", Unit: "counters", ConstLabels: ours.Labels{"const": `a "b", c=\`}}, []string{"z", "b"})
	counters.WithLabelValues("1", "2").(ours.ExemplarAdder).AddWithExemplar(3.5, ours.Labels{"trace": "x"})
	counters.WithLabelValues("", "ü\n").Inc()
	counters.WithLabelValues("0", "const").Inc()
	gauge := ours.NewGauge(ours.GaugeOpts{Name: "gauge.with.dots", Help: ""})
	gauge.Set(-1)
	histogram := ours.NewHistogram(ours.HistogramOpts{Name: "classic", Buckets: []float64{1, 2}})
	histogram.Observe(1.5)
	constant := ours.V2.NewDesc("constant_seconds", "Const.", ours.ConstrainedLabels{{Name: "l", Constraint: strings.ToLower}}, nil, ours.WithUnit("seconds"))
	native := ours.NewDesc("native", "Native.", []string{"l"}, nil)
	wrapped := ours.NewGaugeVec(ours.GaugeOpts{Name: "wrapped", Help: "Wrapped."}, []string{"in"})
	wrapped.WithLabelValues("side").Set(1)
	wrapped.WithLabelValues("doors").Set(2)
	object, dotted := ours.NewDesc("object_total", "Object.", []string{"l"}, nil), ours.NewDesc("object.info", "", nil, nil)
	objects := ours.NewObjectStore[string](object, dotted)
	if err := objects.Set("one",
		ours.MustNewConstMetricWithCreatedTimestamp(object, ours.CounterValue, 1, time.Unix(9, 0), "v"),
		ours.NewMetricWithTimestamp(time.UnixMilli(1234), ours.MustNewConstMetric(object, ours.CounterValue, 2, "w")),
		ours.MustNewConstMetric(dotted, ours.GaugeValue, 1),
	); err != nil {
		panic(err)
	}
	return []ours.Collector{
		counters, gauge, histogram, objects,
		ours.NewUntypedFunc(ours.UntypedOpts{Name: "untyped", Help: "Untyped."}, func() float64 { return 5 }),
		ours.CollectorFunc(func(ch chan<- ours.Metric) {
			ch <- ours.NewMetricWithTimestamp(time.UnixMilli(1234), ours.MustNewConstMetric(constant, ours.GaugeValue, 1, "timestamp"))
			ch <- ours.MustNewConstMetric(constant, ours.GaugeValue, 2, "none")
			ch <- ours.MustNewConstNativeHistogram(native, 3, 6, map[int]int64{0: 1, 1: 2}, nil, 0, 1, 0.001, time.Unix(9, 0), "v")
			ch <- ours.MustNewMetricWithExemplars(
				ours.MustNewConstHistogram(ours.NewDesc("exemplar", "", nil, nil), 2, 3, map[float64]uint64{1: 1}),
				ours.Exemplar{Value: 0.5, Labels: ours.Labels{"trace": "y"}, Timestamp: time.Unix(3, 0)})
			ch <- ours.MustNewConstSummary(ours.NewDesc("summary", "", nil, nil), 2, 3, map[float64]float64{0.5: 1})
		}),
		ours.WrapCollectorWith(ours.Labels{"out": "side"}, ours.WrapCollectorWithPrefix("twice_", wrapped)),
	}
}

func TestFromCollectorKeepsEverything(t *testing.T) {
	us, them := ours.NewPedanticRegistry(), theirs.NewPedanticRegistry()
	for _, c := range theirKinds() {
		us.MustRegister(clientgolang.FromCollector(c))
		them.MustRegister(c)
	}
	for range 2 { // the second time, all Descs are known
		sameFamilies(t, us, them)
	}
	ourPage := promhttp.HandlerFor(us, promhttp.HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true})
	theirPage := theirhttp.HandlerFor(them, theirhttp.HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true})
	for _, accept := range []string{"text/plain;escaping=allow-utf-8", "application/openmetrics-text;version=1.0.0", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"} {
		if got, want := seen(ourPage, "/", accept, ""), seen(theirPage, "/", accept, ""); got != want {
			t.Errorf("%s: got:\n%s\nwant:\n%s", accept, got, want)
		}
	}
}

func TestToCollectorKeepsEverything(t *testing.T) {
	us, them := ours.NewPedanticRegistry(), theirs.NewPedanticRegistry()
	for _, c := range ourKinds() {
		us.MustRegister(c)
		them.MustRegister(clientgolang.ToCollector(c))
	}
	for range 2 {
		sameFamilies(t, them, us)
	}
}

func sameFamilies(t *testing.T, gotFrom, wantFrom ours.Gatherer) {
	t.Helper()
	got, err := gotFrom.Gather()
	if err != nil {
		t.Errorf("got error %v", err)
	}
	want, err := wantFrom.Gather()
	if err != nil {
		t.Errorf("want error %v", err)
	}
	if len(got) != len(want) || len(want) == 0 {
		t.Fatalf("got %d families, want %d", len(got), len(want))
	}
	for i := range want {
		if !proto.Equal(got[i], want[i]) {
			t.Errorf("got:\n%s\nwant:\n%s", prototext.Format(got[i]), prototext.Format(want[i]))
		}
	}
}

// Whatever a Desc says, it says the same on the other side, and is as wrong.
func TestDescsSurvive(t *testing.T) {
	text := rapid.StringMatching(`[a-zü"\\\n{}=.]{0,4}`)
	label := rapid.StringMatching(`[a-cü]{1,2}`)
	rapid.Check(t, func(t *rapid.T) {
		name, help, unit := text.Draw(t, "name"), text.Draw(t, "help"), text.Draw(t, "unit")
		variable := rapid.SliceOfN(label, 0, 3).Draw(t, "variable")
		constant := rapid.MapOfN(label, text, 0, 3).Draw(t, "constant")
		their := theirs.V2.NewDesc(name, help, theirs.UnconstrainedLabels(variable), constant, theirs.WithUnit(unit))
		our := ours.V2.NewDesc(name, help, ours.UnconstrainedLabels(variable), constant, ours.WithUnit(unit))

		from := described(clientgolang.FromCollector(theirs.NewMetricVec(their, nil)).Describe)
		to := described(clientgolang.ToCollector(ours.NewMetricVec(our, nil)).Describe)
		if !errors.Is(from.Err(), their.Err()) || !errors.Is(to.Err(), our.Err()) {
			t.Errorf("got errors %v and %v, want %v and %v", from.Err(), to.Err(), their.Err(), our.Err())
		}
		if their.Err() != nil {
			if name != "" && (!strings.HasPrefix(from.Err().Error(), their.String()) || !strings.HasPrefix(to.Err().Error(), our.String())) {
				t.Errorf("got errors %v and %v, which do not name %s and %s", from.Err(), to.Err(), their, our)
			}
		} else if from.String() != their.String() || to.String() != our.String() {
			t.Errorf("got %s and %s, want %s and %s", from, to, their, our)
		}
	})
}

func described[Desc any](describe func(chan<- Desc)) Desc {
	ch := make(chan Desc, 1)
	describe(ch)
	return <-ch
}

// foreign is a Collector that misbehaves.
type foreign struct {
	describe func(chan<- *theirs.Desc)
	collect  func(chan<- theirs.Metric)
}

func (f foreign) Describe(ch chan<- *theirs.Desc) {
	if f.describe != nil {
		f.describe(ch)
	}
}
func (f foreign) Collect(ch chan<- theirs.Metric) { f.collect(ch) }

type failing struct{ theirs.Metric }

func (failing) Write(*dto.Metric) error { panic("no ink") }

// What goes wrong in a foreign Collector costs that much of it, and nothing of
// the others.
func TestFromCollectorThatMisbehaves(t *testing.T) {
	good := theirs.MustNewConstMetric(theirs.NewDesc("good", "", nil, nil), theirs.GaugeValue, 1)
	tests := []struct {
		name    string
		collect func(chan<- theirs.Metric)
		want    string // in the error
	}{
		{"nil metric", func(ch chan<- theirs.Metric) { ch <- good; ch <- nil }, "a collector sent a nil metric"},
		{"no desc", func(ch chan<- theirs.Metric) { ch <- good; ch <- theirs.NewInvalidMetric(nil, nil) }, "without a descriptor"},
		{"invalid metric", func(ch chan<- theirs.Metric) {
			ch <- theirs.NewInvalidMetric(theirs.NewDesc("bad", "", nil, nil), errors.New("out of order"))
			ch <- good
		}, `error collecting metric Desc{fqName: "bad", help: "", unit: "", constLabels: {}, variableLabels: {}}: out of order`},
		{"invalid desc", func(ch chan<- theirs.Metric) {
			ch <- theirs.NewInvalidMetric(theirs.NewInvalidDesc(errors.New("out of paper")), errors.New("out of order"))
			ch <- good
		}, "out of paper"},
		{"panic", func(ch chan<- theirs.Metric) { ch <- good; panic("out of luck") }, "out of luck"},
		{"panic in Write", func(ch chan<- theirs.Metric) {
			ch <- failing{theirs.MustNewConstMetric(theirs.NewDesc("bad", "", nil, nil), theirs.GaugeValue, 1)}
			ch <- good
		}, "no ink"},
		{"desc that was not made", func(ch chan<- theirs.Metric) {
			ch <- good
			for range 10 {
				ch <- theirs.NewInvalidMetric(&theirs.Desc{}, nil)
			}
		}, "nil pointer"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reg := ours.NewRegistry()
			neighbour := ours.NewGauge(ours.GaugeOpts{Name: "neighbour"})
			reg.MustRegister(clientgolang.FromCollector(foreign{collect: test.collect}), neighbour)
			families, err := reg.Gather()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
			if len(families) != 2 || families[0].GetName() != "good" || families[1].GetName() != "neighbour" {
				t.Errorf("got families %v, want good and neighbour", families)
			}
		})
	}
}

func TestToCollectorThatMisbehaves(t *testing.T) {
	good := ours.MustNewConstMetric(ours.NewDesc("good", "", nil, nil), ours.GaugeValue, 1)
	for want, bad := range map[string]ours.Metric{
		"a collector sent a nil metric": nil,
		"without a descriptor":          ours.NewInvalidMetric(nil, nil),
		"out of order":                  ours.NewInvalidMetric(ours.NewDesc("bad", "", nil, nil), errors.New("out of order")),
	} {
		them := theirs.NewRegistry()
		them.MustRegister(clientgolang.ToCollector(unchecked(func(ch chan<- ours.Metric) { ch <- bad; ch <- good })))
		families, err := them.Gather()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
		if len(families) != 1 || families[0].GetName() != "good" {
			t.Errorf("got families %v, want good", families)
		}
	}
}

// unchecked is a Collector that describes nothing.
type unchecked func(chan<- ours.Metric)

func (unchecked) Describe(chan<- *ours.Desc)      {}
func (f unchecked) Collect(ch chan<- ours.Metric) { f(ch) }

func TestFromCollectorThatPanicsInDescribe(t *testing.T) {
	reg := ours.NewRegistry()
	defer func() {
		if got := recover(); got != "speechless" {
			t.Errorf("recovered %v, want speechless", got)
		}
		if err := reg.Register(ours.NewGauge(ours.GaugeOpts{Name: "good"})); err != nil {
			t.Errorf("after the panic: %v", err)
		}
	}()
	_ = reg.Register(clientgolang.FromCollector(foreign{describe: func(chan<- *theirs.Desc) { panic("speechless") }}))
}

func TestThereAndBack(t *testing.T) {
	their, our := theirs.NewGauge(theirs.GaugeOpts{Name: "g"}), ours.NewGauge(ours.GaugeOpts{Name: "g"})
	if clientgolang.ToCollector(clientgolang.FromCollector(their)) != theirs.Collector(their) {
		t.Error("their Collector came back as another one")
	}
	if clientgolang.FromCollector(clientgolang.ToCollector(our)) != ours.Collector(our) {
		t.Error("our Collector came back as another one")
	}
	theirReg, ourReg := theirs.NewRegistry(), ours.NewRegistry()
	if clientgolang.ToRegisterer(clientgolang.FromRegisterer(theirReg)) != theirs.Registerer(theirReg) {
		t.Error("their Registerer came back as another one")
	}
	if clientgolang.FromRegisterer(clientgolang.ToRegisterer(ourReg)) != ours.Registerer(ourReg) {
		t.Error("our Registerer came back as another one")
	}
	if clientgolang.ToRegisterer(nil) != nil || clientgolang.FromRegisterer(nil) != nil {
		t.Error("nothing came back as something")
	}
}

// Both worlds are updated and gathered at the same time, on each other's pages.
func TestBothAtOnce(t *testing.T) {
	us, them := ours.NewRegistry(), theirs.NewRegistry()
	their := theirs.NewCounterVec(theirs.CounterOpts{Name: "their_total"}, []string{"l"})
	our := ours.NewCounterVec(ours.CounterOpts{Name: "our_total"}, []string{"l"})
	us.MustRegister(our, clientgolang.FromCollector(theirs.WrapCollectorWith(theirs.Labels{"w": "x"}, their)))
	them.MustRegister(their, clientgolang.ToCollector(our))
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for n := range 100 {
				their.WithLabelValues(fmt.Sprint(n % 10)).Inc()
				our.WithLabelValues(fmt.Sprint(n % 10)).Inc()
				if n%5 != 0 {
					continue
				}
				for _, g := range []ours.Gatherer{us, them, clientgolang.Merge(us, them)} {
					if _, err := g.Gather(); err != nil {
						t.Errorf("goroutine %d: %v", i, err)
					}
				}
			}
		})
	}
	wg.Wait()
	for _, g := range []ours.Gatherer{us, them} {
		total := 0.0
		families, _ := g.Gather()
		for _, mf := range families {
			for _, m := range mf.GetMetric() {
				total += m.GetCounter().GetValue()
			}
		}
		if total != 800 {
			t.Errorf("got %v increments, want 800", total)
		}
	}
}
