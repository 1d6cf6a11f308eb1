package tracing_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	upstream "github.com/prometheus/alertmanager/tracing"

	"github.com/cresset-metrics/cresset/server/internal/tracing"
)

// The address of a receiver is not told to the collector, but for its host.
func TestAddressesAreHidden(t *testing.T) {
	var mu sync.Mutex
	var sent strings.Builder
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what is missing of it is not found below
		mu.Lock()
		defer mu.Unlock()
		sent.Write(body)
	}))
	defer collector.Close()
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer receiver.Close()

	m := tracing.New(slog.New(slog.DiscardHandler))
	config := tracing.Config{ClientType: "http", Endpoint: strings.TrimPrefix(collector.URL, "http://"), Insecure: true, SamplingFraction: 1}
	for range 2 { // as after a reload that changes nothing
		if err := m.Apply(config); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- m.Run(ctx) }()
	client := &http.Client{Transport: upstream.Transport(http.DefaultTransport)}
	request, err := http.NewRequest(http.MethodPost, receiver.URL+"/services/T0KEN?key=PASSW0RD", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Api-Key", "H3ADER")
	request.Header.Set("Authorization", "Bearer H3ADER")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	got := sent.String()
	for _, want := range []string{receiver.URL + "/<secret>", "http.response.status_code"} {
		if !strings.Contains(got, want) {
			t.Errorf("the collector was told\n%q\nwant %q in it", got, want)
		}
	}
	for _, secret := range []string{"T0KEN", "PASSW0RD", "H3ADER"} {
		if strings.Contains(got, secret) {
			t.Errorf("the collector was told\n%q\nwant nothing of %q", got, secret)
		}
	}
}
