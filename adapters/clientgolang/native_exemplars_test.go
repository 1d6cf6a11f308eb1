package clientgolang_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	theirs "github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	ours "github.com/cresset-metrics/cresset/prometheus"
)

// Which exemplars of a native histogram stay, and in which order, is the same whatever
// is observed and however much time lies in between.
func TestNativeExemplarsAreKeptAlike(t *testing.T) {
	strange := []float64{0, -1, math.Inf(1), math.Inf(-1), math.NaN(), math.SmallestNonzeroFloat64, math.MaxFloat64}
	values := map[string]func(*rand.Rand) float64{
		"far apart":     func(r *rand.Rand) float64 { return math.Exp(3 * r.NormFloat64()) },
		"few":           func(r *rand.Rand) float64 { return float64(1 + r.IntN(6)) },
		"both signs":    func(r *rand.Rand) float64 { return r.NormFloat64() },
		"strange among": func(r *rand.Rand) float64 { return append(strange, r.Float64())[r.IntN(len(strange)+1)] },
	}
	for name, value := range values {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(100) {
				synctest.Test(t, func(t *testing.T) { compareExemplars(t, rand.New(rand.NewPCG(seed, 0)), value) })
			}
		})
	}
}

func compareExemplars(t *testing.T, r *rand.Rand, value func(*rand.Rand) float64) {
	limit := []int{0, -1, 1, 2, 3, 7}[r.IntN(6)]
	ttl := []time.Duration{0, -2, 1, time.Second, time.Minute}[r.IntN(5)]
	their := theirs.NewHistogram(theirs.HistogramOpts{
		Name: "h", NativeHistogramBucketFactor: 1.1, NativeHistogramMaxExemplars: limit, NativeHistogramExemplarTTL: ttl,
	})
	our := ours.NewHistogram(ours.HistogramOpts{
		Name: "h", NativeHistogramBucketFactor: 1.1, NativeHistogramMaxExemplars: limit, NativeHistogramExemplarTTL: ttl,
	})
	for i := range 40 {
		v, id := value(r), strconv.Itoa(i)
		their.(theirs.ExemplarObserver).ObserveWithExemplar(v, theirs.Labels{"id": id})
		our.(ours.ExemplarObserver).ObserveWithExemplar(v, ours.Labels{"id": id})
		time.Sleep(time.Duration(r.IntN(3)) * 300 * time.Millisecond)

		var want, got dto.Metric
		if err := their.Write(&want); err != nil {
			t.Fatal(err)
		}
		if err := our.Write(&got); err != nil {
			t.Fatal(err)
		}
		if got, want := exemplarsText(&got), exemplarsText(&want); got != want {
			t.Fatalf("at most %d, for %v, after %v: got\n%s\nwant\n%s", limit, ttl, v, got, want)
		}
	}
}

func exemplarsText(m *dto.Metric) string {
	text := ""
	for _, e := range m.GetHistogram().GetExemplars() {
		text += strconv.FormatFloat(e.GetValue(), 'g', -1, 64) + " " + e.GetLabel()[0].GetValue() + "\n"
	}
	return text
}
