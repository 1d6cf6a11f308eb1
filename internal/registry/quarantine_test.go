package registry_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
)

// collector is a source that runs a function, and has a name.
type collector struct {
	name     string
	isFamily bool
	collect  func(*registry.Batch)
}

func (c *collector) Collect(b *registry.Batch) { c.collect(b) }
func (c *collector) Name() (string, bool)      { return c.name, c.isFamily }

// adding returns a collector of one run.
func adding(name string, run registry.Run) *collector {
	return &collector{name: name, collect: func(b *registry.Batch) { b.Add(run) }}
}

// gate is a collector that hangs when it is told to, until it is told to go on.
type gate struct {
	collector
	hang   atomic.Bool
	goOn   chan struct{}
	asked  atomic.Int64 // how often
	inside atomic.Int64 // now
	most   atomic.Int64 // at a time
}

func newGate(name string, run registry.Run) *gate {
	g := &gate{goOn: make(chan struct{})}
	g.collector = collector{name: name, collect: func(b *registry.Batch) {
		g.asked.Add(1)
		g.most.Store(max(g.most.Load(), g.inside.Add(1)))
		defer g.inside.Add(-1)
		if g.hang.Load() {
			<-g.goOn
		}
		b.Add(run)
	}}
	return g
}

// journal is a Report that keeps what it is told.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) report(e registry.Event) {
	line := fmt.Sprintf("%s%s %s", e.Collector, e.Family, e.Reason)
	switch {
	case e.Over:
		line += " over"
	case e.Series > 0:
		line += fmt.Sprintf(" %d: %v", e.Series, e.Err())
	default:
		line += fmt.Sprintf(": %v", e.Err())
	}
	line, _, _ = strings.Cut(line, "\n") // a stack
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

// read returns what was reported since the last time.
func (j *journal) read() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := j.lines
	j.lines = nil
	return lines
}

func (j *journal) expect(t *testing.T, want ...string) {
	t.Helper()
	if got := j.read(); !slices.Equal(got, want) {
		t.Errorf("reported:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// quarantined returns a registry in quarantine.
func quarantined(q *registry.Quarantine) (*registry.Registry, *journal) {
	j := &journal{}
	q.Report = j.report
	return &registry.Registry{Quarantine: q}, j
}

// lines returns the samples of a page, without those about collectors that are as
// they should be.
func lines(t *testing.T, p *registry.Page) string {
	t.Helper()
	var kept []string
	for line := range strings.Lines(text(t, p)) {
		switch {
		case strings.HasPrefix(line, "#"),
			strings.HasPrefix(line, "cresset_collector_success{") && strings.HasSuffix(line, " 1\n"),
			strings.HasPrefix(line, "cresset_collector_duration_seconds{"):
		default:
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func TestQuarantineLeavesOut(t *testing.T) {
	a, b := describe("a", "l"), describe("b")
	otherHelp := registry.NewDesc("a", "other", "", []string{"l"}, nil)
	refusing := func(errs ...error) *collector {
		return &collector{name: "*x.Bad", collect: func(batch *registry.Batch) {
			batch.Add(values(a, 1, "x").run(a))
			for _, err := range errs {
				batch.Fail(err)
			}
		}}
	}
	with := func(collect func(*registry.Batch)) *collector { return &collector{name: "*x.Bad", collect: collect} }
	good := adding("*x.Good", values(b, 7).run(b))
	tests := []struct {
		name     string
		source   registry.Source
		want     string
		reported string
	}{
		{"nothing", adding("*x.Fine", values(a, 1, "x").run(a)), "a{l=\"x\"} 1\nb 7\n", ""},
		{
			"an invalid series", refusing(registry.Because(registry.Invalid, "a", errors.New("it is odd"))),
			"a{l=\"x\"} 1\nb 7\ncresset_collector_success{collector=\"*x.Bad\"} 0\ncresset_quarantined_series_total{family=\"a\",reason=\"invalid\"} 1\n",
			"a invalid 1: it is odd",
		},
		{
			"something invalid of no family", refusing(registry.Because(registry.Invalid, "", errors.New("it is nothing"))),
			"a{l=\"x\"} 1\nb 7\ncresset_collector_failures_total{collector=\"*x.Bad\",reason=\"invalid\"} 1\ncresset_collector_success{collector=\"*x.Bad\"} 0\n",
			"*x.Bad invalid: it is nothing",
		},
		{
			"a name that is not UTF-8", refusing(registry.Because(registry.Invalid, "a\xff", errors.New("it is odd"))),
			"a{l=\"x\"} 1\nb 7\ncresset_collector_success{collector=\"*x.Bad\"} 0\ncresset_quarantined_series_total{family=\"a\uFFFD\",reason=\"invalid\"} 1\n",
			"a\uFFFD invalid 1: it is odd",
		},
		{
			"series that fail", refusing(registry.Because(registry.Failed, "c", errors.New("no disk")), registry.Because(registry.Failed, "c", errors.New("no net"))),
			"a{l=\"x\"} 1\nb 7\ncresset_collector_success{collector=\"*x.Bad\"} 0\ncresset_quarantined_series_total{family=\"c\",reason=\"error\"} 2\n",
			"c error 2: no disk",
		},
		{
			"a collector that fails", refusing(errors.New("no disk")),
			"a{l=\"x\"} 1\nb 7\ncresset_collector_failures_total{collector=\"*x.Bad\",reason=\"error\"} 1\ncresset_collector_success{collector=\"*x.Bad\"} 0\n",
			"*x.Bad error: no disk",
		},
		{
			"a panic", with(func(batch *registry.Batch) { batch.Add(values(a, 1, "x").run(a)); panic("oh") }),
			"a{l=\"x\"} 1\nb 7\ncresset_collector_failures_total{collector=\"*x.Bad\",reason=\"panic\"} 1\ncresset_collector_success{collector=\"*x.Bad\"} 0\n",
			"*x.Bad panic: *x.Bad panicked: oh",
		},
		{
			"an exit", with(func(*registry.Batch) { runtime.Goexit() }),
			"b 7\ncresset_collector_failures_total{collector=\"*x.Bad\",reason=\"error\"} 1\ncresset_collector_success{collector=\"*x.Bad\"} 0\n",
			"*x.Bad error: *x.Bad: runtime.Goexit was called where the function should return",
		},
		{
			"a function that panics", &collector{name: "c", isFamily: true, collect: func(*registry.Batch) { panic("oh") }},
			"b 7\ncresset_quarantined_series_total{family=\"c\",reason=\"panic\"} 1\n",
			"c panic 1: c panicked: oh",
		},
		{
			"a collector that hangs", with(func(*registry.Batch) { time.Sleep(time.Hour) }),
			"b 7\ncresset_collector_failures_total{collector=\"*x.Bad\",reason=\"timeout\"} 1\ncresset_collector_success{collector=\"*x.Bad\"} 0\n",
			"*x.Bad timeout: has not come back after 1m0s, and is not asked again until it has",
		},
		{
			"a function that hangs", &collector{name: "c", isFamily: true, collect: func(*registry.Batch) { time.Sleep(time.Hour) }},
			"b 7\ncresset_quarantined_series_total{family=\"c\",reason=\"timeout\"} 1\n",
			"c timeout 1: has not come back after 1m0s, and is not asked again until it has",
		},
		{
			"duplicates", adding("*x.Fine", append(values(a, 1, "x"), values(a, 2, "x", "y", "x")...).run(a)),
			"a{l=\"x\"} 1\na{l=\"y\"} 2\nb 7\ncresset_quarantined_series_total{family=\"a\",reason=\"duplicate\"} 2\n",
			`a duplicate 2: collected metric "a" { <l="x">} was collected before with the same name and label values`,
		},
		{
			"another help", with(func(batch *registry.Batch) {
				batch.Add(values(a, 1, "x").run(a))
				batch.Add(values(otherHelp, 2, "y", "z").run(otherHelp))
			}),
			"a{l=\"x\"} 1\nb 7\ncresset_quarantined_series_total{family=\"a\",reason=\"conflict\"} 2\n",
			`a conflict 2: collected metric a <l="y"> has help "other" but should have "help"`,
		},
		{
			"another type", with(func(batch *registry.Batch) {
				batch.Add(values(a, 1, "x").run(a))
				batch.Add(registry.Run{Desc: a, Type: exposition.Counter, Rows: values(a, 2, "y")})
			}),
			"a{l=\"x\"} 1\nb 7\ncresset_quarantined_series_total{family=\"a\",reason=\"conflict\"} 1\n",
			`a conflict 1: collected metric a <l="y"> should be a Gauge`,
		},
		{
			"a name that collides", with(func(batch *registry.Batch) {
				count, summary := describe("s_count"), describe("s")
				batch.Add(registry.Run{Desc: summary, Type: exposition.Summary, Rows: values(summary, 0)})
				batch.Add(registry.Run{Desc: count, Type: exposition.Counter, Rows: values(count, 2)})
			}),
			"b 7\ncresset_quarantined_series_total{family=\"s_count\",reason=\"conflict\"} 1\ns_sum 0\ns_count 0\n",
			`s_count conflict 1: collected metric named "s_count" collides with previously collected summary named "s"`,
		},
		{
			"a name of the quarantine's own", adding("*x.Fine", values(describe("cresset_collector_success"), 9).run(describe("cresset_collector_success"))),
			"b 7\ncresset_quarantined_series_total{family=\"cresset_collector_success\",reason=\"conflict\"} 1\n",
			`cresset_collector_success conflict 1: collected metric named "cresset_collector_success": a registry in quarantine has that name for a metric of its own`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, log := quarantined(&registry.Quarantine{})
				mustRegister(t, r, test.source)
				mustRegister(t, r, good)
				page, errs := r.Gather(explain)
				if got := lines(t, page); got != test.want || errs != nil {
					t.Errorf("got:\n%s\nand errors %v; want:\n%s", got, errs, test.want)
				}
				var want []string
				if test.reported != "" {
					want = []string{test.reported}
				}
				log.expect(t, want...)
				time.Sleep(2 * time.Minute)
				for range 3 { // what is known is not reported again
					r.Gather(explain)
				}
				log.expect(t)
				time.Sleep(time.Hour)
			})
		})
	}
}

func TestQuarantineChecksAsAPedanticRegistryDoes(t *testing.T) {
	a, b := describe("a", "l"), describe("b")
	r, log := quarantined(&registry.Quarantine{})
	r.Pedantic = true
	mustRegister(t, r, &collector{name: "*x.Bad", collect: func(batch *registry.Batch) {
		if !batch.Pedantic() {
			t.Error("the batch is not pedantic")
		}
		batch.Add(values(a, 1, "x").run(a))
		batch.Add(values(b, 2).run(b))
	}}, b)
	page, _ := r.Gather(explain)
	if got, want := lines(t, page), "b 2\ncresset_quarantined_series_total{family=\"a\",reason=\"invalid\"} 1\n"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	log.expect(t, "a invalid 1: collected metric a <l=\"x\"> with unregistered descriptor "+a.String())
}

// own returns the families that a quarantine adds, with their types.
func TestQuarantineDescribesItsMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := quarantined(&registry.Quarantine{ServeLast: time.Minute})
		a := describe("a", "l")
		mustRegister(t, r, &collector{name: "*x.Slow", collect: func(b *registry.Batch) { time.Sleep(2 * time.Second); panic("oh") }})
		mustRegister(t, r, adding("*x.Fine", values(a, 1, "x", "x").run(a)))
		page, _ := r.Gather(explain)
		var out bytes.Buffer
		e := exposition.NewOpenMetrics(&out, exposition.AllowUTF8, true)
		page.Write(e)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		const want = `# HELP a help
# TYPE a gauge
a{l="x"} 1.0
# HELP cresset_collector_duration_seconds How long the collector took for this page, or has taken so far if it has not come back.
# TYPE cresset_collector_duration_seconds gauge
cresset_collector_duration_seconds{collector="*x.Fine"} 0.0
cresset_collector_duration_seconds{collector="*x.Slow"} 2.0
# HELP cresset_collector_failures How often a collector was left out of a page, wholly or in part, because it failed.
# TYPE cresset_collector_failures counter
cresset_collector_failures_total{collector="*x.Slow",reason="panic"} 1.0
cresset_collector_failures_created{collector="*x.Slow",reason="panic"} 9.466848e+08
# HELP cresset_collector_result_age_seconds How old what this page has of the collector is: 0 if new, more if its last good result stands in.
# TYPE cresset_collector_result_age_seconds gauge
cresset_collector_result_age_seconds{collector="*x.Fine"} 0.0
cresset_collector_result_age_seconds{collector="*x.Slow"} 0.0
# HELP cresset_collector_success 1 if the collector came back in time for this page and reported nothing wrong, 0 otherwise.
# TYPE cresset_collector_success gauge
cresset_collector_success{collector="*x.Fine"} 1.0
cresset_collector_success{collector="*x.Slow"} 0.0
# HELP cresset_quarantined_series Series that were left out of a page, by their family and the reason.
# TYPE cresset_quarantined_series counter
cresset_quarantined_series_total{family="a",reason="duplicate"} 1.0
cresset_quarantined_series_created{family="a",reason="duplicate"} 9.466848e+08
# EOF
`
		if got := out.String(); got != want {
			t.Errorf("got:\n%s\nwant:\n%s", got, want)
		}
	})
}

// A strict registry that nothing is wrong with and one in quarantine have the same
// page, if no collector of a name is there.
func TestQuarantineAddsNothingToAPageWithoutCollectors(t *testing.T) {
	a := describe("a", "l")
	r, _ := quarantined(&registry.Quarantine{})
	mustRegister(t, r, quickSource{values(a, 1, "x").ordered(a)})
	mustRegister(t, r, &collector{name: "b", isFamily: true, collect: func(b *registry.Batch) { b.Add(values(describe("b"), 2).run(describe("b"))) }})
	page, _ := r.Gather(explain)
	if got, want := text(t, page), "# TYPE a gauge\na{l=\"x\"} 1\n# TYPE b gauge\nb 2\n"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestLogTo(t *testing.T) {
	var out bytes.Buffer
	log := registry.LogTo(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})))
	odd := func() error { return errors.New("it is odd") }
	log(registry.Event{Family: "a", Reason: registry.Invalid, Series: 3, Err: odd})
	log(registry.Event{Collector: "*x.Bad", Reason: registry.Panic, Err: odd})
	log(registry.Event{Collector: "*x.Bad", Reason: registry.Panic, Over: true})
	log(registry.Event{Family: "a", Reason: registry.Invalid, Over: true})
	const want = `level=WARN msg="left out of the metrics" family=a reason=invalid series=3 error="it is odd"
level=WARN msg="left out of the metrics" collector=*x.Bad reason=panic error="it is odd"
level=INFO msg="no longer left out of the metrics" collector=*x.Bad reason=panic
level=INFO msg="no longer left out of the metrics" family=a reason=invalid
`
	if got := out.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}

	before := slog.Default()
	defer slog.SetDefault(before)
	byDefault := registry.LogTo(nil)
	out.Reset()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	byDefault(registry.Event{Family: "a", Reason: registry.Invalid, Series: 3, Err: odd})
	if !strings.Contains(out.String(), "family=a") {
		t.Errorf("the default logger was told %q", out.String())
	}
}
