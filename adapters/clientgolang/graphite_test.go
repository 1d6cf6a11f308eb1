package clientgolang_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	theirgraphite "github.com/prometheus/client_golang/prometheus/graphite"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	ours "github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/graphite"
)

// logged keeps the lines of a log.
type logged []string

func (l *logged) Println(v ...any) { *l = append(*l, fmt.Sprint(v...)) }

// TestBridgesSendTheSame compares the lines that a server gets, the error and
// the log. The tags of a line are sorted first: theirs come in any order.
//
// Left out is what docs/differences.md names: tags that Graphite does not take,
// and gathers without any metrics.
func TestBridgesSendTheSame(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	address := server.Addr().String()
	receive := func(err error) string {
		if err != nil {
			return "" // both fail before they connect
		}
		conn, err := server.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		all, err := io.ReadAll(conn)
		if err != nil {
			t.Fatal(err)
		}
		return tagsInOneOrder(string(all))
	}

	rapid.Check(t, func(t *rapid.T) {
		useTags := rapid.Bool().Draw(t, "tags")
		prefix := rapid.SampledFrom([]string{"", "a", "a.b-c"}).Draw(t, "prefix")
		families := rapid.SliceOfN(drawFamily(useTags), 1, 3).Draw(t, "families")
		var broken error
		if rapid.Bool().Draw(t, "broken") {
			broken = errors.New("broken")
		}
		abort := rapid.Bool().Draw(t, "abort")
		gatherer := ours.GathererFunc(func() ([]*dto.MetricFamily, error) { return families, broken })

		var gotLog, wantLog logged
		our := graphite.Config{UseTags: useTags, URL: address, Prefix: prefix, Gatherer: gatherer, Logger: &gotLog}
		their := theirgraphite.Config{UseTags: useTags, URL: address, Prefix: prefix, Gatherer: gatherer, Logger: &wantLog}
		if abort {
			our.ErrorHandling, their.ErrorHandling = graphite.AbortOnError, theirgraphite.AbortOnError
		}
		us, err := graphite.NewBridge(&our)
		if err != nil {
			t.Fatal(err)
		}
		them, err := theirgraphite.NewBridge(&their)
		if err != nil {
			t.Fatal(err)
		}
		wantErr := them.Push()
		want := receive(wantErr)
		gotErr := us.Push()
		got := receive(gotErr)
		if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) || !slices.Equal(gotLog, wantLog) {
			t.Fatalf("got error %v and log %q, want %v and %q", gotErr, gotLog, wantErr, wantLog)
		}
		if got != want {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func tagsInOneOrder(lines string) string {
	var all []string
	for line := range strings.Lines(lines) {
		path, rest, _ := strings.Cut(line, " ")
		parts := strings.Split(path, ";")
		slices.Sort(parts[1:])
		all = append(all, strings.Join(parts, ";")+" "+rest)
	}
	return strings.Join(all, "")
}

// drawFamily returns a generator of families with timestamps. Those for tags
// have labels that can be tags.
func drawFamily(forTags bool) *rapid.Generator[*dto.MetricFamily] {
	letters := []rune("aZ0_.:-/ é=;~\n")
	if forTags {
		letters = []rune("aZ0_.:-/é")
	}
	text := rapid.StringOfN(rapid.SampledFrom(letters), 1, 5, -1)
	number := rapid.SampledFrom([]float64{0, 1, -0.5, 1e6, 123456789, 1e300})
	return rapid.Custom(func(t *rapid.T) *dto.MetricFamily {
		m := &dto.Metric{TimestampMs: proto.Int64(rapid.Int64Range(0, 1<<42).Draw(t, "time"))}
		for _, name := range rapid.SliceOfNDistinct(text, 0, 3, rapid.ID).Draw(t, "labels") {
			m.Label = append(m.Label, &dto.LabelPair{Name: proto.String(name), Value: proto.String(text.Draw(t, "value"))})
		}
		family := &dto.MetricFamily{Name: proto.String(text.Draw(t, "name")), Metric: []*dto.Metric{m}}
		switch rapid.IntRange(0, 3).Draw(t, "type") {
		case 0:
			family.Type = dto.MetricType_COUNTER.Enum()
			m.Counter = &dto.Counter{Value: proto.Float64(number.Draw(t, "value"))}
		case 1:
			family.Type = dto.MetricType_UNTYPED.Enum()
			m.Untyped = &dto.Untyped{Value: proto.Float64(number.Draw(t, "value"))}
		case 2:
			family.Type = dto.MetricType_SUMMARY.Enum()
			m.Summary = &dto.Summary{
				SampleCount: proto.Uint64(3), SampleSum: proto.Float64(number.Draw(t, "sum")),
				Quantile: []*dto.Quantile{{Quantile: proto.Float64(0.99), Value: proto.Float64(number.Draw(t, "value"))}},
			}
		default:
			family.Type = dto.MetricType_HISTOGRAM.Enum()
			m.Histogram = &dto.Histogram{
				SampleCount: proto.Uint64(3), SampleSum: proto.Float64(number.Draw(t, "sum")),
				Bucket: []*dto.Bucket{{UpperBound: proto.Float64(number.Draw(t, "bound")), CumulativeCount: proto.Uint64(2)}},
			}
		}
		return family
	})
}

// TestBridgesAnswerAlike compares what needs no server.
func TestBridgesAnswerAlike(t *testing.T) {
	_, got := graphite.NewBridge(&graphite.Config{})
	_, want := theirgraphite.NewBridge(&theirgraphite.Config{})
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("without a URL: got %v, want %v", got, want)
	}
	gatherer := ours.GathererFunc(func() ([]*dto.MetricFamily, error) { return nil, errors.New("broken") })
	us, err := graphite.NewBridge(&graphite.Config{URL: "nowhere", Gatherer: gatherer, ErrorHandling: 7, Interval: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	them, err := theirgraphite.NewBridge(&theirgraphite.Config{URL: "nowhere", Gatherer: gatherer, ErrorHandling: 7, Interval: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := panicOf(us.Push), panicOf(them.Push); got != want || want == nil {
		t.Errorf("unknown error handling: got panic %v, want %v", got, want)
	}
}

func panicOf(f func() error) (cause any) {
	defer func() { cause = recover() }()
	_ = f() // it panics
	return nil
}
