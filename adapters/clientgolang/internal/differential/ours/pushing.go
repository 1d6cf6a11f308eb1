package ours

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/prometheus/common/expfmt"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/push"
)

// gateway is a server that notes what is pushed to it, and a client of its own.
type gateway struct {
	*script.Trace
	server *httptest.Server
	status int
}

func newGateway(t *script.Trace) *gateway {
	g := &gateway{Trace: t, status: http.StatusOK}
	g.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		g.Note("request", r.Method, r.RequestURI, err)
		for _, name := range slices.Sorted(maps.Keys(r.Header)) {
			g.Note("header", name, r.Header[name])
		}
		g.Note("body", len(body), "\n"+string(body))
		w.WriteHeader(g.status)
		_, _ = io.WriteString(w, "what the server says")
	}))
	return g
}

// pusher returns a Pusher for that job to the gateway.
func (g *gateway) pusher(job string) *push.Pusher {
	return push.New(g.server.URL, job).Client(g.server.Client())
}

// saw notes an error, without the port of the server.
func (g *gateway) saw(what string, err error) {
	if err != nil {
		g.Note(what, strings.ReplaceAll(err.Error(), g.server.URL, "http://server"))
	} else {
		g.Note(what, "no error")
	}
}

// pushAll does everything that a Pusher can do.
func (g *gateway) pushAll(p *push.Pusher) {
	g.saw("error", p.Error())
	g.saw("push", p.Push())
	g.saw("add", p.Add())
	g.saw("delete", p.Delete())
	g.saw("push in a context", p.PushContext(context.Background()))
	g.saw("add in a context", p.AddContext(context.Background()))
}

func pushed() (prometheus.Collector, prometheus.Gatherer) {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h_seconds", Help: "h", Buckets: []float64{1}, NativeHistogramBucketFactor: 1.1}, []string{"l"})
	h.WithLabelValues("ö").(prometheus.ExemplarObserver).ObserveWithExemplar(0.5, prometheus.Labels{"id": "1"})
	r := prometheus.NewRegistry()
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c.total", Help: "h"})
	c.Add(2)
	r.MustRegister(c)
	return h, r
}

var pushing = []script.Scenario{
	{Name: "pushing in every format", Run: func(t *script.Trace) {
		g := newGateway(t)
		defer g.server.Close()
		for _, format := range []expfmt.FormatType{expfmt.TypeProtoDelim, expfmt.TypeProtoText, expfmt.TypeProtoCompact, expfmt.TypeTextPlain, expfmt.TypeOpenMetrics} {
			for _, escaping := range []string{"", "; escaping=allow-utf-8", "; escaping=values"} {
				if format == expfmt.TypeOpenMetrics {
					continue // whose end is a named difference
				}
				c, r := pushed()
				g.pushAll(g.pusher("job").Collector(c).Gatherer(r).Format(expfmt.NewFormat(format) + expfmt.Format(escaping)))
			}
		}
	}},
	{Name: "pushing in OpenMetrics", Run: func(t *script.Trace) {
		g := newGateway(t)
		defer g.server.Close()
		c, _ := pushed()
		g.saw("push", g.pusher("job").Collector(c).Format(expfmt.NewFormat(expfmt.TypeOpenMetrics)).Push())
	}},
	{Name: "groups that are pushed", Run: func(t *script.Trace) {
		g := newGateway(t)
		defer g.server.Close()
		for _, text := range []string{"plain", "", "a b", "a/b", "/", "ö", "a+b", "a?b#c%20", "\n", "a:b", "~-_.!*'()", "="} {
			c, _ := pushed()
			g.pushAll(g.pusher("job").Collector(c).Grouping("label", text))
			if text != "" {
				g.pushAll(g.pusher(text).Collector(c))
			}
		}
		for _, name := range []string{"", "__x", "a.b", "\xff", "job", "l"} {
			c, _ := pushed()
			g.pushAll(g.pusher("job").Collector(c).Grouping(name, "1"))
		}
	}},
	{Name: "what cannot be pushed", Run: func(t *script.Trace) {
		g := newGateway(t)
		defer g.server.Close()
		labelled := prometheus.NewGauge(prometheus.GaugeOpts{Name: "g", ConstLabels: prometheus.Labels{"job": "j"}})
		broken := sender{nil, []prometheus.Metric{prometheus.NewInvalidMetric(plainDesc, errors.New("no"))}}
		g.pushAll(g.pusher(""))
		g.pushAll(g.pusher("").Grouping("\xff", "1").Collector(labelled))
		g.pushAll(g.pusher("j").Grouping("\xff", "1").Grouping("ok", "1").Collector(labelled))
		g.pushAll(g.pusher("j").Collector(labelled))
		g.pushAll(g.pusher("j").Collector(labelled).Collector(labelled))
		g.pushAll(g.pusher("j").Collector(broken))
		g.pushAll(g.pusher("j").Gatherer(given(errors.New("not now"))))
		g.pushAll(g.pusher("j").Gatherer(given(nil, family("", "h", 1, gaugeWith()))).Format(expfmt.NewFormat(expfmt.TypeTextPlain)))
		g.pushAll(g.pusher("j"))
	}},
	{Name: "headers and credentials of a push", Run: func(t *script.Trace) {
		g := newGateway(t)
		defer g.server.Close()
		c, _ := pushed()
		own := func() http.Header {
			return http.Header{"X-Own": {"1", "2"}, "Content-Type": {"wrong"}, "Authorization": {"Bearer x"}}
		}
		g.saw("delete", g.pusher("j").Collector(c).Header(own()).Delete())
		g.saw("push", g.pusher("j").Collector(c).Header(own()).Push())
		g.saw("push", g.pusher("j").Collector(c).Header(own()).BasicAuth("", "").Push())
		g.saw("push", g.pusher("j").Collector(c).BasicAuth("", "").Header(own()).Push())
		g.pushAll(g.pusher("j").Collector(c).BasicAuth("user", "pass:word"))
	}},
	{Name: "a header that is pushed with and used again", Run: func(t *script.Trace) {
		g := newGateway(t)
		defer g.server.Close()
		header := http.Header{"X-Own": {"1"}}
		g.saw("push", g.pusher("j").Header(header).BasicAuth("user", "pass").Push())
		t.Note("header", header)
	}},
	{Name: "answers of a gateway", Run: func(t *script.Trace) {
		g := newGateway(t)
		defer g.server.Close()
		for _, g.status = range []int{200, 201, 202, 204, 400, 404, 500, 503} {
			c, _ := pushed()
			g.pushAll(g.pusher("job").Collector(c))
		}
	}},
	{Name: "addresses of a gateway", Run: func(t *script.Trace) {
		for _, address := range []string{"host:1", "http://host/", "https://host/base/", "host/base//", "http://user:pw@host", "://host", "http://ho st", ""} {
			doer := doerFunc(func(r *http.Request) (*http.Response, error) {
				t.Note("request", r.Method, r.URL.String(), r.Host)
				return nil, errors.New("not sent")
			})
			p := push.New(address, "job").Client(doer)
			t.Note("results", p.Push(), p.Add(), p.Delete())
		}
	}},
}

type doerFunc func(*http.Request) (*http.Response, error)

func (f doerFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }
