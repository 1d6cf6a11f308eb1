package cresset_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset"
)

type call struct {
	Method string `label:"method"`
	Code   int    `label:"code"`
}

func TestVecs(t *testing.T) {
	reg := cresset.NewRegistry()
	counters := cresset.NewCounterVec[call](reg, "a_total", "")
	gauges := cresset.NewGaugeVec[call](reg, "b", "")
	histograms := cresset.NewHistogramVec[call](reg, "c", "", cresset.Buckets(1))
	natives := cresset.NewHistogramVec[call](reg, "d", "", cresset.NativeBuckets(1.1))
	summaries := cresset.NewSummaryVec[call](reg, "e", "")
	quantiles := cresset.NewSummaryVec[call](reg, "f", "", cresset.Objectives(map[float64]float64{0.5: 0.1}))
	for range 2 {
		counters.With(call{"GET", 200}).Inc()
		gauges.With(call{"GET", 200}).Inc()
		histograms.With(call{"GET", 200}).Observe(2)
		natives.With(call{"GET", 200}).Observe(2)
		summaries.With(call{"GET", 200}).Observe(2)
		quantiles.With(call{"GET", 200}).Observe(2)
	}
	counters.With(call{"GET", 100})
	wantPage(t, reg, `a_total{code="100",method="GET"} 0
a_total{code="200",method="GET"} 2
b{code="200",method="GET"} 2
c_bucket{code="200",method="GET",le="1"} 0
c_bucket{code="200",method="GET",le="+Inf"} 2
c_sum{code="200",method="GET"} 4
c_count{code="200",method="GET"} 2
d_bucket{code="200",method="GET",le="+Inf"} 2
d_sum{code="200",method="GET"} 4
d_count{code="200",method="GET"} 2
e_sum{code="200",method="GET"} 4
e_count{code="200",method="GET"} 2
f{code="200",method="GET",quantile="0.5"} 2
f_sum{code="200",method="GET"} 4
f_count{code="200",method="GET"} 2
`)
}

// class is a label whose values have few texts.
type class int

func (c class) String() string { return fmt.Sprintf("%dxx", c/100) }

type answer struct {
	Class class `label:"class"`
}

func TestValuesOfOneTextMeet(t *testing.T) {
	reg := cresset.NewRegistry()
	answers := cresset.NewCounterVec[answer](reg, "answers_total", "")
	for code := range class(600) {
		if answers.With(answer{code}) != answers.With(answer{code / 100 * 100}) {
			t.Fatalf("%d has a counter of its own", code)
		}
		answers.With(answer{code}).Inc()
	}
	var want strings.Builder
	for c := range 6 {
		fmt.Fprintf(&want, "answers_total{class=\"%dxx\"} 100\n", c)
	}
	wantPage(t, reg, want.String())

	// The first value that was asked for stands for all.
	if !answers.Delete(answer{299}) {
		t.Error("there was nothing to delete")
	}
	if _, found := answers.Lookup(answer{200}); found {
		t.Error("found what was deleted by another value")
	}
	answers.With(answer{250}).Inc()
	answers.With(answer{200}).Inc()
	if got := keys(answers); !slices.Equal(got, []answer{{0}, {100}, {250}, {300}, {400}, {500}}) {
		t.Errorf("the labels are %v", got)
	}
	if got := page(t, reg); !strings.Contains(got, "{class=\"2xx\"} 2\n") {
		t.Errorf("the page is\n%s", got)
	}
}

func TestTextThatIsNoTextIsReplaced(t *testing.T) {
	reg := cresset.NewRegistry()
	calls := cresset.NewCounterVec[call](reg, "calls_total", "")
	calls.With(call{"\xff", 1}).Inc()
	calls.With(call{"\xfe", 1}).Inc()
	calls.With(call{"\uFFFD", 1}).Inc()
	wantPage(t, reg, "calls_total{code=\"1\",method=\"\uFFFD\"} 3\n")
}

func TestLabelsAreCopied(t *testing.T) {
	reg := cresset.NewRegistry()
	calls := cresset.NewCounterVec[call](reg, "calls_total", "")
	buffer := []byte("GET")
	borrowed := call{unsafe.String(&buffer[0], 3), 1}
	calls.With(borrowed).Inc()
	copy(buffer, "PUT")
	calls.With(borrowed).Inc()
	calls.With(call{"GET", 1}).Inc()
	wantPage(t, reg, "calls_total{code=\"1\",method=\"GET\"} 2\ncalls_total{code=\"1\",method=\"PUT\"} 1\n")
}

func keys[L comparable, M cresset.Metric](v *cresset.Vec[L, M]) []L {
	var keys []L
	for l := range v.All() {
		keys = append(keys, l)
	}
	return keys
}

func TestDeleteLookupReset(t *testing.T) {
	reg := cresset.NewRegistry()
	gauges := cresset.NewGaugeVec[call](reg, "g", "")
	if _, found := gauges.Lookup(call{"GET", 1}); found {
		t.Error("found what does not exist")
	}
	wantPage(t, reg, "")
	for code := range 4 {
		gauges.With(call{"GET", code}).Set(float64(code))
		gauges.With(call{"PUT", code}).Set(float64(code))
	}
	if g, found := gauges.Lookup(call{"PUT", 2}); !found || g != gauges.With(call{"PUT", 2}) {
		t.Errorf("lookup gave %v, %v", g, found)
	}
	if gauges.Delete(call{"GET", 7}) || !gauges.Delete(call{"GET", 0}) || gauges.Delete(call{"GET", 0}) {
		t.Error("Delete tells what is not so")
	}
	if n := gauges.DeleteFunc(func(c call) bool { return c.Method == "PUT" && c.Code > 1 }); n != 2 {
		t.Errorf("deleted %d, want 2", n)
	}
	want := []call{{"PUT", 0}, {"GET", 1}, {"PUT", 1}, {"GET", 2}, {"GET", 3}}
	if got := keys(gauges); !slices.Equal(got, want) {
		t.Errorf("the labels are %v, want %v", got, want)
	}
	for l := range gauges.All() { // which may be stopped, and meets changes
		gauges.Delete(l)
		break
	}
	gauges.Reset()
	if got := keys(gauges); len(got) != 0 {
		t.Errorf("the labels are %v, want none", got)
	}
	gauges.With(call{"GET", 1}).Inc()
	wantPage(t, reg, "g{code=\"1\",method=\"GET\"} 1\n")
}

func TestReplace(t *testing.T) {
	reg := cresset.NewRegistry()
	gauges := cresset.NewGaugeVec[call](reg, "g", "")
	kept := gauges.With(call{"GET", 1})
	kept.Set(1)
	gone := gauges.With(call{"GET", 2})
	gauges.Replace(func(next *cresset.GaugeVec[call]) {
		if next.With(call{"GET", 1}) != kept {
			t.Error("what was there before is another one")
		}
		next.With(call{"GET", 3}).Set(3)
		next.With(call{"GET", 4}).Set(4)
		if !next.Delete(call{"GET", 4}) || next.Delete(call{"GET", 4}) {
			t.Error("Delete tells what is not so")
		}
		if got := keys(next); !slices.Equal(got, []call{{"GET", 1}, {"GET", 3}}) {
			t.Errorf("the next labels are %v", got)
		}
		if _, found := next.Lookup(call{"GET", 3}); !found {
			t.Error("what was made is not found")
		}
		wantPage(t, reg, "g{code=\"1\",method=\"GET\"} 1\ng{code=\"2\",method=\"GET\"} 0\n")
	})
	gone.Set(2)
	wantPage(t, reg, "g{code=\"1\",method=\"GET\"} 1\ng{code=\"3\",method=\"GET\"} 3\n")
	gauges.With(call{"GET", 3}).Inc()
	if got := keys(gauges); !slices.Equal(got, []call{{"GET", 1}, {"GET", 3}}) {
		t.Errorf("the labels are %v", got)
	}

	func() {
		defer func() { recover() }()
		gauges.Replace(func(next *cresset.GaugeVec[call]) {
			next.With(call{"GET", 5})
			panic("no")
		})
	}()
	wantPage(t, reg, "g{code=\"1\",method=\"GET\"} 1\ng{code=\"3\",method=\"GET\"} 4\n")

	gauges.Replace(func(next *cresset.GaugeVec[call]) {
		next.With(call{"GET", 6})
		next.Reset()
	})
	wantPage(t, reg, "")
}

func TestMaxSeries(t *testing.T) {
	reg := cresset.NewRegistry()
	var refused []string
	calls := cresset.NewCounterVec[call](reg, "calls_total", "", cresset.MaxSeries(2), cresset.OnOverflow(func(name string, labels []string) {
		refused = append(refused, fmt.Sprint(name, labels))
	}))
	for code := range 4 {
		calls.With(call{"GET", code}).Inc()
	}
	calls.With(call{"GET", 1}).Inc()
	wantPage(t, reg, `calls_total{code="0",method="GET"} 1
calls_total{code="1",method="GET"} 2
calls_total{code="__overflow__",method="__overflow__"} 2
cresset_series_overflow_total{metric="calls_total"} 2
`)
	if want := []string{"calls_total[GET 2]", "calls_total[GET 3]"}; !slices.Equal(refused, want) {
		t.Errorf("refused are %q, want %q", refused, want)
	}
	if _, found := calls.Lookup(call{"GET", 2}); found {
		t.Error("found what there is no room for")
	}
	if got := keys(calls); !slices.Equal(got, []call{{"GET", 0}, {"GET", 1}}) {
		t.Errorf("the labels are %v", got)
	}
	calls.Delete(call{"GET", 0})
	calls.With(call{"GET", 3}).Inc() // has room now
	if got := keys(calls); !slices.Equal(got, []call{{"GET", 1}, {"GET", 3}}) {
		t.Errorf("the labels are %v", got)
	}
}

// TestVecIsAMap compares a vector with a map under any sequence of calls.
func TestVecIsAMap(t *testing.T) {
	type labels struct {
		Text  string `label:"text"`
		Class class  `label:"class"`
		On    bool   `label:"on"`
	}
	type series struct {
		text, class string
		on          bool
	}
	rapid.Check(t, func(t *rapid.T) {
		v := cresset.NewCounterVec[labels](cresset.NewRegistry(), "a_total", "")
		model := make(map[series]cresset.Counter)
		drawLabels := rapid.Custom(func(t *rapid.T) labels {
			return labels{
				rapid.SampledFrom([]string{"", "a", "b", "\xff", "\xfe"}).Draw(t, "text"),
				class(rapid.IntRange(0, 300).Draw(t, "class")),
				rapid.Bool().Draw(t, "on"),
			}
		})
		seriesOf := func(l labels) series { return series{strings.ToValidUTF8(l.Text, "\uFFFD"), l.Class.String(), l.On} }
		t.Repeat(map[string]func(*rapid.T){
			"with": func(t *rapid.T) {
				l := drawLabels.Draw(t, "labels")
				got := v.With(l)
				if want, known := model[seriesOf(l)]; known && got != want {
					t.Fatalf("%v has another counter than before", l)
				}
				for s, c := range model {
					if c == got && s != seriesOf(l) {
						t.Fatalf("%v has the counter of %v", l, s)
					}
				}
				model[seriesOf(l)] = got
			},
			"lookup": func(t *rapid.T) {
				l := drawLabels.Draw(t, "labels")
				got, found := v.Lookup(l)
				if want, known := model[seriesOf(l)]; found != known || got != want {
					t.Fatalf("lookup of %v gave %v, %v", l, got, found)
				}
			},
			"delete": func(t *rapid.T) {
				l := drawLabels.Draw(t, "labels")
				if _, known := model[seriesOf(l)]; v.Delete(l) != known {
					t.Fatalf("deleting %v tells what is not so", l)
				}
				delete(model, seriesOf(l))
			},
			"reset": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "reset") == 0 {
					v.Reset()
					clear(model)
				}
			},
			"replace": func(t *rapid.T) {
				kept := make(map[series]cresset.Counter)
				v.Replace(func(next *cresset.CounterVec[labels]) {
					for range rapid.IntRange(0, 5).Draw(t, "n") {
						l := drawLabels.Draw(t, "labels")
						got := next.With(l)
						if want, known := model[seriesOf(l)]; known && got != want {
							t.Fatalf("%v has another counter than before", l)
						}
						kept[seriesOf(l)] = got
					}
				})
				model = kept
			},
			"": func(t *rapid.T) {
				n := 0
				for l, c := range v.All() {
					n++
					if model[seriesOf(l)] != c {
						t.Fatalf("%v has another counter", l)
					}
				}
				if n != len(model) {
					t.Fatalf("there are %d series, want %d", n, len(model))
				}
			},
		})
	})
}

// TestVecUnderFire has goroutines update, delete and list series at the same
// time. Of the series that nobody deletes, no update is lost.
func TestVecUnderFire(t *testing.T) {
	reg := cresset.NewRegistry()
	calls := cresset.NewCounterVec[call](reg, "calls_total", "")
	const updates = 2000
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range updates {
				calls.With(call{"stays", i % 7}).Inc()
				calls.With(call{"goes", i % 31}).Inc()
			}
		})
	}
	wg.Go(func() {
		for i := range updates {
			switch i % 3 {
			case 0:
				calls.Delete(call{"goes", i % 31})
			case 1:
				calls.DeleteFunc(func(c call) bool { return c.Method == "goes" && c.Code%2 == i%2 })
			}
			if i%100 == 0 {
				page(t, reg)
			}
		}
	})
	wg.Wait()
	calls.DeleteFunc(func(c call) bool { return c.Method == "goes" })
	if got := keys(calls); len(got) != 7 {
		t.Fatalf("the labels are %v", got)
	}
	sum := 0
	for line := range strings.Lines(page(t, reg)) {
		var code, n int
		if _, err := fmt.Sscanf(line, "calls_total{code=\"%d\",method=\"stays\"} %d", &code, &n); err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	if sum != 4*updates {
		t.Errorf("there are %d updates, want %d", sum, 4*updates)
	}
}
