package prometheus_test

import (
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
)

func TestSummaryWithObjectives(t *testing.T) {
	s := prometheus.NewSummary(prometheus.SummaryOpts{
		Name:        "s",
		ConstLabels: prometheus.Labels{"a": "b"},
		Objectives:  map[float64]float64{0.99: 0.001, 0.5: 0.05, 0: 0},
	})
	wantExposed(t, `s{a="b",quantile="0"} NaN
s{a="b",quantile="0.5"} NaN
s{a="b",quantile="0.99"} NaN
s_sum{a="b"} 0
s_count{a="b"} 0
`, s)
	for i := range 200 {
		s.Observe(float64(i))
	}
	wantExposed(t, `s{a="b",quantile="0"} 0
s{a="b",quantile="0.5"} 99
s{a="b",quantile="0.99"} 197
s_sum{a="b"} 19900
s_count{a="b"} 200
`, s)
}

func TestSummaryVecWithObjectives(t *testing.T) {
	objectives := map[float64]float64{0.5: 0.05}
	opts := prometheus.SummaryOpts{Name: "s", Objectives: objectives}
	vec := prometheus.NewSummaryVec(opts, []string{"l"})
	constrained := prometheus.V2.NewSummaryVec(prometheus.SummaryVecOpts{
		SummaryOpts:    prometheus.SummaryOpts{Name: "t", Objectives: objectives},
		VariableLabels: prometheus.ConstrainedLabels{{Name: "l", Constraint: strings.ToLower}},
	})
	objectives[0.9] = 0.01 // belongs to the caller
	delete(objectives, 0.5)
	vec.WithLabelValues("x").Observe(1)
	vec.With(prometheus.Labels{"l": "y"}).Observe(2)
	vec.MustCurryWith(prometheus.Labels{"l": "y"}).WithLabelValues().Observe(4)
	constrained.WithLabelValues("X").Observe(8)
	wantExposed(t, `s{l="x",quantile="0.5"} 1
s_sum{l="x"} 1
s_count{l="x"} 1
s{l="y",quantile="0.5"} 2
s_sum{l="y"} 6
s_count{l="y"} 2
t{l="x",quantile="0.5"} 8
t_sum{l="x"} 8
t_count{l="x"} 1
`, vec, constrained)
}

// Without objectives, the other options do nothing.
func TestSummaryWithoutObjectives(t *testing.T) {
	for _, objectives := range []map[float64]float64{nil, {}} {
		s := prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", Objectives: objectives, MaxAge: 1, AgeBuckets: 1, BufCap: 1})
		s.Observe(1)
		wantExposed(t, "s_sum 1\ns_count 1\n", s)
	}
}

func TestSummaryOfNegativeMaxAge(t *testing.T) {
	for _, objectives := range []map[float64]float64{nil, {0.5: 0.05}} {
		opts := prometheus.SummaryOpts{Name: "s", Objectives: objectives, MaxAge: -time.Second}
		err, _ := panicOf(func() { prometheus.NewSummary(opts) }).(error)
		wantError(t, "NewSummary", err, "illegal max age MaxAge=-1s")
		err, _ = panicOf(func() { prometheus.NewSummaryVec(opts, []string{"l"}) }).(error)
		wantError(t, "NewSummaryVec", err, "illegal max age MaxAge=-1s")
	}
}

// Observations leave the quantiles when they are too old, but not the number
// and the sum.
func TestSummaryAge(t *testing.T) {
	tests := []struct {
		name  string
		opts  prometheus.SummaryOpts
		after time.Duration // that it takes until they are forgotten
	}{
		{"defaults", prometheus.SummaryOpts{}, prometheus.DefMaxAge},
		{"the defaults given", prometheus.SummaryOpts{
			MaxAge: prometheus.DefMaxAge, AgeBuckets: prometheus.DefAgeBuckets, BufCap: prometheus.DefBufCap,
		}, prometheus.DefMaxAge},
		{"a minute", prometheus.SummaryOpts{MaxAge: time.Minute}, time.Minute},
		{"one step", prometheus.SummaryOpts{MaxAge: time.Minute, AgeBuckets: 1}, time.Minute},
		{"steps that do not divide it", prometheus.SummaryOpts{MaxAge: time.Minute, AgeBuckets: 7}, 7 * (time.Minute / 7)},
		{"more steps than nanoseconds", prometheus.SummaryOpts{MaxAge: 2, AgeBuckets: 100}, 100},
		{"as many steps as there can be", prometheus.SummaryOpts{MaxAge: time.Hour, AgeBuckets: math.MaxUint32}, math.MaxUint32 * (time.Hour / math.MaxUint32)},
		{"next to no room", prometheus.SummaryOpts{BufCap: 1}, prometheus.DefMaxAge},
		{"more room than there can be", prometheus.SummaryOpts{BufCap: math.MaxUint32}, prometheus.DefMaxAge},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test.opts.Name, test.opts.Objectives = "s", map[float64]float64{0.5: 0.05}
				s := prometheus.NewSummary(test.opts)
				s.Observe(3)
				median := func() float64 { return valueOf(t, s).GetSummary().GetQuantile()[0].GetValue() }
				time.Sleep(test.after)
				if got := median(); got != 3 {
					t.Errorf("got median %v after %v, want 3", got, test.after)
				}
				time.Sleep(time.Nanosecond)
				if got := median(); !math.IsNaN(got) {
					t.Errorf("got median %v a nanosecond later, want NaN", got)
				}
				if got := valueOf(t, s).GetSummary(); got.GetSampleCount() != 1 || got.GetSampleSum() != 3 {
					t.Errorf("got %v, want the number and the sum as before", got)
				}
			})
		})
	}
}

func TestSummaryKindsAreWhatTheyWere(t *testing.T) {
	vec := prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "s", Objectives: map[float64]float64{0.5: 0.05}}, nil)
	observer := vec.WithLabelValues()
	if _, ok := observer.(prometheus.Summary); !ok {
		t.Errorf("%T is not a Summary", observer)
	}
	if _, ok := observer.(prometheus.ExemplarObserver); ok {
		t.Errorf("%T takes exemplars, which summaries do not have", observer)
	}
	before := time.Now()
	s := prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", Objectives: map[float64]float64{0.5: 0.05}})
	if got := valueOf(t, s).GetSummary().GetCreatedTimestamp().AsTime(); got.Before(before) || got.After(time.Now()) {
		t.Errorf("got created %v, want now", got)
	}
}

// Many observe and scrape at once; the page shows count, sum and quantiles that
// belong together.
func TestSummaryScrapedWhileHammered(t *testing.T) {
	const writers, each = 4, 3_000
	vec := prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "s", Objectives: map[float64]float64{0.5: 0.05, 0.99: 0.001}}, []string{"l"})
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for i := range each {
				vec.WithLabelValues([]string{"x", "y"}[i%2]).Observe(0.25)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		for _, l := range []string{"x", "y"} {
			s := valueOf(t, vec.WithLabelValues(l).(prometheus.Metric)).GetSummary()
			if s.GetSampleSum() != 0.25*float64(s.GetSampleCount()) {
				t.Fatalf("torn state: %v", s)
			}
			if !running && s.GetSampleCount() != writers*each/2 {
				t.Errorf("got %d observations in the end, want %d", s.GetSampleCount(), writers*each/2)
			}
		}
	}
}
