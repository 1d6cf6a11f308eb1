package prometheus_test

import (
	"flag"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/prometheus"
)

var wholeDay = flag.Bool("churn.day", false, "let TestChurn go on for a day, not for six minutes")

// A service of 10,000 clients at a time, each of which comes once and is forgotten:
// 10 million label sets in a day. Memory stays bounded, whether or not anybody
// scrapes, and no update of a handle that is held all day is lost, though most of
// those expire now and then. To run the whole day, which is minutes of real time:
//
//	go test -race -run TestChurn -timeout 2h ./prometheus -churn.day -v
func TestChurn(t *testing.T) {
	for name, scrape := range map[string]time.Duration{"nobody scrapes": 0, "scraped": 5 * time.Minute} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { churn(t, scrape) }) })
	}
}

func churn(t *testing.T, scrape time.Duration) {
	const (
		day   = 24 * time.Hour
		sets  = 10_000_000
		alive = 10_000
		ttl   = day * alive / sets
		beat  = time.Second
	)
	length := 6 * time.Minute
	if *wholeDay {
		length = day
	}
	began := time.Now()
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total", TTL: ttl}, []string{"kind", "client"})
	reg := prometheus.NewRegistry()
	reg.MustRegister(vec)

	var updates atomic.Int64
	for worker := range 100 {
		go holdAHandle(t, vec, ttl, began.Add(length), worker, &updates)
	}

	var created, scrapes int
	var first, most uint64
	for time.Since(began) < length {
		time.Sleep(beat)
		for due := int(time.Since(began) / beat * sets / (day / beat)); created < due; created++ {
			vec.WithLabelValues("passing", strconv.Itoa(created)).Inc()
		}
		now := time.Since(began).Truncate(beat)
		if scrape > 0 && now%scrape == 0 && now > 2*ttl {
			scrapes++
			if n := samples(t, reg); n < alive*99/100 || n > alive*101/100+100 {
				t.Fatalf("after %v: got %d series, want about %d", now, n, alive)
			}
		}
		if now%(length/24) == 0 && now > 2*ttl {
			var stats runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&stats)
			if first == 0 {
				first = stats.HeapAlloc
			}
			most = max(most, stats.HeapAlloc)
		}
	}
	if most > 2*first+1<<20 {
		t.Errorf("got a heap of %d kB at first, and %d kB later", first>>10, most>>10)
	}
	time.Sleep(5 * ttl) // the holders have ended by then, and their series
	synctest.Wait()
	if n := samples(t, reg); n != 0 {
		t.Errorf("got %d series in the end, want none", n)
	}
	t.Logf("%d label sets, %d updates of held handles, %d scrapes; heap %d kB at first, at most %d kB", created, updates.Load(), scrapes, first>>10, most>>10)
}

// holdAHandle updates a series through the same handle again and again, often after
// it has expired, and sees to it that each update counts in the life that it
// belongs to.
func holdAHandle(t *testing.T, vec *prometheus.CounterVec, ttl time.Duration, until time.Time, worker int, updates *atomic.Int64) {
	random := rand.New(rand.NewPCG(6, uint64(worker)))
	name := strconv.Itoa(worker)
	held := vec.WithLabelValues("held", name)
	want := 0.0
	for time.Now().Before(until) {
		pause := time.Second + time.Duration(random.Int64N(int64(3*ttl/2)))
		time.Sleep(pause)
		// An epoch may have begun up to a 512th of the TTL before.
		expired, alive := pause >= ttl, pause < ttl-ttl/512
		held.Inc()
		updates.Add(1)
		switch {
		case expired:
			want = 1
		case alive:
			want++
		default:
			want = counterValue(t, held) // one of both
		}
		found, ok := vec.Lookup("held", name)
		if !ok {
			t.Errorf("series %s was updated just now, and is not there", name)
			return
		}
		if got := counterValue(t, found); got != want {
			t.Errorf("series %s, %v after the last update: got %v, want %v", name, pause, got, want)
			return
		}
	}
}

func counterValue(t *testing.T, c prometheus.Counter) float64 {
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		t.Error(err)
	}
	return m.GetCounter().GetValue()
}

// samples scrapes a registry and returns how many lines it got.
func samples(t *testing.T, reg *prometheus.Registry) int {
	page, err := reg.Page()
	if err != nil {
		t.Error(err)
	}
	var lines lineCounter
	e := exposition.NewText(&lines, exposition.AllowUTF8)
	page.Write(e)
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	return lines.n
}

// lineCounter counts the lines written to it that are no comments.
type lineCounter struct {
	n    int
	last byte
}

func (l *lineCounter) Write(p []byte) (int, error) {
	for _, b := range p {
		if (l.last == 0 || l.last == '\n') && b != '#' {
			l.n++
		}
		l.last = b
	}
	return len(p), nil
}
