package integration_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/internal/peertest"
	"github.com/cresset-metrics/cresset/server/internal/tracing"
)

// A notification is a trace: from the flush over all stages to the request, which
// carries it on.
func TestNotificationIsTraced(t *testing.T) {
	var mu sync.Mutex // guards spans and parent
	var spans, parent string
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what is missing is found missing
		mu.Lock()
		defer mu.Unlock()
		spans += string(body)
	}))
	defer collector.Close()
	service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		parent = r.Header.Get("Traceparent")
	}))
	defer service.Close()

	m := tracing.New(slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	if err := m.Apply(tracing.Config{ClientType: "http", Endpoint: collector.Listener.Addr().String(), Insecure: true, SamplingFraction: 1}); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, write(t, t.TempDir(), "alertmanager.yml", `
route: {receiver: team, group_wait: 0s, group_by: [alertname]}
receivers: [{name: team, webhook_configs: [{url: '`+service.URL+`'}]}]
`))
	r.receive(t, model.Alert{Labels: model.LabelSet{"alertname": "A"}, EndsAt: time.Now().Add(time.Hour)})
	peertest.Wait(t, func() bool { return r.value(t, "alertmanager_notification_requests_total", "webhook") == 1 }, "nobody is notified")
	r.stop()
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, want := range []string{
		"dispatch.AggregationGroup.flush", "alerting.aggregation_group.key", `{}:{alertname="A"}`,
		"notify.RoutingStage.Exec", "alerting.notify.receiver.name", "team",
		"notify.MuteStage.Exec", "alerting.alerts.count",
		"notify.DedupStage.Exec",
		"notify.RetryStage.Exec", "alerting.integration.name", "webhook",
		"notify.Integration.Notify", "alerting.notify.integration.name",
		"notify.SetNotifiesStage.Exec",
		"HTTP POST",
		"service.name", "alertmanager",
	} {
		if !strings.Contains(spans, want) {
			t.Errorf("no span or attribute %q", want)
		}
	}
	if parent == "" {
		t.Error("the request has no header traceparent")
	}
}
