package clientgolang_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	theirs "github.com/prometheus/client_golang/prometheus"
	theirhttp "github.com/prometheus/client_golang/prometheus/promhttp"
	"pgregory.net/rapid"

	ours "github.com/cresset-metrics/cresset/prometheus"
	ourhttp "github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// What stands in the text of a series, and what is about as long as something is
// read at once, hashed in another way, or has its length in a byte.
var (
	vectorNames = []string{
		"a", "ab", "a_b", "b", "le_", "zone", "Z", "_x", "a.b", "ä", "a b", `q"`, `s\`, "n\n", `",a="`, "0",
	}
	vectorPieces = []string{
		"", "a", "b", `"`, `\`, "\n", `\n`, "\x00", "ö", "世界", `",b="`, `"} 1`, ",", "=", "{", "\r", "\u2028", " ",
		"\xff", "\xc3",
		strings.Repeat("x", 3), strings.Repeat("x", 4), strings.Repeat("x", 7), strings.Repeat("x", 8), strings.Repeat("x", 15),
		strings.Repeat("x", 16), strings.Repeat("x", 17), strings.Repeat("x", 125), strings.Repeat("x", 126), strings.Repeat("x", 127),
		strings.Repeat("x", 128), strings.Repeat("x", 254), strings.Repeat("x", 255), strings.Repeat("x", 256),
		strings.Repeat(`\`, 9), strings.Repeat("\n", 130), strings.Repeat(`"`, 128),
	}
)

// vectorOp is what is done with one of the vectors that there are.
type vectorOp struct {
	do     string
	vector int
	values []string
	labels map[string]string
	many   int
}

// vectorPlan is what vectors are made of.
type vectorPlan struct {
	name      string
	names     []string
	constant  map[string]string
	twins     []string            // the constant label of each vector of the family that tells it from the others
	wraps     []map[string]string // from the inside
	histogram bool
	ops       []vectorOp
}

type adder interface{ Add(float64) }

// vector is a CounterVec or GaugeVec of either library.
type vector[V any, M adder, L ~map[string]string] interface {
	GetMetricWithLabelValues(...string) (M, error)
	GetMetricWith(L) (M, error)
	CurryWith(L) (V, error)
	DeleteLabelValues(...string) bool
	Delete(L) bool
	DeletePartialMatch(L) int
	Reset()
}

// doVector does what is to be done, and returns what came of it.
func doVector[V vector[V, M, L], M adder, L ~map[string]string](vectors []V, ops []vectorOp, page func(accept string) string) (trace []string) {
	say := func(format string, args ...any) { trace = append(trace, fmt.Sprintf(format, args...)) }
	add := func(m M, err error, value float64) {
		if err != nil {
			say("%v", err)
			return
		}
		m.Add(value)
	}
	for i, op := range ops {
		v := vectors[op.vector%len(vectors)]
		switch op.do {
		case "values":
			m, err := v.GetMetricWithLabelValues(op.values...)
			add(m, err, float64(i)+0.25)
		case "labels":
			m, err := v.GetMetricWith(L(op.labels))
			if err != nil && strings.HasSuffix(err.Error(), "is not valid UTF-8") {
				err = errors.New("some value is not") // of several, chance takes one in client_golang
			}
			add(m, err, float64(i)+0.5)
		case "many":
			for n := range op.many {
				values := slices.Clone(op.values)
				if len(values) > 0 {
					values[n%len(values)] += fmt.Sprint(n)
				}
				m, err := v.GetMetricWithLabelValues(values...)
				add(m, err, float64(n))
			}
		case "curry":
			curried, err := v.CurryWith(L(op.labels))
			if err != nil {
				say("%v", err)
			} else {
				vectors = append(vectors, curried)
			}
		case "delete values":
			say("%v", v.DeleteLabelValues(op.values...))
		case "delete":
			say("%v", v.Delete(L(op.labels)))
		case "delete partial match":
			say("%v", v.DeletePartialMatch(L(op.labels)))
		case "reset":
			v.Reset()
		case "page":
			say("%s", page(vectorAccepts[op.many%len(vectorAccepts)]))
		}
	}
	for _, accept := range vectorAccepts {
		say("%s", page(accept))
	}
	return trace
}

var vectorAccepts = []string{
	"text/plain;version=0.0.4",
	"text/plain;version=1.0.0;escaping=allow-utf-8",
	"text/plain;version=1.0.0;escaping=values",
	"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
	"application/openmetrics-text;version=0.0.1;escaping=dots",
	"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
	"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8",
}

func pageOf(h http.Handler) func(accept string) string {
	return func(accept string) string {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return fmt.Sprintf("%d %s\n%q", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
}

func drawVectorPlan(t *rapid.T) vectorPlan {
	label := rapid.SampledFrom(vectorNames)
	value := rapid.Map(rapid.SliceOfN(rapid.SampledFrom(vectorPieces), 0, 3), func(parts []string) string { return strings.Join(parts, "") })
	good := value.Filter(func(s string) bool { return strings.ToValidUTF8(s, "") == s })
	p := vectorPlan{
		name:      rapid.SampledFrom([]string{"f", "f_total", "f.x", "f.x_total", `q"`, `s\_total`, "ü", "n\n", "a:b", ":", "0", "a b_sum"}).Draw(t, "name"),
		names:     rapid.SliceOfNDistinct(label, 0, len(vectorNames)-2, rapid.ID).Draw(t, "names"),
		constant:  map[string]string{},
		histogram: rapid.Bool().Draw(t, "histogram"),
	}
	for i := range rapid.SampledFrom([]int{0, 0, 0, 25}).Draw(t, "more") {
		p.names = append(p.names, fmt.Sprint("more_", i))
	}
	p.twins = rapid.SliceOfNDistinct(good, 1, 3, rapid.ID).Draw(t, "twins")
	// Values of which some are the same again, or nearly.
	few := rapid.SliceOfN(value, 1, 3).Draw(t, "few")
	often := rapid.OneOf(rapid.SampledFrom(few), rapid.SampledFrom(few), value)
	for _, name := range vectorNames {
		if !slices.Contains(p.names, name) && rapid.IntRange(0, 3).Draw(t, "is constant") == 0 {
			p.constant[name] = good.Draw(t, "constant")
		}
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "wraps") {
		p.wraps = append(p.wraps, map[string]string{
			fmt.Sprint("w", i): good.Draw(t, "wrap"),
			fmt.Sprint("A", i): good.Draw(t, "wrap"),
		})
	}
	p.ops = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) vectorOp {
		op := vectorOp{
			do: rapid.SampledFrom([]string{
				"values", "values", "values", "labels", "labels", "many", "curry", "delete values", "delete", "delete partial match", "reset", "page",
			}).Draw(t, "do"),
			vector: rapid.IntRange(0, 3).Draw(t, "vector"),
			many:   rapid.SampledFrom([]int{1, 7, 8, 9, 63, 64, 65, 127, 128, 129}).Draw(t, "many"),
			labels: map[string]string{},
		}
		n := len(p.names)
		if rapid.IntRange(0, 3).Draw(t, "does not fit") == 0 {
			n = rapid.IntRange(0, n+1).Draw(t, "n")
		}
		op.values = rapid.SliceOfN(often, n, n).Draw(t, "values")
		if op.do == "curry" || op.do == "delete partial match" { // see the differences
			for _, name := range p.names {
				if rapid.IntRange(0, 3).Draw(t, "has") == 0 {
					op.labels[name] = rapid.OneOf(often.Filter(func(s string) bool { return strings.ToValidUTF8(s, "") == s }), good).Draw(t, "label")
				}
			}
			return op
		}
		for i, name := range p.names {
			if i < len(op.values) {
				op.labels[name] = op.values[i]
			}
		}
		return op
	}), 1, 25).Draw(t, "ops")
	return p
}

// TestVectorsOfAnyValues does the same to vectors of both libraries whose labels are
// hard to tell apart, to write and to read.
func TestVectorsOfAnyValues(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := drawVectorPlan(r)
		var got, want []string
		synctest.Test(t, func(*testing.T) { got = vectorOfOurs(p) }) // at the same time, which stands on the pages
		synctest.Test(t, func(*testing.T) { want = vectorOfTheirs(p) })
		for i := range want {
			if got[i] != want[i] {
				from := 0
				for from < len(got[i]) && from < len(want[i]) && got[i][from] == want[i][from] {
					from++
				}
				around := func(s string) string { return s[max(0, from-100):min(len(s), from+100)] }
				r.Fatalf("step %d of %#v:\ngot  %s\nwant %s", i, p, around(got[i]), around(want[i]))
			}
		}
	})
}

// constants returns the constant labels of one of the vectors.
func (p *vectorPlan) constants(twin int) map[string]string {
	constants := maps.Clone(p.constant)
	constants["twin"] = p.twins[twin]
	return constants
}

func vectorOfOurs(p vectorPlan) []string {
	reg := ours.NewRegistry()
	var to ours.Registerer = reg
	for _, labels := range slices.Backward(p.wraps) {
		to = ours.WrapRegistererWith(labels, to)
	}
	page := pageOf(ourhttp.HandlerFor(reg, ourhttp.HandlerOpts{EnableOpenMetrics: true, DisableCompression: true}))
	if p.histogram {
		v := ours.NewHistogramVec(ours.HistogramOpts{Name: p.name, ConstLabels: p.constants(0), Buckets: []float64{1, 2.5, 1e6}}, p.names)
		to.MustRegister(v)
		return doHistogram(v.GetMetricWithLabelValues, v.DeleteLabelValues, p.ops, page)
	}
	var vectors []*ours.CounterVec
	for i := range p.twins {
		v := ours.NewCounterVec(ours.CounterOpts{Name: p.name, Help: "\\ \" \n", ConstLabels: p.constants(i)}, p.names)
		to.MustRegister(v)
		vectors = append(vectors, v)
	}
	return doVector[*ours.CounterVec, ours.Counter, ours.Labels](vectors, p.ops, page)
}

func vectorOfTheirs(p vectorPlan) []string {
	reg := theirs.NewRegistry()
	var to theirs.Registerer = reg
	for _, labels := range slices.Backward(p.wraps) {
		to = theirs.WrapRegistererWith(labels, to)
	}
	page := pageOf(theirhttp.HandlerFor(reg, theirhttp.HandlerOpts{EnableOpenMetrics: true, DisableCompression: true}))
	if p.histogram {
		v := theirs.NewHistogramVec(theirs.HistogramOpts{Name: p.name, ConstLabels: p.constants(0), Buckets: []float64{1, 2.5, 1e6}}, p.names)
		to.MustRegister(v)
		return doHistogram(v.GetMetricWithLabelValues, v.DeleteLabelValues, p.ops, page)
	}
	var vectors []*theirs.CounterVec
	for i := range p.twins {
		v := theirs.NewCounterVec(theirs.CounterOpts{Name: p.name, Help: "\\ \" \n", ConstLabels: p.constants(i)}, p.names)
		to.MustRegister(v)
		vectors = append(vectors, v)
	}
	return doVector[*theirs.CounterVec, theirs.Counter, theirs.Labels](vectors, p.ops, page)
}

// doHistogram is doVector for what histograms are asked for, of which there are fewer
// on one batch of a page.
func doHistogram[O interface{ Observe(float64) }](get func(...string) (O, error), remove func(...string) bool, ops []vectorOp, page func(string) string) (trace []string) {
	say := func(format string, args ...any) { trace = append(trace, fmt.Sprintf(format, args...)) }
	for i, op := range ops {
		for n := range op.many {
			values := slices.Clone(op.values)
			if len(values) > 0 && n > 0 {
				values[n%len(values)] += fmt.Sprint(n)
			}
			if op.do == "delete values" {
				say("%v", remove(values...))
			} else if h, err := get(values...); err != nil {
				say("%v", err)
			} else {
				h.Observe(float64(i) + float64(n)/4)
			}
		}
	}
	for _, accept := range vectorAccepts {
		say("%s", page(accept))
	}
	return trace
}
