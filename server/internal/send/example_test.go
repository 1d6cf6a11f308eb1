package send_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/cresset-metrics/cresset/server/internal/rule"
	"github.com/cresset-metrics/cresset/server/internal/send"
)

// A Sender takes its Alertmanagers from prometheus.yml. When it ends, it first
// delivers what is queued.
func ExampleSender() {
	alertmanager := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var alerts []struct{ Labels map[string]string }
		err := json.NewDecoder(r.Body).Decode(&alerts)
		fmt.Println(r.Method, r.URL.Path, alerts, err)
	}))
	defer alertmanager.Close()
	config, err := promconfig.Load(fmt.Sprintf(`
global:
  external_labels: {site: harbour}
alerting:
  alertmanagers:
  - static_configs: [{targets: [%q]}]
`, alertmanager.Listener.Addr()), slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Println(err)
		return
	}

	sender := send.New(send.Options{})
	if err := sender.Apply(config); err != nil {
		fmt.Println(err)
		return
	}
	now := time.Now()
	sender.Send([]rule.Alert{{
		Labels:   labels.FromStrings("alertname", "CraneStopped", "crane", "4"),
		StartsAt: now,
		EndsAt:   now.Add(4 * time.Minute),
	}})
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // nothing more is to come
	if err := sender.Run(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// POST /api/v2/alerts [{map[alertname:CraneStopped crane:4 site:harbour]}] <nil>
}
