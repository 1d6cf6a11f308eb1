package cresset_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/common/expfmt"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset"
)

// gateway answers everything with a status and keeps what it was sent last.
type gateway struct {
	status int
	answer string

	method, path string // of the last request
	header       http.Header
	body         []byte
	requests     int
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	g.method, g.path, g.header, g.body = r.Method, r.URL.EscapedPath(), r.Header, body
	g.requests++
	w.WriteHeader(g.status)
	io.WriteString(w, g.answer)
}

// start serves the gateway until the test ends and returns its address.
func (g *gateway) start(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(g)
	t.Cleanup(func() {
		server.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return server.URL
}

func TestPusherSends(t *testing.T) {
	const (
		messages = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
		text     = "text/plain; version=0.0.4; charset=utf-8"
	)
	reg := everything(t)
	push := func(ctx context.Context, p *cresset.Pusher) error { return p.Push(ctx, reg) }
	add := func(ctx context.Context, p *cresset.Pusher) error { return p.Add(ctx, reg) }
	remove := func(ctx context.Context, p *cresset.Pusher) error { return p.Delete(ctx) }
	tests := []struct {
		name        string
		text        bool
		send        func(context.Context, *cresset.Pusher) error
		status      int
		method      string
		contentType string
	}{
		{"Push", false, push, 200, http.MethodPut, messages},
		{"Push of text", true, push, 202, http.MethodPut, text},
		{"Add", false, add, 202, http.MethodPost, messages},
		{"Add of text", true, add, 200, http.MethodPost, text},
		{"Delete", false, remove, 202, http.MethodDelete, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := &gateway{status: test.status}
			p := cresset.Pusher{
				URL: server.start(t) + "/", Job: "backup", Grouping: map[string]string{"zone": "east/1", "host": "one", "none": ""},
				Username: "ann", Password: "hush", Header: http.Header{"X-Scope": {"a"}, "Content-Type": {"image/png"}}, Text: test.text,
			}
			if test.method == http.MethodDelete {
				p.Header.Del("Content-Type")
			}
			if err := test.send(t.Context(), &p); err != nil {
				t.Fatal(err)
			}
			if server.method != test.method {
				t.Errorf("got method %s, want %s", server.method, test.method)
			}
			if want := "/metrics/job/backup/host/one/none@base64/=/zone@base64/ZWFzdC8x"; server.path != want {
				t.Errorf("got path %s, want %s", server.path, want)
			}
			for name, want := range map[string]string{"Content-Type": test.contentType, "Authorization": "Basic YW5uOmh1c2g=", "X-Scope": "a"} {
				if got := server.header.Get(name); got != want {
					t.Errorf("got %s %q, want %q", name, got, want)
				}
			}
			want := "anything bytes room_temperature seconds sold_total"
			if test.method == http.MethodDelete {
				want = ""
			}
			if got := familiesIn(t, server.body, test.text); got != want {
				t.Errorf("got families %q, want %q", got, want)
			}
		})
	}
}

// familiesIn returns which families there are in a body.
func familiesIn(t *testing.T, body []byte, text bool) string {
	t.Helper()
	format := expfmt.FmtProtoDelim
	if text {
		format = expfmt.FmtText
	}
	decoder := expfmt.NewDecoder(bytes.NewReader(body), format)
	var all []string
	for {
		var family dto.MetricFamily
		switch err := decoder.Decode(&family); {
		case errors.Is(err, io.EOF):
			slices.Sort(all)
			return strings.Join(all, " ")
		case err != nil:
			t.Fatal(err)
		}
		all = append(all, family.GetName())
	}
}

// client is an HTTP client that hands requests to a function.
type client func(*http.Request) (*http.Response, error)

func (c client) RoundTrip(r *http.Request) (*http.Response, error) { return c(r) }

// clientOf returns a client whose requests fail.
func clientOf(err error) *http.Client {
	return &http.Client{Transport: client(func(*http.Request) (*http.Response, error) { return nil, err })}
}

func TestPusherUsesTheClient(t *testing.T) {
	broken := errors.New("no route")
	p := cresset.Pusher{URL: "gateway:9091", Job: "backup", Client: &http.Client{
		Transport: client(func(r *http.Request) (*http.Response, error) {
			if got, want := r.URL.String(), "http://gateway:9091/metrics/job/backup"; got != want {
				t.Errorf("got URL %s, want %s", got, want)
			}
			return nil, broken
		}),
	}}
	if err := p.Push(t.Context(), cresset.NewRegistry()); !errors.Is(err, broken) {
		t.Errorf("Push: got error %v, want %v", err, broken)
	}
	if err := p.Delete(t.Context()); !errors.Is(err, broken) {
		t.Errorf("Delete: got error %v, want %v", err, broken)
	}
}

func TestPusherErrors(t *testing.T) {
	server := &gateway{status: 500, answer: "no room\n"}
	url := server.start(t)
	labelled := func(name string) *cresset.Registry {
		r := cresset.NewRegistry()
		register(t, r, gauge("a", 1, name, "x"))
		return r
	}
	tests := []struct {
		name   string
		pusher cresset.Pusher
		reg    *cresset.Registry
		sent   bool
		want   string // of Push; %s is what is being done
		always bool   // Delete fails too
	}{
		{"no URL", cresset.Pusher{Job: "j"}, cresset.NewRegistry(), false, "the Pusher has no URL of a Pushgateway", true},
		{"no job", cresset.Pusher{URL: url}, cresset.NewRegistry(), false, "job name is empty", true},
		{"bad label", cresset.Pusher{URL: url, Job: "j", Grouping: map[string]string{"a\xff": ""}}, cresset.NewRegistry(), false, `grouping label has invalid name: "a\xff"`, true},
		{"job twice", cresset.Pusher{URL: url, Job: "j", Grouping: map[string]string{"job": "k"}}, cresset.NewRegistry(), false, `grouping label has invalid name: "job"`, true},
		{"bad URL", cresset.Pusher{URL: "http://ann:hush@gateway:port", Job: "j"}, cresset.NewRegistry(), false, `parse "http://***@gateway:port/metrics/job/j": invalid port ":port" after host`, true},
		{"a metric with the job", cresset.Pusher{URL: url, Job: "j"}, labelled("job"), false, `pushed metric a ({job="x"}) already contains a job label`, false},
		{"a metric with a label of the group", cresset.Pusher{URL: url, Job: "j", Grouping: map[string]string{"zone": "east"}}, labelled("zone"), false,
			`pushed metric a ({zone="x"}) already contains grouping label zone`, false},
		{"refused", cresset.Pusher{URL: url, Job: "j"}, cresset.NewRegistry(), true, "unexpected status code 500 while %s " + url + "/metrics/job/j: no room\n", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server.requests = 0
			wantError(t, "Push", test.pusher.Push(t.Context(), test.reg), strings.Replace(test.want, "%s", "pushing to", 1))
			wantError(t, "Add", test.pusher.Add(t.Context(), test.reg), strings.Replace(test.want, "%s", "pushing to", 1))
			if got := server.requests; (got > 0) != test.sent {
				t.Errorf("got %d requests, want some: %t", got, test.sent)
			}
			if test.always {
				wantError(t, "Delete", test.pusher.Delete(t.Context()), strings.Replace(test.want, "%s", "deleting", 1))
			}
		})
	}
}

func wantError(t *testing.T, what string, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("%s: got error %v, want %q", what, err, want)
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
	p := cresset.Pusher{URL: stalled.URL, Job: "backup"}
	if err := p.Push(ctx, cresset.NewRegistry()); !errors.Is(err, context.Canceled) {
		t.Errorf("Push: got error %v, want %v", err, context.Canceled)
	}
	if err := p.Delete(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Delete: got error %v, want %v", err, context.Canceled)
	}
}

// TestPushingAtOnce is for the race detector.
func TestPushingAtOnce(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	t.Cleanup(func() {
		server.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	reg := everything(t)
	p := cresset.Pusher{URL: server.URL, Job: "backup", Grouping: map[string]string{"zone": "east"}, Header: http.Header{"X-Scope": {"a"}}, Username: "ann"}
	var wg sync.WaitGroup
	for _, send := range []func(context.Context, *cresset.Registry) error{p.Push, p.Add, p.Push} {
		wg.Go(func() {
			if err := send(t.Context(), reg); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Go(func() {
		if err := p.Delete(t.Context()); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
}
