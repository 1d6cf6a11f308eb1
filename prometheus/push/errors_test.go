package push_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/push"
)

func wantError(t *testing.T, what string, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("%s: got error %v, want %q", what, err, want)
	}
}

func TestFirstErrorStays(t *testing.T) {
	twice := gaugeOf("a", 1, nil)
	tests := []struct {
		name string
		make func(job string) *push.Pusher
		job  string
		want string
	}{
		{"no job", func(job string) *push.Pusher { return push.New("gateway", job) }, "", "job name is empty"},
		{"bad name", func(job string) *push.Pusher { return push.New("gateway", job).Grouping("a\x80b", "v") }, "j", "grouping label has invalid name: a\x80b"},
		{"empty name", func(job string) *push.Pusher { return push.New("gateway", job).Grouping("", "v") }, "j", "grouping label has invalid name: "},
		{"collector twice", func(job string) *push.Pusher { return push.New("gateway", job).Collector(twice).Collector(twice) }, "j", "duplicate metrics collector registration attempted"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := &gateway{status: 202}
			p := test.make(test.job).Client(server).
				Grouping("also\xffbad", "v").Collector(gaugeOf("", 1, nil)).Gatherer(prometheus.NewRegistry())
			wantError(t, "Error", p.Error(), test.want)
			wantError(t, "Push", p.Push(), test.want)
			wantError(t, "PushContext", p.PushContext(t.Context()), test.want)
			wantError(t, "Add", p.Add(), test.want)
			wantError(t, "AddContext", p.AddContext(t.Context()), test.want)
			wantError(t, "Delete", p.Delete(), test.want)
			if server.last != nil {
				t.Errorf("got request %+v, want none", server.last)
			}
		})
	}
}

func TestSendingCanBeTriedAgain(t *testing.T) {
	server := &gateway{status: 500, answer: "no room\n"}
	address := server.start(t)
	p := push.New(address, "backup").Grouping("zone", "east/1").Collector(gaugeOf("a", 1, nil))
	group := address + "/metrics/job/backup/zone@base64/ZWFzdC8x"
	wantError(t, "Push", p.Push(), "unexpected status code 500 while pushing to "+group+": no room\n")
	wantError(t, "Add", p.Add(), "unexpected status code 500 while pushing to "+group+": no room\n")
	wantError(t, "Delete", p.Delete(), "unexpected status code 500 while deleting "+group+": no room\n")
	server.status = 200
	wantError(t, "Delete, not accepted", p.Delete(), "unexpected status code 200 while deleting "+group+": no room\n")
	if err := p.Push(); err != nil || p.Error() != nil {
		t.Errorf("got %v and %v, want no error", err, p.Error())
	}
}

func TestErrorsTellNoSecretsAndEnd(t *testing.T) {
	server := &gateway{status: 400, answer: strings.Repeat("x", 1<<20)}
	err := push.New("http://ann:hush@gateway", "backup").Client(server).Push()
	if err == nil || strings.Contains(err.Error(), "hush") || !strings.Contains(err.Error(), "http://ann:xxxxx@gateway/metrics/job/backup: xxx") {
		t.Errorf("got error %.100v", err)
	}
	if size := len(err.Error()); size > 65<<10 {
		t.Errorf("the error has %d bytes", size)
	}
}

// A client follows most redirects with a GET, which no metrics go with.
func TestRedirectIsNoSuccess(t *testing.T) {
	login := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			http.Redirect(w, r, "/login", http.StatusFound)
		}
	}))
	t.Cleanup(func() {
		login.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	wantError(t, "Push", push.New(login.URL, "backup").Push(),
		"unexpected redirect to "+login.URL+"/login while pushing to "+login.URL+"/metrics/job/backup: use the URL of the Pushgateway itself")
}

// A redirect that keeps method and body is as good as the place it leads to.
func TestRedirectThatKeepsThePush(t *testing.T) {
	server := &gateway{status: 200}
	target := server.start(t)
	moved := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, target+r.URL.Path, http.StatusPermanentRedirect)
	}))
	t.Cleanup(moved.Close)
	if err := push.New(moved.URL, "backup").Collector(gaugeOf("a", 1, nil)).Push(); err != nil {
		t.Fatal(err)
	}
	if got := names(t, server.last.body); got != "a" || server.last.method != http.MethodPut {
		t.Errorf("got %s of %q, want PUT of a", server.last.method, got)
	}
}

func TestLabelsOfTheGroupAreRefused(t *testing.T) {
	server := &gateway{status: 200}
	for label, want := range map[string]string{
		"job":  "already contains a job label",
		"zone": "already contains grouping label zone",
	} {
		err := push.New("gateway", "backup").Client(server).Grouping("zone", "east").
			Collector(gaugeOf("a", 1, prometheus.Labels{label: "x"})).Push()
		if err == nil || !strings.HasPrefix(err.Error(), "pushed metric a (") || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("label %s: got error %v, want %q", label, err, want)
		}
	}
	if server.last != nil {
		t.Errorf("got request %+v, want none", server.last)
	}
}

func TestNothingIsSentUnlessAllIsThere(t *testing.T) {
	server := &gateway{status: 200}
	broken := errors.New("no answer from the disk")
	err := push.New("gateway", "backup").Client(server).Collector(gaugeOf("a", 1, nil)).
		Gatherer(prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
			return []*dto.MetricFamily{{
				Name: proto.String("b"), Type: dto.MetricType_GAUGE.Enum(),
				Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: proto.Float64(1)}}},
			}}, broken
		})).Push()
	if !errors.Is(err, broken) {
		t.Errorf("got error %v, want %v", err, broken)
	}
	if server.last != nil {
		t.Errorf("got request %+v, want none", server.last)
	}
}

func TestUnusableURL(t *testing.T) {
	p := push.New("http://gateway:port", "backup")
	for name, send := range map[string]func() error{"Push": p.Push, "Delete": p.Delete} {
		if err := send(); err == nil || !strings.Contains(err.Error(), "invalid port") {
			t.Errorf("%s: got error %v", name, err)
		}
	}
	for url, want := range map[string]string{
		"ann:hush@gateway:port": `parse "http://***@gateway:port/metrics/job/a%40b": invalid port ":port" after host`,
		"http://a:b@c@g:port/x": `parse "http://***@g:port/x/metrics/job/a%40b": invalid port ":port" after host`,
		"gateway:port/@":        `parse "http://***@/metrics/job/a%40b": invalid port ":port" after host`,
	} {
		wantError(t, url, push.New(url, "a@b").Push(), want)
	}
}

func TestContextEndsAPush(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	released := make(chan struct{})
	stalled := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		cancel() // the request is under way
		<-released
	}))
	t.Cleanup(func() {
		close(released)
		stalled.Close()
	})
	if err := push.New(stalled.URL, "backup").PushContext(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("PushContext: got error %v, want %v", err, context.Canceled)
	}
	if err := push.New(stalled.URL, "backup").AddContext(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("AddContext: got error %v, want %v", err, context.Canceled)
	}
}

// TestSendingAtOnce is for the race detector.
func TestSendingAtOnce(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	t.Cleanup(func() {
		server.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	p := push.New(server.URL, "backup").Grouping("zone", "east").Header(http.Header{"X-Scope": {"a"}}).
		BasicAuth("ann", "hush").Collector(gaugeOf("a", 1, nil))
	var wg sync.WaitGroup
	for _, send := range []func() error{p.Push, p.Add, p.Delete, p.Push} {
		wg.Go(func() {
			if err := send(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
