package cressettest_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/cressettest"
	"github.com/cresset-metrics/cresset/prometheus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder is a test that keeps what it fails with.
type recorder struct {
	testing.TB
	failures []string
	ended    bool
}

func (r *recorder) Helper()           {}
func (r *recorder) Error(args ...any) { r.failures = append(r.failures, fmt.Sprint(args...)) }
func (r *recorder) Errorf(f string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(f, args...))
}
func (r *recorder) Fatal(args ...any)            { r.Error(args...); r.end() }
func (r *recorder) Fatalf(f string, args ...any) { r.Errorf(f, args...); r.end() }
func (r *recorder) end()                         { r.ended = true; runtime.Goexit() }

// failing runs a test and returns what it fails with, and whether that ended it.
func failing(test func(testing.TB)) (failure string, ended bool) {
	r := &recorder{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(r)
	}()
	<-done
	return strings.Join(r.failures, "\n"), r.ended
}

func wantFailure(t *testing.T, want string, ended bool, test func(testing.TB)) {
	t.Helper()
	got, gotEnded := failing(test)
	if got != want || gotEnded != ended {
		t.Errorf("got failure, ended: %t\n%s\nwant, ended: %t\n%s", gotEnded, got, ended, want)
	}
}

// library is a registry with metrics of all kinds.
func library() *cresset.Registry {
	reg := prometheus.NewRegistry()
	books := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "shelf_books", Help: "Books on the shelf."}, []string{"author", "room"})
	books.WithLabelValues("Woolf", "a \"b\"\n").Set(3)
	books.WithLabelValues("Sebald", "b").Set(4)
	lent := prometheus.NewCounter(prometheus.CounterOpts{Name: "lent_total", Help: "Books lent."})
	lent.Add(2.5)
	days := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "lent_days", Help: "For how long.", Buckets: []float64{7, 30.5}})
	days.Observe(3)
	days.Observe(100)
	pages := prometheus.NewSummary(prometheus.SummaryOpts{Name: "pages", Help: "Length.", Objectives: map[float64]float64{0.5: 0.1}})
	pages.Observe(200)
	own := prometheus.NewGauge(prometheus.GaugeOpts{Name: "cresset_something", Help: "Of the registry itself."})
	reg.MustRegister(books, lent, days, pages, own)
	return reg.Native()
}

const page = `
	# HELP lent_days For how long.
	# TYPE lent_days histogram
	lent_days_bucket{le="7"} 1
	lent_days_bucket{le="30.5"} 1
	lent_days_bucket{le="+Inf"} 2
	lent_days_sum 103
	lent_days_count 2
	# HELP lent_total Books lent.
	# TYPE lent_total counter
	lent_total 2.5

	# HELP pages Length.
	# TYPE pages summary
	pages{quantile="0.5"} 200
	pages_sum 200
	pages_count 1
	# HELP shelf_books Books on the shelf.
	# TYPE shelf_books gauge
	shelf_books{author="Sebald",room="b"} 4
	shelf_books{author="Woolf",room="a \"b\"\n"} 3
`

func TestCompare(t *testing.T) {
	reg := library()
	cressettest.Compare(t, reg, page)
	cressettest.Compare(t, reg, "lent_total 2.5", "lent_total")
	cressettest.Compare(t, reg, "# HELP lent_total Books lent.\n# TYPE lent_total counter\nlent_total 2.5  \n", "lent_total", "nothing")
	cressettest.Compare(t, reg, "cresset_something 0\n", "cresset_something")
	cressettest.Compare(t, reg, "", "nothing")
	const introduction = "the registry exposes something else (- is exposed, + is wanted):\n"
	wantFailure(t, introduction+"-lent_total 2.5\n+lent_total 3\n", false, func(t testing.TB) {
		cressettest.Compare(t, reg, "lent_total 3", "lent_total")
	})
	wantFailure(t, introduction+"+lent_total 3\n", false, func(t testing.TB) {
		cressettest.Compare(t, reg, "lent_total 3", "lent_totals")
	})
	wantFailure(t, introduction+` ...
 # HELP lent_total Books lent.
 # TYPE lent_total counter
-lent_total 2.5
+lent_total 2.25
 # HELP pages Length.
 # TYPE pages summary
 ...
 shelf_books{author="Sebald",room="b"} 4
 shelf_books{author="Woolf",room="a \"b\"\n"} 3
+shelf_books{author="Zweig",room="b"} 4
`, false, func(t testing.TB) {
		cressettest.Compare(t, reg, strings.Replace(page, "2.5", "2.25", 1)+`shelf_books{author="Zweig",room="b"} 4`)
	})
}

func TestGolden(t *testing.T) {
	reg := library()
	file := filepath.Join(t.TempDir(), "testdata", "library.prom")
	rewriting := flag.Lookup("cressettest.rewrite").Value
	defer rewriting.Set(rewriting.String())
	if err := rewriting.Set("false"); err != nil {
		t.Fatal(err)
	}
	wantFailure(t, "open "+file+": no such file or directory: run the test with -cressettest.rewrite to have it written", false,
		func(t testing.TB) { cressettest.Golden(t, reg, file) })
	if err := rewriting.Set("true"); err != nil {
		t.Fatal(err)
	}
	cressettest.Golden(t, reg, file)
	if err := rewriting.Set("false"); err != nil {
		t.Fatal(err)
	}
	cressettest.Golden(t, reg, file)
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(written), strings.ReplaceAll(strings.ReplaceAll(page, "\t", ""), "\n\n", "\n")[1:]; got != want {
		t.Errorf("got file\n%s\nwant\n%s", got, want)
	}
	wantFailure(t, "the registry exposes something else than "+file+" (- is exposed, + is in the file; -cressettest.rewrite writes it):\n"+
		"+# HELP lent_days For how long.\n+# TYPE lent_days histogram\n", false, func(t testing.TB) {
		if err := os.WriteFile(file, written[:strings.Index(string(written), "lent_days_bucket")], 0o644); err != nil {
			t.Fatal(err)
		}
		cressettest.Golden(t, cresset.NewRegistry(), file)
	})
}

func TestValue(t *testing.T) {
	reg := library()
	tests := []struct {
		name   string
		labels []string
		want   float64
	}{
		{"lent_total", nil, 2.5},
		{"shelf_books", []string{"author", "Woolf", "room", "a \"b\"\n"}, 3},
		{"shelf_books", []string{"room", "b", "author", "Sebald"}, 4},
		{"lent_days_bucket", []string{"le", "7"}, 1},
		{"lent_days_bucket", []string{"le", "30.5"}, 1},
		{"lent_days_bucket", []string{"le", "+Inf"}, 2},
		{"lent_days_sum", nil, 103},
		{"lent_days_count", nil, 2},
		{"pages", []string{"quantile", "0.5"}, 200},
		{"pages_count", nil, 1},
		{"cresset_something", nil, 0},
	}
	for _, test := range tests {
		if got := cressettest.Value(t, reg, test.name, test.labels...); got != test.want {
			t.Errorf("%s %q: got %v, want %v", test.name, test.labels, got, test.want)
		}
		wantAbsence := fmt.Sprintf(", with value %v, which should be absent", test.want)
		if got, _ := failing(func(t testing.TB) { cressettest.Absent(t, reg, test.name, test.labels...) }); !strings.HasSuffix(got, wantAbsence) {
			t.Errorf("%s %q: Absent fails with %q", test.name, test.labels, got)
		}
	}
	cressettest.Absent(t, reg, "lent_days")
	cressettest.Absent(t, reg, "shelf_books", "author", "Woolf")
	cressettest.Absent(t, reg, "shelf_books", "author", "Woolf", "room", "b")
	wantFailure(t, `there is no shelf_books{author="Woolf",room="b"}; of that name there is
	shelf_books{author="Sebald",room="b"} 4
	shelf_books{author="Woolf",room="a \"b\"\n"} 3`, true, func(t testing.TB) { cressettest.Value(t, reg, "shelf_books", "room", "b", "author", "Woolf") })
	wantFailure(t, "there is no lent; of that name there is nothing", true, func(t testing.TB) { cressettest.Value(t, reg, "lent") })
	wantFailure(t, `labels are given as pairs of names and values, not as ["le"]`, true, func(t testing.TB) { cressettest.Absent(t, reg, "lent", "le") })
	wantFailure(t, `label "le" is given twice`, true, func(t testing.TB) { cressettest.Value(t, reg, "lent", "le", "1", "le", "2") })
}

func TestCardinality(t *testing.T) {
	reg := library()
	for want, names := range map[int][]string{5: nil, 2: {"shelf_books"}, 3: {"shelf_books", "lent_days", "nothing"}, 0: {"nothing"}} {
		if got := cressettest.Count(t, reg, names...); got != want {
			t.Errorf("%q: got %d series, want %d", names, got, want)
		}
		cressettest.AtMost(t, reg, want, names...)
	}
	wantFailure(t, `the registry exposes 5 series, which should be 4 at most:
	shelf_books: 2 series (author has 2 values, room has 2 values)
	lent_days: 1 series
	lent_total: 1 series
	pages: 1 series`, false, func(t testing.TB) { cressettest.AtMost(t, reg, 4) })
	wide := prometheus.NewRegistry()
	for i := range 22 {
		vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: fmt.Sprintf("g%02d", i)}, []string{"i"})
		wide.MustRegister(vec)
		for j := range 25 {
			vec.WithLabelValues(fmt.Sprint(j % (i + 1)))
		}
	}
	got, _ := failing(func(t testing.TB) { cressettest.AtMost(t, wide.Native(), 0) })
	if !strings.HasPrefix(got, "the registry exposes 253 series, which should be 0 at most:\n\tg21: 22 series (i has 22 values)\n") ||
		!strings.HasSuffix(got, "\n\t... and 2 families more") {
		t.Errorf("got %s", got)
	}
	got, _ = failing(func(t testing.TB) { cressettest.Value(t, wide.Native(), "g21") })
	if !strings.HasSuffix(got, "\n\t... and 2 more") {
		t.Errorf("got %s", got)
	}
}

// Expiry is told the time by a bubble.
func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		steps := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "step_seconds", TTL: 10 * time.Minute}, []string{"step"})
		reg.MustRegister(steps)
		steps.WithLabelValues("clone").Set(3)
		time.Sleep(9 * time.Minute)
		steps.WithLabelValues("build").Set(40)
		cressettest.Value(t, reg.Native(), "step_seconds", "step", "clone")
		time.Sleep(time.Minute)
		synctest.Wait()
		cressettest.Absent(t, reg.Native(), "step_seconds", "step", "clone")
		cressettest.Value(t, reg.Native(), "step_seconds", "step", "build")
	})
}
