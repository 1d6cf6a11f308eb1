package cresset_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset"
)

// TestInvalidMetrics has every way in which a metric can be wrong, and what says
// so.
func TestInvalidMetrics(t *testing.T) {
	type good struct {
		A string `label:"a"`
	}
	type bad struct {
		A string `label:"a"`
		B float64
	}
	type bucket struct {
		Le string `label:"le"`
	}
	type rank struct {
		Quantile string `label:"quantile"`
	}
	label := func(name, value string) cresset.Option {
		return cresset.ConstLabels(map[string]string{name: value})
	}
	taken := cresset.NewRegistry()
	cresset.NewCounter(taken, "taken", "A help text.")
	for _, tt := range []struct {
		name string
		try  func(reg *cresset.Registry) error
		want []string
	}{
		{"no name", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewCounter(reg, "", "")
			return err
		}, []string{`metric ""`, `"" is not a valid metric name`}},
		{"no registry", func(*cresset.Registry) error {
			_, err := cresset.TryNewCounter(nil, "a", "")
			return err
		}, []string{`metric "a": there is no registry`}},
		{"a registry that was not made", func(*cresset.Registry) error {
			_, err := cresset.TryNewCounter(&cresset.Registry{}, "a", "")
			return err
		}, []string{`metric "a": there is no registry`}},
		{"help that is no text", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewGauge(reg, "a", "\xff")
			return err
		}, []string{"help text is not valid UTF-8"}},
		{"name that is taken", func(*cresset.Registry) error {
			_, err := cresset.TryNewCounter(taken, "taken", "A help text.")
			return err
		}, []string{"cresset: "}},
		{"name that has another help text", func(*cresset.Registry) error {
			_, err := cresset.TryNewCounterVec[good](taken, "taken", "Another help text.")
			return err
		}, []string{"cresset: "}},
		{"constant label", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewGauge(reg, "a", "", label("__a", ""))
			return err
		}, []string{`"__a" is not a valid label name`}},
		{"constant label that is no text", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewGauge(reg, "a", "", label("a", "\xff"))
			return err
		}, []string{`label value "\xff" is not valid UTF-8`}},
		{"constant label that is a field", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewGaugeVec[good](reg, "a", "", label("a", ""))
			return err
		}, []string{`constant label "a" is one of the other labels already`}},
		{"constant label of buckets", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewHistogram(reg, "a", "", label("le", ""))
			return err
		}, []string{`constant label "le" is reserved`}},
		{"several fields", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewCounterVec[bad](reg, "a", "", cresset.TTL(-1), cresset.MaxSeries(-2))
			return err
		}, []string{"field B of label type cresset_test.bad: it has no name", "TTL is -1ns; it must not be negative", "MaxSeries is -2; it must not be negative"}},
		{"field of buckets", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewHistogramVec[bucket](reg, "a", "")
			return err
		}, []string{`field Le of label type cresset_test.bucket: label "le" is reserved`}},
		{"field of ranks", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewSummaryVec[rank](reg, "a", "")
			return err
		}, []string{`field Quantile of label type cresset_test.rank: label "quantile" is reserved`}},
		{"labels that are no struct", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewInfo(reg, "a", "", 7)
			return err
		}, []string{"labels of type int: labels are the fields of a struct type"}},
		{"negative TTL", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewSummary(reg, "a", "", cresset.TTL(-time.Second))
			return err
		}, []string{"TTL is -1s; it must not be negative"}},
		{"bucket order", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewHistogram(reg, "a", "", cresset.Buckets(1, 1))
			return err
		}, []string{"histogram buckets must be in increasing order: 1.000000 >= 1.000000"}},
		{"bucket that is no number", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewHistogram(reg, "a", "", cresset.Buckets(math.NaN()))
			return err
		}, []string{"a histogram bucket is NaN"}},
		{"factor", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewHistogram(reg, "a", "", cresset.NativeBuckets(1))
			return err
		}, []string{"the factor of NativeBuckets is 1; it must be greater than 1"}},
		{"factor zero", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewHistogram(reg, "a", "", cresset.NativeBuckets(0))
			return err
		}, []string{"the factor of NativeBuckets is 0; it must be greater than 1"}},
		{"native options of a classic histogram", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewHistogramVec[good](reg, "a", "", cresset.MaxNativeBuckets(1, -1), cresset.ZeroThreshold(math.NaN(), 0), cresset.NativeExemplars(-1, 0))
			return err
		}, []string{"MaxNativeBuckets has no meaning without NativeBuckets", "the duration of MaxNativeBuckets is -1ns", "the thresholds of ZeroThreshold are NaN and 0", "NativeExemplars are -1 for 0s"}},
		{"objectives", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewSummary(reg, "a", "", cresset.Objectives(map[float64]float64{50: 1, 0.5: -1}))
			return err
		}, []string{"the objective 50 is no rank", "the error of the objective 0.5 is -1"}},
		{"window", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewSummaryVec[good](reg, "a", "", cresset.Window(-1, 0))
			return err
		}, []string{"the window is -1ns in 0 steps", "Window has no meaning without Objectives"}},
		{"no exemplars", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewCounter(reg, "a", "", cresset.Exemplars(nil, nil))
			return err
		}, []string{"Exemplars has no function"}},
		{"no function", func(reg *cresset.Registry) error {
			return cresset.TryNewGaugeFunc(reg, "a", "", nil)
		}, []string{"there is no function"}},
		{"no state", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewStateSet[string](reg, "a", "", nil)
			return err
		}, []string{"there is no state"}},
		{"states", func(reg *cresset.Registry) error {
			_, err := cresset.TryNewStateSet(reg, "a", "", []string{"x", "\xff", "x"})
			return err
		}, []string{`state "x" occurs twice`, `state "\xff" is not valid UTF-8`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reg := cresset.NewRegistry()
			err := tt.try(reg)
			if err == nil {
				t.Fatal("there is no error")
			}
			for _, want := range append(tt.want, "cresset: ") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error is %q, want it to say %q", err, want)
				}
			}
			wantPage(t, reg, "")
		})
	}
}

func TestConstructorsPanicWithTheError(t *testing.T) {
	for name, make := range map[string]func(){
		"counter":      func() { cresset.NewCounter(nil, "a", "") },
		"gauge":        func() { cresset.NewGauge(nil, "a", "") },
		"histogram":    func() { cresset.NewHistogram(nil, "a", "") },
		"summary":      func() { cresset.NewSummary(nil, "a", "") },
		"counter vec":  func() { cresset.NewCounterVec[call](nil, "a", "") },
		"gauge vec":    func() { cresset.NewGaugeVec[call](nil, "a", "") },
		"hist vec":     func() { cresset.NewHistogramVec[call](nil, "a", "") },
		"summary vec":  func() { cresset.NewSummaryVec[call](nil, "a", "") },
		"counter func": func() { cresset.NewCounterFunc(nil, "a", "", func() float64 { return 0 }) },
		"gauge func":   func() { cresset.NewGaugeFunc(nil, "a", "", func() float64 { return 0 }) },
		"info":         func() { cresset.NewInfo(nil, "a", "", call{}) },
		"state set":    func() { cresset.NewStateSet(nil, "a", "", []string{"on"}) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				err, ok := recover().(error)
				if !ok || !strings.Contains(err.Error(), "there is no registry") {
					t.Errorf("the panic is %v, want the error", err)
				}
			}()
			make()
		})
	}
}

// Options are checked by the compiler; the zero values of their types do
// nothing.
func TestZeroOptionsDoNothing(t *testing.T) {
	reg := cresset.NewRegistry()
	c := cresset.NewCounter(reg, "a_total", "", cresset.Option{}, cresset.SeriesOption{}, cresset.ExemplarOption{})
	c.IncContext(context.Background())
	wantPage(t, reg, "a_total 1\n")
}
