package ours

import (
	"fmt"
	"math"
	"time"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/cresset-metrics/cresset/prometheus"
)

// spread are values of every size and sign.
func spread() []float64 {
	values := []float64{
		0, math.Copysign(0, -1), 1, -1, 0.5, 2, 4, math.Nextafter(2, 3), math.Nextafter(2, 1), 1e-30, -1e-30, 1e30, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64,
		math.Inf(1), math.Inf(-1), math.NaN(), 0x1p-128, -0x1p-128, math.Nextafter(0x1p-128, 1), 0x1p-1022,
	}
	for i := range 60 {
		values = append(values, math.Exp(float64(i-20)/7), -math.Exp(float64(i-40)/5))
	}
	return values
}

// observe makes observations, some of them with exemplars, a second apart.
func observe(h prometheus.Histogram, values []float64) {
	for i, v := range values {
		if i%3 == 0 {
			h.(prometheus.ExemplarObserver).ObserveWithExemplar(v, prometheus.Labels{"n": fmt.Sprint(i)})
		} else {
			h.Observe(v)
		}
		script.Pause(time.Second)
	}
}

var native = []script.Scenario{
	{Name: "resolutions of native histograms", Run: func(t *script.Trace) {
		for _, factor := range []float64{-1, 0, 0.5, 1, math.Nextafter(1, 2), 1.001, 1.0027, 1.0028, 1.01, 1.1, 1.5, 2, 2.1, 4, 16, 256, 65535, 65536, 1e10, math.Inf(1)} {
			h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", Help: "h", NativeHistogramBucketFactor: factor})
			write(t, "new", h)
			observe(h, spread())
			write(t, "observed", h)
			glancing(t, h)
		}
	}},
	{Name: "native histograms that also have buckets", Run: func(t *script.Trace) {
		for _, buckets := range [][]float64{nil, {}, {1}, {-1, 0, 1, 10}, {math.Inf(1)}} {
			vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h", Buckets: buckets, NativeHistogramBucketFactor: 1.1}, []string{"a"})
			h := vec.WithLabelValues("1").(prometheus.Histogram)
			showing(t, vec)
			observe(h, []float64{1.5, 0.5, -3, 20, 0.7, 0})
			showing(t, vec)
		}
	}},
	{Name: "zero thresholds", Run: func(t *script.Trace) {
		for _, threshold := range []float64{0, prometheus.NativeHistogramZeroThresholdZero, -0.5, 1e-5, 0.3, 1, 100, math.Inf(1), prometheus.DefNativeHistogramZeroThreshold} {
			h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", NativeHistogramBucketFactor: 1.5, NativeHistogramZeroThreshold: threshold})
			write(t, "new", h)
			observe(h, spread())
			write(t, "observed", h)
		}
	}},
	{Name: "native histograms limited by number", Run: func(t *script.Trace) {
		for _, limit := range []uint32{0, 1, 4, 20} {
			for _, reset := range []time.Duration{0, 5 * time.Second, time.Minute, time.Hour} {
				for _, widest := range []float64{0, 1e-10, 0.3, 10, math.Inf(1)} {
					limited(t, prometheus.HistogramOpts{
						Name: "h", NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: limit,
						NativeHistogramMinResetDuration: reset, NativeHistogramMaxZeroThreshold: widest,
					})
				}
			}
		}
	}},
	{Name: "native histograms limited by number that also have buckets", Run: func(t *script.Trace) {
		for _, reset := range []time.Duration{0, 30 * time.Second} {
			for _, threshold := range []float64{0, prometheus.NativeHistogramZeroThresholdZero, 0.2} {
				limited(t, prometheus.HistogramOpts{
					Name: "h", Buckets: []float64{1, 5}, NativeHistogramBucketFactor: 1.01, NativeHistogramZeroThreshold: threshold,
					NativeHistogramMaxBucketNumber: 7, NativeHistogramMinResetDuration: reset, NativeHistogramMaxZeroThreshold: 0.5,
				})
			}
		}
	}},
	{Name: "when limited histograms begin again", Run: func(t *script.Trace) {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "h", NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 3, NativeHistogramMinResetDuration: 10 * time.Second, NativeHistogramMaxZeroThreshold: 1e-3,
		})
		for _, pause := range []time.Duration{0, 0, 9 * time.Second, time.Second - 1, 1, 1, 0, 0, 0, 10 * time.Second, 0, 30 * time.Second, 0, 0, 0, 0, 9999 * time.Millisecond, time.Hour, 0} {
			script.Pause(pause)
			write(t, "before", h)
			for i := range 3 {
				h.Observe(math.Exp(float64(time.Now().Nanosecond()%7 + 3*i)))
			}
			write(t, "after", h)
		}
	}},
	{Name: "the instant from which limited histograms may begin again", Run: func(t *script.Trace) {
		for _, pause := range []time.Duration{10*time.Second - 1, 10 * time.Second, 10*time.Second + 1} {
			h := prometheus.NewHistogram(prometheus.HistogramOpts{
				Name: "h", NativeHistogramBucketFactor: 2, NativeHistogramMaxBucketNumber: 2, NativeHistogramMinResetDuration: 10 * time.Second,
			})
			h.Observe(1)
			h.Observe(4)
			script.Pause(pause)
			h.Observe(16)
			write(t, fmt.Sprint(pause), h)
			script.Pause(time.Hour)
			write(t, "an hour later", h)
		}
	}},
	{Name: "how many exemplars a native histogram keeps", Run: func(t *script.Trace) {
		for _, most := range []int{-1, 0, 1, 2, 3, 10, 15} {
			for _, life := range []time.Duration{-time.Second, 0, 1, 3 * time.Second, 20 * time.Second, time.Hour} {
				h := prometheus.NewHistogram(prometheus.HistogramOpts{
					Name: "h", NativeHistogramBucketFactor: 1.1, NativeHistogramMaxExemplars: most, NativeHistogramExemplarTTL: life,
				})
				for i, v := range spread() {
					h.(prometheus.ExemplarObserver).ObserveWithExemplar(v, prometheus.Labels{"n": fmt.Sprint(i)})
					script.Pause(time.Duration(i%4) * time.Second)
					if i%5 == 0 {
						write(t, fmt.Sprint(most, life), h)
					}
				}
				script.Pause(time.Hour)
				h.(prometheus.ExemplarObserver).ObserveWithExemplar(1, prometheus.Labels{"n": "last"})
				h.(prometheus.ExemplarObserver).ObserveWithExemplar(1, nil)
				h.(prometheus.ExemplarObserver).ObserveWithExemplar(2, prometheus.Labels{})
				write(t, "after an hour", h)
				glancing(t, h)
			}
		}
	}},
	{Name: "exemplars of native histograms that panic", Run: func(t *script.Trace) {
		for _, labels := range exemplarLabels {
			h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", Buckets: []float64{1}, NativeHistogramBucketFactor: 1.1})
			t.Try("ObserveWithExemplar", func() { h.(prometheus.ExemplarObserver).ObserveWithExemplar(2, labels) })
			write(t, "histogram", h)
		}
	}},
	{Name: "options of native histograms alone", Run: func(t *script.Trace) {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "h", NativeHistogramMaxBucketNumber: 1, NativeHistogramZeroThreshold: 1, NativeHistogramMinResetDuration: time.Second, NativeHistogramMaxExemplars: 1,
		})
		observe(h, spread()[:16])
		showing(t, h)
	}},
}

// limited shows how a histogram with a limit copes with ever more different
// values.
func limited(t *script.Trace, opts prometheus.HistogramOpts) {
	h := prometheus.NewHistogram(opts)
	for i, v := range spread() {
		h.Observe(v)
		if i%7 == 0 {
			script.Pause(time.Duration(i) * 300 * time.Millisecond)
		}
		if i%10 == 0 {
			write(t, fmt.Sprint(i), h)
		}
	}
	glancing(t, h)
	script.Pause(time.Minute)
	write(t, "a minute later", h)
	script.Pause(2 * time.Hour)
	write(t, "two hours later", h)
	h.Observe(1)
	write(t, "observed again", h)
}
