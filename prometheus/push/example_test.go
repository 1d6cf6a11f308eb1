package push_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/prometheus/common/expfmt"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/push"
)

// printer stands for a Pushgateway: it prints what it gets.
func printer() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Printf("%s %s\n%s", r.Method, r.URL.Path, body)
		w.WriteHeader(http.StatusAccepted)
	}))
}

// A job tells at its end when it last succeeded. The next run puts its own time
// in the place of this one.
func ExamplePusher_Push() {
	gateway := printer()
	defer gateway.Close()

	lastSuccess := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "mailing_last_success_timestamp_seconds",
		Help: "When the last mailing went out whole.",
	})
	lastSuccess.Set(1_700_000_000) // SetToCurrentTime, for those with a clock

	err := push.New(gateway.URL, "mailing").
		Grouping("list", "weekly").
		Collector(lastSuccess).
		Format(expfmt.NewFormat(expfmt.TypeTextPlain)). // to be read here
		Push()
	if err != nil {
		fmt.Println("the mailing went out, but nobody will know:", err)
	}
	// Output:
	// PUT /metrics/job/mailing/list/weekly
	// # HELP mailing_last_success_timestamp_seconds When the last mailing went out whole.
	// # TYPE mailing_last_success_timestamp_seconds gauge
	// mailing_last_success_timestamp_seconds 1.7e+09
}

// When a job fails, the time of its last success must stay: Add replaces only
// what is sent.
func ExamplePusher_Add() {
	gateway := printer()
	defer gateway.Close()

	registry := prometheus.NewRegistry()
	bounced := prometheus.NewGauge(prometheus.GaugeOpts{Name: "mailing_bounced_addresses", Help: "Addresses that do not exist."})
	registry.MustRegister(bounced)
	bounced.Set(7)

	err := push.New(gateway.URL, "mailing").
		Gatherer(registry).
		Format(expfmt.NewFormat(expfmt.TypeTextPlain)).
		Add()
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// POST /metrics/job/mailing
	// # HELP mailing_bounced_addresses Addresses that do not exist.
	// # TYPE mailing_bounced_addresses gauge
	// mailing_bounced_addresses 7
}

// A list that is given up takes its metrics along.
func ExamplePusher_Delete() {
	gateway := printer()
	defer gateway.Close()

	if err := push.New(gateway.URL, "mailing").Grouping("list", "weekly").Delete(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// DELETE /metrics/job/mailing/list/weekly
}

// patient tries again once when a request fails.
type patient struct{ client *http.Client }

func (p patient) Do(r *http.Request) (*http.Response, error) {
	response, err := p.client.Do(r)
	if err != nil && r.GetBody != nil {
		if r.Body, err = r.GetBody(); err != nil {
			return nil, err
		}
		return p.client.Do(r)
	}
	return response, err
}

// Whatever can send a request can send a push: one that waits no longer than a
// minute, one that tries again, or both.
func ExampleHTTPDoer() {
	gateway := printer()
	defer gateway.Close()

	var client push.HTTPDoer = patient{&http.Client{Timeout: time.Minute}}
	if err := push.New(gateway.URL, "mailing").Client(client).Delete(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// DELETE /metrics/job/mailing
}
