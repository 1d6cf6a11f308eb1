package cresset_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/internal/exposition"
)

// withDuplicate returns a family that has one series twice.
func withDuplicate() *source {
	one := exposition.Series{Labels: labels("x", "1"), Value: 1}
	s := newSource("twice", exposition.Gauge, one, one, exposition.Series{Labels: labels("x", "2"), Value: 2})
	s.unordered = true
	return s
}

func TestWhatIsWrongCostsItsOwnLines(t *testing.T) {
	var log bytes.Buffer
	reg := cresset.NewRegistry(cresset.Log(slog.New(slog.NewTextHandler(&log, nil))))
	register(t, reg, gauge("good", 3), withDuplicate())
	const want = "# HELP cresset_quarantined_series_total Series that were left out of a page, by their family and the reason.\n" +
		"# TYPE cresset_quarantined_series_total counter\n" +
		"cresset_quarantined_series_total{family=\"twice\",reason=\"duplicate\"} COUNT\n" +
		"# HELP good Help.\n# TYPE good gauge\ngood 3\n" +
		"# HELP twice Help.\n# TYPE twice gauge\ntwice{x=\"1\"} 1\ntwice{x=\"2\"} 2\n"
	for _, count := range []string{"1", "2", "3"} {
		wantAnswer(t, ask(reg.Handler(), "GET", "/metrics"), 200, textType, strings.Replace(want, "COUNT", count, 1))
	}
	if got := log.String(); strings.Count(got, "\n") != 1 ||
		!strings.Contains(got, `msg="left out of the metrics" family=twice reason=duplicate series=1 error="collected metric \"twice\" { x=\"1\"} was collected before`) {
		t.Errorf("got log\n%s", got)
	}
}

func TestStrictRegistryServesAllOrNothing(t *testing.T) {
	const want = `collected metric "twice" { x="1"} was collected before with the same name and label values`
	reg := cresset.NewRegistry(cresset.Strict())
	register(t, reg, gauge("good", 3))
	wantAnswer(t, ask(reg.Handler(), "GET", "/metrics"), 200, textType, "# HELP good Help.\n# TYPE good gauge\ngood 3\n")
	file := filepath.Join(t.TempDir(), "strict.prom")
	if err := os.WriteFile(file, []byte("old 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	scope := reg.Scope()
	register(t, scope, withDuplicate())

	var log bytes.Buffer
	h := reg.Handler(cresset.ErrorLog(slog.New(slog.NewTextHandler(&log, nil))))
	wantAnswer(t, ask(h, "GET", "/metrics", "Accept-Encoding", "gzip"), 500, "text/plain; charset=utf-8",
		"An error has occurred while serving metrics:\n\n"+want+"\n")
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `msg="metrics could not be gathered"`) {
		t.Errorf("got log\n%s", got)
	}
	wantError(t, "WriteText", reg.WriteText(&log), want)
	wantError(t, "WriteTextfile", reg.WriteTextfile(file), want)
	if content, err := os.ReadFile(file); err != nil || string(content) != "old 1\n" {
		t.Errorf("after an error the file has %q, %v", content, err)
	}
	pusher := cresset.Pusher{URL: "http://never.asked", Job: "backup"}
	wantError(t, "Push", pusher.Push(t.Context(), reg), want)
	scope.Unregister()
	wantAnswer(t, ask(h, "HEAD", "/metrics"), 200, textType, "")
}

// slow registers a gauge whose source hangs until the channel is closed, and which
// the registry does not take for quick.
func slow(t *testing.T, reg *cresset.Registry) (release chan struct{}) {
	t.Helper()
	s := gauge("slow", 1)
	s.began, s.wait = make(chan struct{}, 100), make(chan struct{})
	if err := reg.Register(s.desc, s); err != nil {
		t.Fatal(err)
	}
	return s.wait
}

// Time is told by the bubble.
func TestDeadlines(t *testing.T) {
	const scrapeTimeout = "X-Prometheus-Scrape-Timeout-Seconds"
	tests := []struct {
		name    string
		opts    []cresset.RegistryOption
		headers []string
		want    time.Duration
	}{
		{"the scraper's, half a second before it ends", nil, []string{scrapeTimeout, "10"}, 9500 * time.Millisecond},
		{"nobody's", nil, nil, time.Minute},
		{"one that makes no sense", nil, []string{scrapeTimeout, "soon"}, time.Minute},
		{"the registry's", []cresset.RegistryOption{cresset.CollectTimeout(3 * time.Second)}, []string{scrapeTimeout, "10"}, 3 * time.Second},
		{"the scraper's again", []cresset.RegistryOption{cresset.CollectTimeout(30 * time.Second)}, []string{scrapeTimeout, "1"}, 750 * time.Millisecond},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reg := cresset.NewRegistry(append(test.opts, cresset.Log(slog.New(slog.DiscardHandler)))...)
				release := slow(t, reg)
				register(t, reg, gauge("good", 3))
				began := time.Now()
				page := ask(reg.Handler(), "GET", "/metrics", test.headers...).Body.String()
				if took := time.Since(began); took != test.want {
					t.Errorf("the page took %v, want %v", took, test.want)
				}
				if !strings.Contains(page, "\ngood 3\n") || strings.Contains(page, "slow 1\n") ||
					!strings.Contains(page, `cresset_quarantined_series_total{family="slow",reason="timeout"} 1`) {
					t.Errorf("got\n%s", page)
				}
				close(release)
				synctest.Wait()
				if page := ask(reg.Handler(), "GET", "/metrics", test.headers...).Body.String(); !strings.Contains(page, "\nslow 1\n") {
					t.Errorf("afterwards: got\n%s", page)
				}
			})
		})
	}
}

func TestPushGathersBeforeTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := cresset.NewRegistry(cresset.Log(slog.New(slog.DiscardHandler)))
		release := slow(t, reg)
		ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
		defer cancel()
		began := time.Now()
		p := cresset.Pusher{URL: "gateway", Job: "backup", Client: clientOf(errors.New("sent"))}
		if err := p.Push(ctx, reg); err == nil || !strings.HasSuffix(err.Error(), "sent") {
			t.Errorf("got error %v", err)
		}
		if took := time.Since(began); took != 7500*time.Millisecond {
			t.Errorf("gathering took %v, want 7.5s", took)
		}
		close(release)
	})
}

func TestServeLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := cresset.NewRegistry(cresset.ServeLast(time.Hour), cresset.CollectTimeout(time.Second), cresset.Log(slog.New(slog.DiscardHandler)))
		s := gauge("slow", 1)
		if err := reg.Register(s.desc, s); err != nil {
			t.Fatal(err)
		}
		served := func() bool { return strings.Contains(text(t, reg), "slow 1\n") }
		if !served() {
			t.Error("there is no good result")
		}
		s.began, s.wait = make(chan struct{}, 100), make(chan struct{})
		time.Sleep(time.Minute)
		if !served() {
			t.Error("the last good result was not served")
		}
		time.Sleep(time.Hour)
		if served() {
			t.Error("a result was served that is too old")
		}
		close(s.wait)
		synctest.Wait()
	})
}

// TestFunctionsThatDoNotReturn: each costs itself, once, and says why; a strict
// registry serves nothing then.
func TestFunctionsThatDoNotReturn(t *testing.T) {
	ends := []struct {
		name, reason, message string
		function              func() float64
	}{
		{"panicking", "panic", "panicked: no such device", func() float64 { panic("no such device") }},
		{"exiting", "error", "runtime.Goexit", func() float64 { runtime.Goexit(); return 1 }},
	}
	for _, end := range ends {
		reg := cresset.NewRegistry(cresset.Log(slog.New(slog.DiscardHandler)))
		cresset.NewGaugeFunc(reg, end.name, "Help.", end.function)
		want := fmt.Sprintf("cresset_quarantined_series_total{family=%q,reason=%q} 1\n", end.name, end.reason)
		if got := ask(reg.Handler(), "GET", "/metrics").Body.String(); !strings.Contains(got, want) {
			t.Errorf("got\n%swant\n%s", got, want)
		}
		strict := cresset.NewRegistry(cresset.Strict())
		cresset.NewGaugeFunc(strict, end.name, "Help.", end.function)
		if err := strict.WriteText(io.Discard); err == nil || !strings.Contains(err.Error(), end.message) {
			t.Errorf("strict: got error %v, want %q in it", err, end.message)
		}
	}
}
