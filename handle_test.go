package cresset_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/internal/exposition"
)

func TestTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := cresset.NewRegistry()
		h := cresset.NewHistogram(reg, "h", "", cresset.Buckets(10))
		s := cresset.NewSummary(reg, "s", "")
		func() {
			defer h.Start().Observe()
			defer s.Start().Observe()
			time.Sleep(3 * time.Second)
		}()
		timer := h.Start()
		time.Sleep(time.Second)
		if d := timer.Observe(); d != time.Second {
			t.Errorf("observed %v", d)
		}
		time.Sleep(time.Second)
		if d := timer.Observe() + timer.ObserveContext(context.Background()); d != 0 {
			t.Errorf("observed %v after the end", d)
		}
		func() {
			timer := h.Start()
			defer timer.Observe()
			timer.Discard()
		}()
		s.Start().ObserveContext(context.Background())
		wantPage(t, reg, `h_bucket{le="10"} 2
h_bucket{le="+Inf"} 2
h_sum 4
h_count 2
s_sum 3
s_count 2
`)
	})
}

func TestLocals(t *testing.T) {
	reg := cresset.NewRegistry()
	c := cresset.NewCounter(reg, "c", "").Local()
	h := cresset.NewHistogram(reg, "h", "", cresset.Buckets(1, 2)).Local()
	n := cresset.NewHistogram(reg, "n", "", cresset.Buckets(1, 2), cresset.NativeBuckets(2)).Local()
	empty := page(t, reg)
	for range 2 {
		c.Inc()
		c.Add(0.5)
		c.Add(-1)
		for _, v := range []float64{0.5, 1.5, 2.5, 2} {
			h.Observe(v)
			n.Observe(v)
		}
	}
	wantPage(t, reg, "c 0\ncresset_misuse_total{metric=\"c\",reason=\"negative_add\"} 2\n"+strings.TrimPrefix(empty, "c 0\n"))
	for range 2 {
		c.Flush()
		h.Flush()
		n.Flush()
	}
	wantPage(t, reg, `c 3
cresset_misuse_total{metric="c",reason="negative_add"} 2
h_bucket{le="1"} 2
h_bucket{le="2"} 6
h_bucket{le="+Inf"} 8
h_sum 13
h_count 8
n_bucket{le="1"} 2
n_bucket{le="2"} 6
n_bucket{le="+Inf"} 8
n_sum 13
n_count 8
`)
}

// TestFlushIsOneStep scrapes while a batch is flushed again and again: a page has
// all of it or nothing.
func TestFlushIsOneStep(t *testing.T) {
	reg := cresset.NewRegistry()
	h := cresset.NewHistogram(reg, "h", "", cresset.Buckets(1))
	done := make(chan struct{})
	go func() {
		defer close(done)
		local := h.Local()
		for range 2000 {
			for range 4 {
				local.Observe(0.5)
				local.Observe(1.5)
			}
			local.Flush()
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		values := make(map[string]int)
		for line := range strings.Lines(page(t, reg)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			n := 0
			for _, digit := range value {
				n = 10*n + int(digit-'0')
			}
			values[name] = n
		}
		count := values["h_count"]
		if count%8 != 0 || values["h_sum"] != count || 2*values[`h_bucket{le="1"}`] != count {
			t.Fatalf("the page is torn: %v", values)
		}
	}
}

type phase uint8

const (
	starting phase = iota
	running
	stopping
	phases
)

func (p phase) String() string {
	return [...]string{"starting", "running", "stopping", "?"}[min(p, phases)]
}

func TestEnumerate(t *testing.T) {
	type labels struct {
		Phase phase `label:"phase"`
		On    uint8 `label:"on"`
	}
	reg := cresset.NewRegistry()
	vec := cresset.NewCounterVec[labels](reg, "c", "")
	counters := cresset.Enumerate(phases, func(p phase) cresset.Enum[uint8, cresset.Counter] {
		return cresset.Enumerate(2, func(on uint8) cresset.Counter { return vec.With(labels{p, on}) })
	})
	if got := len(keys(vec)); got != 6 {
		t.Errorf("there are %d series, want 6", got)
	}
	counters.At(running).At(1).Inc()
	counters.At(running).At(1).Inc()
	counters.At(stopping).At(7).Inc() // not enumerated
	wantPage(t, reg, `c{on="0",phase="running"} 0
c{on="0",phase="starting"} 0
c{on="0",phase="stopping"} 0
c{on="1",phase="running"} 2
c{on="1",phase="starting"} 0
c{on="1",phase="stopping"} 0
c{on="7",phase="stopping"} 1
`)
}

func TestEnumerationsOfNegatives(t *testing.T) {
	e := cresset.Enumerate(2, func(i int) int { return 10 * i })
	if got := e.At(-3); got != -30 {
		t.Errorf("got %d, want what the function returns", got)
	}
	if got := cresset.Enumerate(-1, func(int8) int { return 7 }).At(0); got != 7 {
		t.Errorf("got %d, want what the function returns", got)
	}
}

type traceKey struct{}

func traced(id string) context.Context {
	return context.WithValue(context.Background(), traceKey{}, id)
}

func traceOf(ctx context.Context) []cresset.Label {
	if id, ok := ctx.Value(traceKey{}).(string); ok {
		return []cresset.Label{{Name: "trace_id", Value: id}}
	}
	return nil
}

// exemplars returns the exemplars of a page, one for each series that has one.
func exemplars(t *testing.T, reg *cresset.Registry) string {
	t.Helper()
	page, err := reg.Page()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	out := exposition.NewOpenMetrics(&text, exposition.AllowUTF8, false)
	page.Write(out)
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	var found []string
	for line := range strings.Lines(text.String()) {
		if series, exemplar, ok := strings.Cut(line, " # "); ok && !strings.HasPrefix(line, "#") {
			labels, _, _ := strings.Cut(exemplar, "} ")
			found = append(found, series+" "+labels+"}")
		}
	}
	return strings.Join(found, "\n")
}

func TestExemplars(t *testing.T) {
	const ttl = time.Hour
	for _, tt := range []struct {
		name        string
		ttl         cresset.SeriesOption
		exemplars   cresset.ExemplarOption
		want, want2 string
	}{
		{"none", cresset.TTL(0), cresset.ExemplarOption{}, "", ""},
		{"lasting", cresset.TTL(0), cresset.Exemplars(traceOf, nil), `c_total 3.0 {trace_id="b"}`, `h_bucket{le="1.0"} 2 {trace_id="a"}`},
		{"expiring", cresset.TTL(ttl), cresset.Exemplars(traceOf, nil), `c_total 3.0 {trace_id="b"}`, `h_bucket{le="1.0"} 2 {trace_id="a"}`},
		{"never", cresset.TTL(0), cresset.Exemplars(traceOf, func() bool { return false }), "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				counted, observed := cresset.NewRegistry(quiet()), cresset.NewRegistry()
				c := cresset.NewCounter(counted, "c_total", "", tt.ttl, tt.exemplars)
				h := cresset.NewHistogram(observed, "h", "", cresset.Buckets(1), tt.ttl, tt.exemplars)
				c.IncContext(traced("a"))
				c.AddContext(traced("b"), 2)
				c.AddContext(traced("c"), -1)
				c.AddContext(context.Background(), 0)
				h.ObserveContext(traced("a"), 0.5)
				h.ObserveContext(context.Background(), 0.5)
				if got := exemplars(t, counted); got != tt.want {
					t.Errorf("exemplars of the counter are %q, want %q", got, tt.want)
				}
				if got := exemplars(t, observed); got != tt.want2 {
					t.Errorf("exemplars of the histogram are %q, want %q", got, tt.want2)
				}
				h.Start().ObserveContext(traced("d"))
				if got, want := exemplars(t, observed), strings.NewReplacer("} 2", "} 3", `"a"`, `"d"`).Replace(tt.want2); got != want {
					t.Errorf("exemplars of the histogram are %q, want %q", got, want)
				}
			})
		})
	}
}

func TestWhatIsNoExemplar(t *testing.T) {
	for name, labels := range map[string][]cresset.Label{
		"no name":    {{"", "x"}},
		"reserved":   {{"__x", "x"}},
		"no text":    {{"x", "\xff"}},
		"twice":      {{"x", "1"}, {"y", "2"}, {"x", "3"}},
		"129 runes":  {{"x", strings.Repeat("ö", 128)}},
		"long names": {{strings.Repeat("n", 100), strings.Repeat("v", 29)}},
	} {
		reg := cresset.NewRegistry(quiet())
		c := cresset.NewCounter(reg, "c_total", "", cresset.Exemplars(func(context.Context) []cresset.Label { return labels }, nil))
		c.IncContext(context.Background())
		if got := exemplars(t, reg); got != "" {
			t.Errorf("%s: the exemplar is %q", name, got)
		}
		wantPage(t, reg, "c_total 1\ncresset_misuse_total{metric=\"c_total\",reason=\"invalid_exemplar\"} 1\n")
	}
	reg := cresset.NewRegistry()
	fits := []cresset.Label{{"y", strings.Repeat("ö", 126)}, {"x", ""}}
	c := cresset.NewCounter(reg, "c_total", "", cresset.Exemplars(func(context.Context) []cresset.Label { return fits }, nil))
	c.IncContext(context.Background())
	if got, want := exemplars(t, reg), `c_total 1.0 {x="",y="`+fits[0].Value+`"}`; got != want {
		t.Errorf("the exemplar is %q, want %q", got, want)
	}
}

func TestSamplers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all, some, rare := cresset.OneIn(1), cresset.OneIn(10), cresset.AtMostEvery(time.Second)
		once := cresset.AtMostEvery(math.MaxInt64)
		chosen := [4]int{}
		for range 10_000 {
			for i, sampler := range []cresset.Sampler{all, some, rare, once} {
				if sampler() {
					chosen[i]++
				}
			}
			time.Sleep(10 * time.Millisecond)
		}
		if chosen[0] != 10_000 {
			t.Errorf("one in one chose %d", chosen[0])
		}
		if chosen[1] < 700 || chosen[1] > 1300 { // ten standard deviations
			t.Errorf("one in ten chose %d", chosen[1])
		}
		if chosen[2] != 100 {
			t.Errorf("one a second chose %d", chosen[2])
		}
		if chosen[3] != 1 {
			t.Errorf("one for ever chose %d", chosen[3])
		}
	})
}

func TestUpdatesAllocateNothing(t *testing.T) {
	type long struct {
		Path  string `label:"path"`
		Phase phase  `label:"phase"`
	}
	reg := cresset.NewRegistry()
	calls := cresset.NewCounterVec[call](reg, "calls_total", "")
	expiring := cresset.NewGaugeVec[long](reg, "expiring", "", cresset.TTL(time.Hour))
	h := cresset.NewHistogram(reg, "h", "", cresset.Exemplars(traceOf, cresset.AtMostEvery(time.Hour)))
	s := cresset.NewSummary(reg, "s", "")
	counters := cresset.Enumerate(phases, func(p phase) cresset.Counter { return calls.With(call{"x", int(p)}) })
	local := h.Local()
	ctx := traced("x")
	path := strings.Repeat("/path", 10)
	for name, update := range map[string]func(){
		"With":           func() { calls.With(call{"GET", 200}).Inc() },
		"With, expiring": func() { expiring.With(long{path, running}).Inc() },
		"Timer":          func() { defer h.Start().Observe() },
		"Timer, held": func() {
			timer := s.Start()
			defer timer.Observe()
			timer.Discard()
		},
		"ObserveContext": func() { h.ObserveContext(ctx, 1) },
		"Enum":           func() { counters.At(running).Inc() },
		"Local":          func() { local.Observe(1); local.Flush() },
	} {
		update()
		if n := testing.AllocsPerRun(100, update); n != 0 {
			t.Errorf("%s makes %v allocations", name, n)
		}
	}
}
