package clientgolang_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	theirs "github.com/prometheus/client_golang/prometheus"
	theirpush "github.com/prometheus/client_golang/prometheus/push"
	"pgregory.net/rapid"

	ours "github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/push"
)

// gateway answers every request in the same way and keeps what it was sent.
type gateway struct {
	status int
	sent   []string
}

func (g *gateway) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	var header bytes.Buffer
	if err := r.Header.Write(&header); err != nil { // sorted
		return nil, err
	}
	g.sent = append(g.sent, fmt.Sprintf("%s %s\n%s\n%s", r.Method, inOneOrder(r.URL.Host+r.URL.Path), header.String(), bytes.TrimSuffix(body, []byte("# EOF\n"))))
	return &http.Response{StatusCode: g.status, Body: io.NopCloser(strings.NewReader("an answer"))}, nil
}

// inOneOrder shows the address of a group with its grouping labels sorted, which
// theirs sends in any order.
func inOneOrder(address string) string {
	host, path, _ := strings.Cut(address, "/metrics/job")
	elements := strings.Split(path, "/")
	pairs := slices.Collect(slices.Chunk(elements[2:], 2))
	slices.SortFunc(pairs, slices.Compare)
	return host + "/metrics/job/" + elements[0] + elements[1] + fmt.Sprint(pairs)
}

// pusher is what the Pushers of both libraries have in common; P is the Pusher,
// F the format.
type pusher[P any, F ~string] interface {
	Format(F) P
	Grouping(name, value string) P
	Header(http.Header) P
	BasicAuth(username, password string) P
	Error() error
	Push() error
	Add() error
	Delete() error
}

// pushing is one use of a Pusher.
type pushing struct {
	url, job string
	grouping map[string]string
	labels   map[string]string // of the metric
	header   http.Header
	auth     bool
	format   string // "" for the default
	twice    bool   // the metric is added
	status   int
	verbs    []string
}

// do does to a Pusher what is the same for both and returns the errors.
func do[P pusher[P, F], F ~string](p P, use pushing) []string {
	for _, name := range slices.Sorted(maps.Keys(use.grouping)) {
		p.Grouping(name, use.grouping[name])
	}
	if use.header != nil {
		p.Header(use.header.Clone())
	}
	if use.auth {
		p.BasicAuth("ann", "hush")
	}
	if use.format != "" {
		p.Format(F(use.format))
	}
	errs := []string{fmt.Sprint(p.Error())}
	for _, verb := range use.verbs {
		send := map[string]func() error{"push": p.Push, "add": p.Add, "delete": p.Delete}[verb]
		text := fmt.Sprint(send())
		if base, _, ok := strings.Cut(text, "/metrics/job"); ok { // the group is compared where it is sent
			text = base + text[strings.LastIndex(text, ": "):]
		}
		errs = append(errs, text)
	}
	return errs
}

func doOurs(use pushing) (errs, sent []string) {
	server := &gateway{status: use.status}
	heat := ours.NewGauge(ours.GaugeOpts{Name: "heat", Help: "Heat.", ConstLabels: use.labels})
	rain := ours.NewGaugeVec(ours.GaugeOpts{Name: "rain.fall"}, []string{"mast"})
	rain.WithLabelValues("n\"o").Set(2)
	other := ours.NewRegistry()
	other.MustRegister(rain)
	p := push.New(use.url, use.job).Client(server).Collector(heat).Gatherer(other)
	if use.twice {
		p.Collector(heat)
	}
	return do(p, use), server.sent
}

func doTheirs(use pushing) (errs, sent []string) {
	server := &gateway{status: use.status}
	heat := theirs.NewGauge(theirs.GaugeOpts{Name: "heat", Help: "Heat.", ConstLabels: use.labels})
	rain := theirs.NewGaugeVec(theirs.GaugeOpts{Name: "rain.fall"}, []string{"mast"})
	rain.WithLabelValues("n\"o").Set(2)
	other := theirs.NewRegistry()
	other.MustRegister(rain)
	p := theirpush.New(use.url, use.job).Client(server).Collector(heat).Gatherer(other)
	if use.twice {
		p.Collector(heat)
	}
	return do(p, use), server.sent
}

// TestPushersSendTheSame compares requests and errors. Addresses are compared as
// a server reads them, all else byte by byte.
//
// Left out is what docs/differences.md names: values "." and "..", label names
// that are no element of a path, the end of OpenMetrics pages, passwords in
// URLs, redirects.
func TestPushersSendTheSame(t *testing.T) {
	letters := rapid.SampledFrom([]rune("ab./ +?%#:=~é€_"))
	value := rapid.StringOfN(letters, 0, 6, -1).Filter(func(s string) bool { return s != "." && s != ".." })
	name := rapid.SampledFrom([]string{"zone", "host", "a.b", "ä", "with space", "bad\xff", "", "job", "instance"})
	format := rapid.SampledFrom([]string{
		"",
		"text/plain; version=0.0.4; charset=utf-8",
		"text/plain; version=0.0.4; charset=utf-8; escaping=values",
		"application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
		"application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=text",
		"application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=compact-text",
	})
	rapid.Check(t, func(t *rapid.T) {
		use := pushing{
			url:      rapid.SampledFrom([]string{"gateway:9091", "http://gateway/", "http://gateway/a/b", "http://gateway:port"}).Draw(t, "url"),
			job:      value.Draw(t, "job"),
			grouping: rapid.MapOfN(name, value, 0, 3).Draw(t, "grouping"),
			labels:   rapid.MapOfN(rapid.SampledFrom([]string{"zone", "job", "mine", "also"}), value, 0, 2).Draw(t, "labels"),
			auth:     rapid.Bool().Draw(t, "auth"),
			format:   format.Draw(t, "format"),
			twice:    rapid.IntRange(0, 5).Draw(t, "twice") == 0,
			status:   rapid.SampledFrom([]int{200, 202, 202, 400, 500}).Draw(t, "status"),
			verbs:    rapid.SliceOfN(rapid.SampledFrom([]string{"push", "add", "delete"}), 1, 4).Draw(t, "verbs"),
		}
		if rapid.Bool().Draw(t, "header") {
			use.header = http.Header{"X-Scope": {"a", "b"}, "Authorization": {"Bearer token"}}
		}
		gotErrs, got := doOurs(use)
		wantErrs, want := doTheirs(use)
		if use.header != nil { // theirs leaves the Content-Type of a push in the header of a later delete
			got, want = withoutTypeOfDeletes(got), withoutTypeOfDeletes(want)
		}
		if !slices.Equal(gotErrs, wantErrs) {
			t.Fatalf("errors\ngot  %q\nwant %q", gotErrs, wantErrs)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("requests\ngot  %q\nwant %q", got, want)
		}
	})
}

func withoutTypeOfDeletes(sent []string) []string {
	var all []string
	for _, request := range sent {
		if strings.HasPrefix(request, "DELETE") {
			before, after, found := strings.Cut(request, "Content-Type: ")
			if found {
				_, after, _ = strings.Cut(after, "\r\n")
			}
			request = before + after
		}
		all = append(all, request)
	}
	return all
}
