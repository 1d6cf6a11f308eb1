package graphite_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/graphite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen returns a listener and a function that returns what its next
// connection brings until it is closed.
func listen(t *testing.T) (address string, next func() string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String(), func() string {
		t.Helper()
		if err := listener.(*net.TCPListener).SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
		conn, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		lines, err := io.ReadAll(conn)
		if err != nil {
			t.Fatal(err)
		}
		return string(lines)
	}
}

// stall returns the address of a listener that accepts connections but reads
// nothing from them, and a channel that tells of each.
func stall(t *testing.T) (address string, accepted <-chan struct{}) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ch := make(chan struct{}, 8)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			ch <- struct{}{}
		}
	})
	t.Cleanup(func() {
		listener.Close()
		wg.Wait()
	})
	return listener.Addr().String(), ch
}

// refused returns an address where nobody listens.
func refused(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	return listener.Addr().String()
}

func newBridge(t *testing.T, config graphite.Config) *graphite.Bridge {
	t.Helper()
	bridge, err := graphite.NewBridge(&config)
	if err != nil {
		t.Fatal(err)
	}
	return bridge
}

// log keeps what it is told.
type log struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (l *log) Println(v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, strings.TrimSuffix(fmt.Sprintln(v...), "\n"))
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

func gauge(name string, value float64) *dto.MetricFamily {
	return &dto.MetricFamily{
		Name: proto.String(name), Type: dto.MetricType_GAUGE.Enum(),
		Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: proto.Float64(value)}, TimestampMs: proto.Int64(5999)}},
	}
}

// gathers returns a Gatherer of these results.
func gathers(err error, families ...*dto.MetricFamily) prometheus.Gatherer {
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return families, err })
}

// long makes each line more than the buffers of a connection hold.
var long = strings.Repeat("x", 64<<20)

func TestURLIsRequired(t *testing.T) {
	if bridge, err := graphite.NewBridge(&graphite.Config{}); bridge != nil || err == nil || err.Error() != "missing URL" {
		t.Errorf("got %v and error %v, want missing URL", bridge, err)
	}
}

func TestDefaultGatherer(t *testing.T) {
	address, next := listen(t)
	start := time.Now().Unix()
	if err := newBridge(t, graphite.Config{URL: address}).Push(); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(next()) {
		var value float64
		var at int64
		path, rest, _ := strings.Cut(line, " ")
		if n, err := fmt.Sscanf(rest, "%g %d\n", &value, &at); n != 2 || err != nil || at < start || at > time.Now().Unix() {
			t.Errorf("got line %q", line)
		}
		if path == "go_goroutines" && value > 0 {
			return
		}
	}
	t.Error("go_goroutines is missing")
}

func TestErrors(t *testing.T) {
	broken := errors.New("no answer from the disk")
	strange := &dto.MetricFamily{Name: proto.String("strange"), Type: dto.MetricType(99).Enum(), Metric: []*dto.Metric{{}}}
	tests := []struct {
		name     string
		gatherer prometheus.Gatherer
		handling graphite.HandlerErrorHandling
		want     string // is pushed; "" if there is no connection
		err      string
		log      string
	}{
		{"none", gathers(nil, gauge("a", 1)), graphite.AbortOnError, "a 1 5\n", "", ""},
		{"nothing there", gathers(nil), graphite.ContinueOnError, "", "", ""},
		{"nothing there, abort", gathers(nil), graphite.AbortOnError, "", "", ""},
		{"part", gathers(broken, gauge("a", 1)), graphite.ContinueOnError, "a 1 5\n", "", "continue on error: no answer from the disk"},
		{"part, abort", gathers(broken, gauge("a", 1)), graphite.AbortOnError, "", "no answer from the disk", ""},
		{"all", gathers(broken), graphite.ContinueOnError, "", "", "continue on error: no answer from the disk"},
		{"strange type", gathers(nil, strange, gauge("a", 1)), graphite.ContinueOnError, "a 1 5\n", "", "continue on error: expfmt.extractSamples: unknown metric family type 99"},
		{"strange type, abort", gathers(nil, gauge("a", 1), strange), graphite.AbortOnError, "", "expfmt.extractSamples: unknown metric family type 99", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var log log
			address, next := refused(t), func() string { return "" }
			if test.want != "" {
				address, next = listen(t)
			}
			err := newBridge(t, graphite.Config{URL: address, Gatherer: test.gatherer, ErrorHandling: test.handling, Logger: &log}).Push()
			if got := fmt.Sprint(err); test.err != "" && got != test.err || test.err == "" && err != nil {
				t.Errorf("got error %v, want %q", err, test.err)
			}
			if got := next(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if got := log.String(); got != test.log {
				t.Errorf("got log %q, want %q", got, test.log)
			}
		})
	}
}

func TestUnknownErrorHandlingPanics(t *testing.T) {
	bridge := newBridge(t, graphite.Config{URL: refused(t), Gatherer: gathers(io.EOF), ErrorHandling: 2})
	defer func() {
		if cause := recover(); cause != "unrecognized error handling value" {
			t.Errorf("got panic %v", cause)
		}
	}()
	bridge.Push()
}

func TestServerThatIsNotThere(t *testing.T) {
	for _, handling := range []graphite.HandlerErrorHandling{graphite.ContinueOnError, graphite.AbortOnError} {
		err := newBridge(t, graphite.Config{URL: refused(t), Gatherer: gathers(nil, gauge("a", 1)), ErrorHandling: handling}).Push()
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "dial" {
			t.Errorf("handling %v: got error %v", handling, err)
		}
	}
}

func TestTimeoutIsForTheWholePush(t *testing.T) {
	address, _ := stall(t)
	err := newBridge(t, graphite.Config{URL: address, Gatherer: gathers(nil, gauge("a", 1)), Prefix: long, Timeout: 50 * time.Millisecond}).Push()
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got error %v, want %v", err, os.ErrDeadlineExceeded)
	}
}

// Run pushes at every interval, not before the first is over, and survives
// errors.
func TestRunPushesAtEveryInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var pushed []time.Duration
		gatherer := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
			pushed = append(pushed, time.Since(start))
			return nil, io.ErrUnexpectedEOF
		})
		for _, test := range []struct{ interval, want time.Duration }{
			{0, 15 * time.Second}, // the default
			{7 * time.Second, 7 * time.Second},
		} {
			start, pushed = time.Now(), nil
			var log log
			bridge := newBridge(t, graphite.Config{
				URL: "nowhere", Interval: test.interval, Gatherer: gatherer, ErrorHandling: graphite.AbortOnError, Logger: &log,
			})
			ctx, cancel := context.WithTimeout(t.Context(), 3*test.want+time.Second)
			defer cancel()
			bridge.Run(ctx)
			if got, want := fmt.Sprint(pushed), fmt.Sprint([]time.Duration{test.want, 2 * test.want, 3 * test.want}); got != want {
				t.Errorf("pushed after %s, want %s", got, want)
			}
			if got, want := log.String(), strings.TrimSuffix(strings.Repeat("error pushing to Graphite: unexpected EOF\n", 3), "\n"); got != want {
				t.Errorf("got log %q, want %q", got, want)
			}
		}
	})
}

func TestRunNeedsNoLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		newBridge(t, graphite.Config{URL: "nowhere", Gatherer: gathers(io.EOF), ErrorHandling: graphite.AbortOnError}).Run(ctx)
	})
}

// Nothing is pushed any more once the context is done, whatever else is due.
func TestRunThatIsOverBeforeItBegins(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	gatherer := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		t.Error("was gathered")
		return nil, nil
	})
	newBridge(t, graphite.Config{URL: "nowhere", Interval: 1, Gatherer: gatherer}).Run(ctx)
}

func TestRunReachesTheServer(t *testing.T) {
	address, next := listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	bridge := newBridge(t, graphite.Config{URL: address, Interval: time.Millisecond, Gatherer: gathers(nil, gauge("a", 1))})
	go func() {
		bridge.Run(ctx)
		close(ended)
	}()
	for range 3 {
		if got, want := next(), "a 1 5\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	cancel()
	<-ended
}

func TestRunEndsInTheMiddleOfAPush(t *testing.T) {
	address, accepted := stall(t)
	ctx, cancel := context.WithCancel(t.Context())
	var log log
	ended := make(chan struct{})
	bridge := newBridge(t, graphite.Config{
		URL: address, Prefix: long, Gatherer: gathers(nil, gauge("a", 1)), Interval: time.Millisecond, Timeout: time.Hour, Logger: &log,
	})
	go func() {
		bridge.Run(ctx)
		close(ended)
	}()
	<-accepted
	cancel()
	<-ended
	if got, want := log.String(), "error pushing to Graphite: context canceled"; got != want {
		t.Errorf("got log %q, want %q", got, want)
	}
}
