package prometheus_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/prometheus"
)

// What pods are said to have in these tests.
var (
	podInfo     = prometheus.NewDesc("pod_info", "What the pod is.", []string{"pod", "node"}, nil)
	podRestarts = prometheus.NewDesc("pod_restarts_total", "Restarts of containers.", []string{"pod", "container"}, prometheus.Labels{"cluster": "a"})
	podLatency  = prometheus.NewDesc("pod_latency_seconds", "Time to be ready.", []string{"pod"}, nil)
	podDuration = prometheus.NewDesc("pod_duration_seconds", "Time to run.", []string{"pod"}, nil)
	podDotted   = prometheus.NewDesc("pod.größe", "Needs quotes.", []string{"pod", "node.name"}, nil)
	podDescs    = []*prometheus.Desc{podInfo, podRestarts, podLatency, podDuration, podDotted}
)

func newPodStore() *prometheus.ObjectStore[string] {
	return prometheus.NewObjectStore[string](podDescs...)
}

func info(pod, node string) prometheus.Metric {
	return prometheus.MustNewConstMetric(podInfo, prometheus.GaugeValue, 1, pod, node)
}

// inEveryFormat returns the pages that a registry has, by format and escaping.
func inEveryFormat(t interface{ Fatalf(string, ...any) }, r *prometheus.Registry) map[string]string {
	page, err := r.Page()
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
	pages := make(map[string]string)
	for _, escaping := range []exposition.Escaping{exposition.Underscores, exposition.AllowUTF8, exposition.Values} {
		for name, encoder := range map[string]func(io.Writer) exposition.Encoder{
			"text":        func(w io.Writer) exposition.Encoder { return exposition.NewText(w, escaping) },
			"openmetrics": func(w io.Writer) exposition.Encoder { return exposition.NewOpenMetrics(w, escaping, false) },
			"created":     func(w io.Writer) exposition.Encoder { return exposition.NewOpenMetrics(w, escaping, true) },
			"protobuf":    func(w io.Writer) exposition.Encoder { return exposition.NewProtobuf(w, escaping) },
		} {
			var out bytes.Buffer
			e := encoder(&out)
			page.Write(e)
			if err := e.Close(); err != nil {
				t.Fatalf("%v", err)
			}
			pages[name+", "+escaping.String()] = out.String()
		}
	}
	families, err := r.Gather()
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
	var gathered strings.Builder
	for _, mf := range families {
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(mf)
		if err != nil {
			t.Fatalf("%v", err)
		}
		gathered.Write(b)
	}
	pages["gathered"] = gathered.String()
	return pages
}

// drawMetrics draws what one pod has. Pods are few, so that they meet.
func drawMetrics(t *rapid.T) []prometheus.Metric {
	pod := rapid.SampledFrom([]string{"a", "b", "c\"\n", "größe"}).Draw(t, "pod")
	value := rapid.Float64().Draw(t, "value")
	since := time.Unix(rapid.Int64Range(0, 1e10).Draw(t, "since"), 5)
	exemplar := prometheus.Exemplar{Value: 1, Labels: prometheus.Labels{"trace": "x"}, Timestamp: since}
	var metrics []prometheus.Metric
	for range rapid.IntRange(0, 3).Draw(t, "infos") {
		node := rapid.SampledFrom([]string{"", "n1", "n2", "n\\3"}).Draw(t, "node")
		metrics = append(metrics, info(pod, node))
	}
	if rapid.Bool().Draw(t, "restarts") {
		c := prometheus.MustNewConstMetricWithCreatedTimestamp(podRestarts, prometheus.CounterValue, math.Abs(value), since, pod, "main")
		switch rapid.IntRange(0, 3).Draw(t, "what the counter has") {
		case 0:
			c = prometheus.NewMetricWithTimestamp(since, c)
		case 1:
			c = prometheus.MustNewMetricWithExemplars(c, exemplar)
		case 2:
			c = prometheus.NewMetricWithTimestamp(since, prometheus.MustNewMetricWithExemplars(c, exemplar))
		}
		metrics = append(metrics, c)
	}
	switch rapid.IntRange(0, 3).Draw(t, "histogram") {
	case 0:
		h := prometheus.MustNewConstHistogram(podLatency, 5, value, map[float64]uint64{1: 2, 2.5: 4}, pod)
		metrics = append(metrics, h)
	case 1:
		h := prometheus.MustNewConstNativeHistogram(podLatency, 5, value, map[int]int64{1: 2, 3: 1}, map[int]int64{0: 1}, 1, 2, 1e-9, since, pod)
		metrics = append(metrics, prometheus.MustNewMetricWithExemplars(h, exemplar))
	case 2:
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "pod_latency_seconds", Help: "Time to be ready."}, []string{"pod"})
		h.WithLabelValues(pod).Observe(3)
		metrics = append(metrics, h.WithLabelValues(pod).(prometheus.Metric))
	}
	if rapid.Bool().Draw(t, "summary") {
		metrics = append(metrics, prometheus.MustNewConstSummary(podDuration, 2, value, map[float64]float64{0.5: value, 1: 7}, pod))
	}
	if rapid.Bool().Draw(t, "dotted") {
		metrics = append(metrics, prometheus.MustNewConstMetric(podDotted, prometheus.UntypedValue, value, pod, "n"))
	}
	return metrics
}

// identity is what no two metrics of a store may share.
func identity(m prometheus.Metric) string {
	var out dto.Metric
	if err := m.Write(&out); err != nil {
		panic(err)
	}
	id := m.Desc().String()
	for _, l := range out.Label {
		id += fmt.Sprintf(",%s=%q", l.GetName(), l.GetValue())
	}
	return id
}

// The store does what a map of metrics would do, and its pages are those of a
// Collector that sends what is in the map.
func TestObjectStoreIsAMapOfMetrics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		store, model := newPodStore(), make(map[string][]prometheus.Metric)
		key := func() string { return rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "key") }
		// valid tells whether these objects can be side by side.
		valid := func(objects map[string][]prometheus.Metric) bool {
			seen := make(map[string]bool)
			for _, metrics := range objects {
				for _, m := range metrics {
					id := identity(m)
					if seen[id] {
						return false
					}
					seen[id] = true
				}
			}
			return true
		}
		r := prometheus.NewPedanticRegistry()
		r.MustRegister(store)
		check := func() {
			var sent collector
			sent.descs = podDescs
			for _, metrics := range model {
				sent.metrics = append(sent.metrics, metrics...)
			}
			plain := prometheus.NewPedanticRegistry()
			plain.MustRegister(sent)
			got, want := inEveryFormat(t, r), inEveryFormat(t, plain)
			for format := range want {
				if got[format] != want[format] {
					t.Fatalf("%s: got:\n%s\nwant:\n%s", format, got[format], want[format])
				}
			}
			if got, want := store.Len(), len(model); got != want {
				t.Fatalf("got %d objects, want %d", got, want)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				key, metrics := key(), drawMetrics(t)
				next := maps.Clone(model)
				next[key] = metrics
				err := store.Set(key, metrics...)
				if got, want := err == nil, valid(next); got != want {
					t.Fatalf("Set returned %v, want success: %t", err, want)
				}
				if err == nil {
					model = next
				}
			},
			"delete": func(t *rapid.T) {
				key := key()
				_, want := model[key]
				if got := store.Delete(key); got != want {
					t.Fatalf("Delete told %t, want %t", got, want)
				}
				delete(model, key)
			},
			"replace": func(t *rapid.T) {
				next := make(map[string][]prometheus.Metric)
				for range rapid.IntRange(0, 3).Draw(t, "objects") {
					next[key()] = drawMetrics(t)
				}
				err := store.Replace(maps.All(next))
				if got, want := err == nil, valid(next); got != want {
					t.Fatalf("Replace returned %v, want success: %t", err, want)
				}
				if err == nil {
					model = next
				}
			},
			"": func(*rapid.T) { check() },
		})
	})
}

func TestObjectStoreRefuses(t *testing.T) {
	other := prometheus.NewDesc("other", "h", nil, nil)
	labelled := prometheus.NewDesc("labelled", "h", []string{"quantile", "le"}, nil)
	refusing := prometheus.NewObjectStore[string](append(slices.Clone(podDescs), labelled)...)
	if err := refusing.Set("there", info("p", "n"), info("q", "n")); err != nil {
		t.Fatal(err)
	}
	r := prometheus.NewRegistry()
	r.MustRegister(refusing)
	before := inEveryFormat(t, r)
	gauge := func(d *prometheus.Desc, labels ...string) prometheus.Metric {
		return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, 1, labels...)
	}
	counter := func(v float64) prometheus.Metric {
		return prometheus.MustNewConstMetric(podRestarts, prometheus.CounterValue, v, "p", "c")
	}
	histogram := func(buckets map[float64]uint64) prometheus.Metric {
		return prometheus.MustNewConstHistogram(podLatency, 3, 1, buckets, "p")
	}
	summary := func(rank float64) prometheus.Metric {
		return prometheus.MustNewConstSummary(podDuration, 3, 1, map[float64]float64{rank: 1}, "p")
	}
	podInfoOf2 := prometheus.NewDesc("pod_info", "What the pod is.", []string{"pod"}, nil)
	tests := map[string]struct {
		metrics []prometheus.Metric
		want    string
	}{
		"nil":                   {[]prometheus.Metric{nil}, `object new: one of the metrics is nil`},
		"no desc":               {[]prometheus.Metric{foreignMetric{}}, `object new: a metric of type prometheus_test.foreignMetric has no descriptor`},
		"a desc without a name": {[]prometheus.Metric{foreignMetric{desc: &prometheus.Desc{}}}, `object new: a metric of type prometheus_test.foreignMetric has no descriptor`},
		"invalid": {[]prometheus.Metric{prometheus.NewInvalidMetric(podInfo, errors.New("gone"))},
			`object new: error collecting metric ` + podInfo.String() + `: gone`},
		"empty": {[]prometheus.Metric{foreignMetric{desc: podInfo, message: &dto.Metric{}}}, `object new: empty metric collected: `},
		"an invalid desc": {[]prometheus.Metric{foreignMetric{desc: prometheus.NewDesc("", "", nil, nil), message: &dto.Metric{Gauge: &dto.Gauge{}}}},
			`object new: descriptor Desc{fqName: "", help: "", unit: "", constLabels: {}, variableLabels: {}} is invalid: "" is not a valid metric name`},
		"another desc":  {[]prometheus.Metric{gauge(other)}, `object new: series other{} is of a descriptor that the store was not made with: ` + other.String()},
		"other labels":  {[]prometheus.Metric{gauge(podInfoOf2, "p")}, `object new: series pod_info{pod="p"} is of a descriptor that the store was not made with: ` + podInfoOf2.String()},
		"a wrong label": {[]prometheus.Metric{foreignInfo("pod", "p")}, `object new: labels of series pod_info{pod="p"} are inconsistent with descriptor ` + podInfo.String()},
		"not UTF-8":     {[]prometheus.Metric{foreignInfo("node", "\xff", "pod", "p")}, "object new: series pod_info{node=\"\xff\",pod=\"p\"}: value \"\\xff\" of label node is not valid UTF-8"},
		"twice":         {[]prometheus.Metric{info("new", "n"), info("new", "m"), info("new", "n")}, `object new: series pod_info{node="n",pod="new"} is there twice`},
		"of another":    {[]prometheus.Metric{info("new", "n"), info("q", "n")}, `object new: series pod_info{node="n",pod="q"} is one of object there already`},
		"of another, with a timestamp": {[]prometheus.Metric{prometheus.NewMetricWithTimestamp(time.Unix(1, 0), info("q", "n"))},
			`object new: series pod_info{node="n",pod="q"} is one of object there already`},
		"another type": {[]prometheus.Metric{counter(1), prometheus.MustNewConstMetric(podInfo, prometheus.CounterValue, 1, "new", "n")},
			`object new: series pod_info{node="n",pod="new"} is a counter, but pod_info is a gauge`},
		"two types": {[]prometheus.Metric{prometheus.MustNewConstMetric(podRestarts, prometheus.GaugeValue, 1, "p", "b"), counter(1)},
			`object new: series pod_restarts_total{cluster="a",container="c",pod="p"} is a counter, but pod_restarts_total is a gauge`},
		"a negative counter": {[]prometheus.Metric{counter(-1)},
			`object new: series pod_restarts_total{cluster="a",container="c",pod="p"}: the value of a counter is -1, and must not be negative or NaN`},
		"no number": {[]prometheus.Metric{counter(math.NaN())},
			`object new: series pod_restarts_total{cluster="a",container="c",pod="p"}: the value of a counter is NaN, and must not be negative or NaN`},
		"fewer in a bucket": {[]prometheus.Metric{histogram(map[float64]uint64{1: 2, 2: 1})},
			`object new: series pod_latency_seconds{pod="p"}: the bucket up to 2 has 1 observations, fewer than the 2 of the one before`},
		"more in a bucket": {[]prometheus.Metric{histogram(map[float64]uint64{1: 4})},
			`object new: series pod_latency_seconds{pod="p"}: the bucket up to 1 has 4 observations, more than the 3 of the histogram`},
		"a bound that is no number": {[]prometheus.Metric{histogram(map[float64]uint64{math.NaN(): 1})},
			`object new: series pod_latency_seconds{pod="p"}: the bound of a bucket is NaN`},
		"bounds out of order": {[]prometheus.Metric{foreignMetric{desc: podLatency, message: &dto.Metric{
			Label:     []*dto.LabelPair{{Name: proto.String("pod"), Value: proto.String("p")}},
			Histogram: &dto.Histogram{Bucket: []*dto.Bucket{{UpperBound: proto.Float64(1)}, {UpperBound: proto.Float64(1)}}},
		}}}, `object new: series pod_latency_seconds{pod="p"}: the bounds of buckets must increase, but 1 follows 1`},
		"a rank out of range": {[]prometheus.Metric{summary(99)},
			`object new: series pod_duration_seconds{pod="p"}: the rank of a quantile is 99, and must be in the range of 0 to 1`},
		"ranks out of order": {[]prometheus.Metric{foreignMetric{desc: podDuration, message: &dto.Metric{
			Label:   []*dto.LabelPair{{Name: proto.String("pod"), Value: proto.String("p")}},
			Summary: &dto.Summary{Quantile: []*dto.Quantile{{Quantile: proto.Float64(1)}, {Quantile: proto.Float64(1)}}},
		}}}, `object new: series pod_duration_seconds{pod="p"}: the ranks of quantiles must increase, but 1 follows 1`},
		"a summary's own label": {[]prometheus.Metric{prometheus.MustNewConstSummary(labelled, 0, 0, nil, "a", "b")},
			`object new: series labelled{le="b",quantile="a"}: a summary has a label "quantile" of its own, so that no other can have that name`},
		"a histogram's own label": {[]prometheus.Metric{prometheus.MustNewConstHistogram(labelled, 0, 0, nil, "a", "b")},
			`object new: series labelled{le="b",quantile="a"}: a histogram has a label "le" of its own, so that no other can have that name`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			wantError(t, "Set", refusing.Set("new", test.metrics...), test.want)
			// "there" has to be among the new ones for some of the errors.
			err := refusing.Replace(func(yield func(string, []prometheus.Metric) bool) {
				_ = yield("there", []prometheus.Metric{info("p", "n"), info("q", "n")}) && yield("new", test.metrics)
			})
			wantError(t, "Replace", err, test.want)
		})
	}
	err := refusing.Replace(func(yield func(string, []prometheus.Metric) bool) {
		for range 2 {
			if !yield("a", nil) {
				return
			}
		}
	})
	wantError(t, "a key that comes twice", err, "object a is there twice")
	if cause := panicOf(func() {
		_ = refusing.Replace(func(yield func(string, []prometheus.Metric) bool) { yield("a", nil); panic("iterator") })
	}); cause != "iterator" {
		t.Errorf("got panic %v, want that of the sequence", cause)
	}
	if after := inEveryFormat(t, r); !maps.Equal(before, after) || refusing.Len() != 1 {
		t.Errorf("got %d objects and\n%s\nwant 1 and\n%s", refusing.Len(), after["text, underscores"], before["text, underscores"])
	}
	// A type of an object that was refused is not kept.
	if err := refusing.Set("new", counter(1)); err != nil {
		t.Error(err)
	}
}

// foreignMetric is a metric of somebody else.
type foreignMetric struct {
	desc    *prometheus.Desc
	message *dto.Metric
}

func (f foreignMetric) Desc() *prometheus.Desc { return f.desc }
func (f foreignMetric) Write(out *dto.Metric) error {
	proto.Merge(out, f.message)
	return nil
}

func foreignInfo(labels ...string) prometheus.Metric {
	m := &dto.Metric{Gauge: &dto.Gauge{Value: proto.Float64(1)}}
	for i := 0; i < len(labels); i += 2 {
		m.Label = append(m.Label, &dto.LabelPair{Name: &labels[i], Value: &labels[i+1]})
	}
	return foreignMetric{podInfo, m}
}

func TestObjectStoreTakesEqualDescs(t *testing.T) {
	store := newPodStore()
	equal := prometheus.NewDesc("pod_info", "What the pod is.", []string{"node", "pod"}, nil)
	if err := store.Set("a", prometheus.MustNewConstMetric(equal, prometheus.GaugeValue, 1, "n", "p")); err != nil {
		t.Error(err)
	}
	wantExposed(t, "pod_info{node=\"n\",pod=\"p\"} 1\n", store)
}

func TestObjectStoreIsCheckedWhenItIsRegistered(t *testing.T) {
	r := prometheus.NewRegistry()
	r.MustRegister(newPodStore())
	if err := r.Register(newPodStore()); !errors.As(err, new(prometheus.AlreadyRegisteredError)) {
		t.Errorf("got error %v, want that there is such a store", err)
	}
	if err := r.Register(prometheus.NewObjectStore[int](podInfo)); err == nil {
		t.Error("got no error for a desc that is registered")
	}
	wantError(t, "a nil desc", r.Register(prometheus.NewObjectStore[int](nil)),
		`descriptor Desc{fqName: "", help: "", unit: "", constLabels: {}, variableLabels: {}} is invalid: an object store was made with a nil descriptor`)
	if !r.Unregister(newPodStore()) {
		t.Error("the store was not registered")
	}
}

// Others may have series of a name too, in between.
func TestObjectStoreSharesFamilies(t *testing.T) {
	store := prometheus.NewObjectStore[int](prometheus.NewDesc("f", "h", []string{"l"}, prometheus.Labels{"c": "1"}))
	desc := prometheus.NewDesc("f", "h", []string{"l"}, prometheus.Labels{"c": "1"})
	for i, l := range []string{"a", "c", "e"} {
		if err := store.Set(i, prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(i), l)); err != nil {
			t.Fatal(err)
		}
	}
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "f", Help: "h", ConstLabels: prometheus.Labels{"c": "0"}}, []string{"l"})
	vec.WithLabelValues("b").Set(8)
	last := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "f", Help: "h", ConstLabels: prometheus.Labels{"c": "2"}}, []string{"l"})
	last.WithLabelValues("d").Set(9)
	wantExposed(t, `f{c="0",l="b"} 8
f{c="1",l="a"} 0
f{c="1",l="c"} 1
f{c="1",l="e"} 2
f{c="2",l="d"} 9
`, vec, last, store)
	unchecked := prometheus.CollectorFunc(func(ch chan<- prometheus.Metric) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, 5, "c")
	})
	r := prometheus.NewRegistry()
	r.MustRegister(store, uncheckedCollector{unchecked})
	if _, err := exposed(t, r); err == nil || !strings.Contains(err.Error(), `collected metric "f" {`) || !strings.Contains(err.Error(), "was collected before") {
		t.Errorf("got error %v, want that a series was collected before", err)
	}
}

type uncheckedCollector struct{ prometheus.Collector }

func (uncheckedCollector) Describe(chan<- *prometheus.Desc) {}

func TestWrappedObjectStore(t *testing.T) {
	store := newPodStore()
	with := func(r prometheus.Registerer) prometheus.Registerer {
		return prometheus.WrapRegistererWith(prometheus.Labels{"z": "1"}, r)
	}
	prefixed := func(r prometheus.Registerer) prometheus.Registerer {
		return prometheus.WrapRegistererWithPrefix("my_", r)
	}
	quantile := func(r prometheus.Registerer) prometheus.Registerer {
		return prometheus.WrapRegistererWith(prometheus.Labels{"quantile": "1"}, r)
	}
	tests := map[string]struct {
		wrap func(prometheus.Registerer) prometheus.Registerer
		want string
	}{
		"labels": {with, `{"pod.größe","node.name"="n",pod="p",z="1"} 2
pod_info{node="n",pod="p",z="1"} 1
pod_info{node="n",pod="q",z="1"} 1
`},
		"prefix": {prefixed, `{"my_pod.größe","node.name"="n",pod="p"} 2
my_pod_info{node="n",pod="p"} 1
my_pod_info{node="n",pod="q"} 1
`},
		"both": {func(r prometheus.Registerer) prometheus.Registerer { return with(prefixed(r)) }, `{"my_pod.größe","node.name"="n",pod="p",z="1"} 2
my_pod_info{node="n",pod="p",z="1"} 1
my_pod_info{node="n",pod="q",z="1"} 1
`},
		"a label that summaries cannot have": {quantile, `{"pod.größe","node.name"="n",pod="p",quantile="1"} 2
pod_info{node="n",pod="p",quantile="1"} 1
pod_info{node="n",pod="q",quantile="1"} 1
`},
	}
	registries := make(map[string]*prometheus.Registry)
	for name, test := range tests { // before there are objects
		registries[name] = prometheus.NewPedanticRegistry()
		test.wrap(registries[name]).MustRegister(store)
	}
	if err := errors.Join(
		store.Set("a", info("p", "n"), prometheus.MustNewConstMetric(podDotted, prometheus.GaugeValue, 2, "p", "n")),
		store.Set("b", info("q", "n")),
	); err != nil {
		t.Fatal(err)
	}
	for name, test := range tests {
		for range 2 {
			if got, err := exposed(t, registries[name]); got != test.want || err != nil {
				t.Errorf("%s: got error %v and\n%s\nwant none and\n%s", name, err, got, test.want)
			}
		}
		plain := prometheus.NewPedanticRegistry()
		test.wrap(plain).MustRegister(&collector{descs: podDescs, metrics: collected(store)})
		if got, want := inEveryFormat(t, registries[name]), inEveryFormat(t, plain); !maps.Equal(got, want) {
			t.Errorf("%s: got:\n%v\nwant:\n%v", name, got, want)
		}
	}
	if err := store.Set("s", prometheus.MustNewConstSummary(podDuration, 1, 1, nil, "p")); err != nil {
		t.Fatal(err)
	}
	if _, err := registries["a label that summaries cannot have"].Gather(); err == nil || !strings.Contains(err.Error(), `must not have an explicit "quantile" label`) {
		t.Errorf("got error %v, want one about the label", err)
	}
}

// collected returns what a Collector sends.
func collected(c prometheus.Collector) []prometheus.Metric {
	ch := make(chan prometheus.Metric, 100)
	c.Collect(ch)
	close(ch)
	var all []prometheus.Metric
	for m := range ch {
		all = append(all, m)
	}
	return all
}

// countedStore has a Collect of its own.
type countedStore struct {
	*prometheus.ObjectStore[string]
	collected *int
}

func (c countedStore) Collect(ch chan<- prometheus.Metric) {
	*c.collected++
	c.ObjectStore.Collect(ch)
}

func TestObjectStoreInsideAnotherCollector(t *testing.T) {
	store := newPodStore()
	if err := store.Set("a", info("p", "n")); err != nil {
		t.Fatal(err)
	}
	collected := 0
	wantExposed(t, "pod_info{node=\"n\",pod=\"p\"} 1\n", countedStore{store, &collected})
	if collected != 1 {
		t.Errorf("the embedding type was asked %d times, want once", collected)
	}
	inner := prometheus.NewRegistry()
	inner.MustRegister(store)
	wantExposed(t, "pod_info{node=\"n\",pod=\"p\"} 1\n", inner)
}

func TestObjectStoreCollectsMessages(t *testing.T) {
	store := newPodStore()
	stamped := prometheus.NewMetricWithTimestamp(time.UnixMilli(5), info("p", "n"))
	float := foreignMetric{podLatency, &dto.Metric{
		Label:     []*dto.LabelPair{{Name: proto.String("pod"), Value: proto.String("p")}},
		Histogram: &dto.Histogram{SampleCountFloat: proto.Float64(1.5), SampleSum: proto.Float64(2), ZeroCountFloat: proto.Float64(1.5)},
	}}
	if err := store.Set("a", stamped, float); err != nil {
		t.Fatal(err)
	}
	stampedWant := &dto.Metric{TimestampMs: proto.Int64(5)}
	if err := info("p", "n").Write(stampedWant); err != nil {
		t.Fatal(err)
	}
	var got []*dto.Metric
	ch := make(chan prometheus.Metric, 10)
	store.Collect(ch)
	close(ch)
	for m := range ch {
		out := new(dto.Metric)
		if err := m.Write(out); err != nil {
			t.Fatal(err)
		}
		got = append(got, out)
		if m.Desc() != podInfo && m.Desc() != podLatency {
			t.Errorf("got desc %v, want the one that the store was made with", m.Desc())
		}
	}
	want := []*dto.Metric{stampedWant, float.message}
	if !slices.EqualFunc(got, want, func(a, b *dto.Metric) bool { return proto.Equal(a, b) }) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestObjectStoreAll(t *testing.T) {
	store := newPodStore()
	if err := errors.Join(store.Set("a", info("p", "n"), info("p", "m")), store.Set("b", info("q", "n")), store.Set("c")); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]int)
	for key, metrics := range store.All() {
		got[key] = len(metrics)
		store.Delete(key)
	}
	if want := map[string]int{"a": 2, "b": 1, "c": 0}; !maps.Equal(got, want) {
		t.Errorf("got objects with so many metrics: %v, want %v", got, want)
	}
	if store.Len() != 0 {
		t.Errorf("got %d objects after all were deleted, want none", store.Len())
	}
	for range store.All() {
		t.Error("got an object, want none")
	}

	// What it has can be set again, without what should go.
	if err := errors.Join(store.Set("a", info("p", "n")), store.Set("b", info("q", "n"))); err != nil {
		t.Fatal(err)
	}
	if err := store.Replace(without(store.All(), "a")); err != nil {
		t.Fatal(err)
	}
	wantExposed(t, "pod_info{node=\"n\",pod=\"q\"} 1\n", store)
	for range store.All() {
		break
	}
}

func without(all iter.Seq2[string, []prometheus.Metric], key string) iter.Seq2[string, []prometheus.Metric] {
	return func(yield func(string, []prometheus.Metric) bool) {
		for k, metrics := range all {
			if k != key && !yield(k, metrics) {
				return
			}
		}
	}
}

// Nothing of the caller's is looked at after Set.
func TestObjectStoreCopies(t *testing.T) {
	buffer := []byte("nodepodvalue")
	text := func(from, to int) *string { s := unsafe.String(&buffer[from], to-from); return &s }
	metric := &dto.Metric{
		Label: []*dto.LabelPair{{Name: text(0, 4), Value: text(7, 12)}, {Name: text(4, 7), Value: text(7, 12)}},
		Gauge: &dto.Gauge{Value: proto.Float64(1)},
	}
	store := prometheus.NewObjectStore[string](podInfo)
	metrics := []prometheus.Metric{shared{podInfo, metric}}
	if err := store.Set(*text(7, 12), metrics...); err != nil {
		t.Fatal(err)
	}
	copy(buffer, "xxxxxxxxxxxx")
	metric.Gauge.Value = proto.Float64(2)
	metrics[0] = nil
	wantExposed(t, "pod_info{node=\"value\",pod=\"value\"} 1\n", store)
	if !store.Delete("value") {
		t.Error("the key has changed with the memory it came from")
	}
}

// shared hands out the message that it has.
type shared struct {
	desc    *prometheus.Desc
	message *dto.Metric
}

func (s shared) Desc() *prometheus.Desc { return s.desc }
func (s shared) Write(out *dto.Metric) error {
	out.Label, out.Gauge = s.message.Label, s.message.Gauge
	return nil
}

// Of a live metric, the value at the time of Set is exposed.
func TestObjectStoreReadsOnce(t *testing.T) {
	calls := 0
	live := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "f"}, func() float64 { calls++; return float64(calls) })
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c"})
	store := prometheus.NewObjectStore[int](live.Desc(), c.Desc())
	if err := store.Set(0, live, c); err != nil {
		t.Fatal(err)
	}
	c.Inc()
	wantExposed(t, "c 0\nf 1\n", store)
	wantExposed(t, "c 0\nf 1\n", store)
}

func TestObjectStoreManyObjects(t *testing.T) {
	store, model := prometheus.NewObjectStore[int](podInfo), make(map[int]string)
	check := func() {
		t.Helper()
		var lines []string
		for _, pod := range model {
			lines = append(lines, "pod_info{node=\"n\",pod=\""+pod+"\"} 1\n")
		}
		slices.Sort(lines)
		wantExposed(t, strings.Join(lines, ""), store)
	}
	const n = 2000
	pod := func(i int) string { return fmt.Sprintf("%04d", i*7919%n) }
	for i := range n {
		model[i] = pod(i)
		if err := store.Set(i, info(model[i], "n")); err != nil {
			t.Fatal(err)
		}
		if i%500 == 0 {
			check()
		}
	}
	check()
	for i := range n {
		if i%3 != 0 {
			delete(model, i)
			store.Delete(i)
		} else {
			model[i] = pod(i) + "+" + strconv.Itoa(i)
			if err := store.Set(i, info(model[i], "n")); err != nil {
				t.Fatal(err)
			}
		}
		if i%500 == 0 {
			check()
		}
	}
	check()
}
