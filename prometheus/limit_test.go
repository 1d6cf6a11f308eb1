package prometheus_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
)

func gaugeVec(name string, max int) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, MaxSeries: max}, []string{"l", "m"})
}

// All vectors of a registry share its limit, each has an overflow series of its
// own, and what goes makes room.
func TestRegistryLimitsSeries(t *testing.T) {
	var refused []string
	reg := prometheus.NewRegistryWith(prometheus.RegistryOpts{
		MaxSeries:  3,
		OnOverflow: func(name string, values []string) { refused = append(refused, name+" "+strings.Join(values, ",")) },
	})
	a, b := gaugeVec("a", 0), gaugeVec("b", 0)
	a.WithLabelValues("before", "").Set(1)
	reg.MustRegister(a)
	prometheus.WrapRegistererWith(prometheus.Labels{"zone": "1"}, prometheus.WrapRegistererWithPrefix("x_", reg)).MustRegister(b)
	want := func(lines string) {
		t.Helper()
		got, err := exposed(t, reg)
		if got != lines || err != nil {
			t.Errorf("got, with error %v:\n%swant:\n%s", err, got, lines)
		}
	}
	b.WithLabelValues("1", "").Set(1)
	b.WithLabelValues("2", "").Set(2)
	want("a{l=\"before\",m=\"\"} 1\nx_b{l=\"1\",m=\"\",zone=\"1\"} 1\nx_b{l=\"2\",m=\"\",zone=\"1\"} 2\n")
	b.WithLabelValues("3", "").Inc()
	b.WithLabelValues("4", "").Inc()
	b.WithLabelValues("1", "").Inc()
	a.WithLabelValues("5", "").Inc()
	const full = `a{l="__overflow__",m="__overflow__"} 1
a{l="before",m=""} 1
cresset_series_overflow_total{metric="a"} 1
cresset_series_overflow_total{metric="x_b"} 2
x_b{l="1",m="",zone="1"} 2
x_b{l="2",m="",zone="1"} 2
x_b{l="__overflow__",m="__overflow__",zone="1"} 2
`
	want(full)
	if got := []string{"x_b 3,", "x_b 4,", "a 5,"}; !slices.Equal(refused, got) {
		t.Errorf("got refusals %q, want %q", refused, got)
	}
	a.DeleteLabelValues("before", "")
	b.WithLabelValues("6", "").Set(6)
	if _, there := b.Lookup("6", ""); !there {
		t.Error("what a deleted series left room for is not there")
	}
	reg.Unregister(a)
	for i := range 10 {
		a.WithLabelValues(fmt.Sprint(i), "")
	}
	if _, there := a.Lookup("9", ""); !there {
		t.Error("a vector that is not registered any more is limited")
	}
}

func TestLimitsOfVectorAndRegistry(t *testing.T) {
	reg := prometheus.NewRegistryWith(prometheus.RegistryOpts{MaxSeries: 5})
	small, large := gaugeVec("small", 2), gaugeVec("large", 100)
	reg.MustRegister(small, large)
	for i := range 10 {
		small.WithLabelValues(fmt.Sprint(i), "")
		large.WithLabelValues(fmt.Sprint(i), "")
	}
	count := func(v *prometheus.GaugeVec) (n int) {
		for range v.All() {
			n++
		}
		return n
	}
	if got := [2]int{count(small), count(large)}; got != [2]int{3, 4} { // with the overflow series
		t.Errorf("got %v series, want 3 and 4", got)
	}
}

func TestNegativeRegistryLimit(t *testing.T) {
	defer func() {
		if got, want := fmt.Sprint(recover()), "MaxSeries of a registry must not be negative, but is -1"; got != want {
			t.Errorf("got panic %q, want %q", got, want)
		}
	}()
	prometheus.NewRegistryWith(prometheus.RegistryOpts{MaxSeries: -1})
}

// However many goroutines make and delete series of several vectors, the limit is
// hardly ever exceeded, and what is deleted makes room.
func TestRegistryLimitConcurrently(t *testing.T) {
	const most, workers = 50, 8
	reg := prometheus.NewRegistryWith(prometheus.RegistryOpts{MaxSeries: most})
	vecs := []*prometheus.GaugeVec{gaugeVec("a", 0), gaugeVec("b", 30)}
	for _, v := range vecs {
		reg.MustRegister(v)
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range 2_000 {
				v := vecs[(w+i)%2]
				v.WithLabelValues(fmt.Sprint(w), fmt.Sprint(i)).Inc()
				if i%3 > 0 {
					v.DeleteLabelValues(fmt.Sprint(w), fmt.Sprint(i-i%3))
				}
				if i%500 == 0 {
					if page, err := exposed(t, reg); err != nil || strings.Count(page, "\n") > most+workers+4 {
						t.Errorf("got %d lines and error %v, want at most %d", strings.Count(page, "\n"), err, most+workers+4)
					}
				}
			}
		})
	}
	wg.Wait()
	for _, v := range vecs {
		v.Reset()
	}
	for i := range most {
		vecs[0].WithLabelValues(fmt.Sprint(i), "")
	}
	if _, overflowed := vecs[0].Lookup("__overflow__", "__overflow__"); overflowed {
		t.Error("there is no room for as many as the limit")
	}
}

// What there is no room to pin is not pinned, nor is what stands for it.
func TestPinBeyondTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "g", TTL: time.Minute, MaxSeries: 1}, []string{"l"})
		vec.Pin("a").Set(1)
		vec.Pin("b").Set(2)
		vec.Replace(func(next *prometheus.GaugeVec) {
			next.Pin("a")
			next.Pin("c")
		})
		wantExposed(t, "cresset_series_overflow_total{metric=\"g\"} 2\ng{l=\"__overflow__\"} 2\ng{l=\"a\"} 1\n", vec)
		time.Sleep(time.Minute)
		wantExposed(t, "cresset_series_overflow_total{metric=\"g\"} 2\ng{l=\"a\"} 1\n", vec)
	})
}

// Pin asks for a series once.
func TestPinIsRefusedOnce(t *testing.T) {
	refused, constrained := 0, 0
	vec := prometheus.V2.NewGaugeVec(prometheus.GaugeVecOpts{
		GaugeOpts: prometheus.GaugeOpts{Name: "g", MaxSeries: 1, OnOverflow: func(string, []string) { refused++ }},
		VariableLabels: prometheus.ConstrainedLabels{{Name: "l", Constraint: func(v string) string {
			constrained++
			return v
		}}},
	})
	vec.WithLabelValues("a")
	constrained = 0
	vec.Pin("b")
	if refused != 1 || constrained != 1 {
		t.Errorf("a value was refused %d times and constrained %d times, want once", refused, constrained)
	}
}
