package dispatch

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
)

// message is what a webhook receives.
type message struct {
	Version            string            `json:"version"`
	GroupKey           string            `json:"groupKey"`
	Receiver           string            `json:"receiver"`
	Status             string            `json:"status"`
	NotificationReason string            `json:"notification_reason"`
	GroupLabels        map[string]string `json:"groupLabels"`
	RouteLabels        map[string]string `json:"routeLabels"`
	ExternalURL        string            `json:"externalURL"`
	Alerts             []struct {
		Status       string            `json:"status"`
		Labels       map[string]string `json:"labels"`
		Annotations  map[string]string `json:"annotations"`
		EndsAt       time.Time         `json:"endsAt"`
		GeneratorURL string            `json:"generatorURL"`
	} `json:"alerts"`
}

// An alert that fires and resolves reaches a webhook through the real
// integration, over a real connection.
func TestWebhook(t *testing.T) {
	received := make(chan message, 16)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m message
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			t.Errorf("webhook body: %v", err)
		}
		received <- m
	}))
	defer srv.Close()
	external, err := url.Parse("http://cresset.example/alerts")
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(fmt.Sprintf(`
route: {receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 50ms, labels: {greeting: 'hello {{ .GroupLabels.alertname }}'}}
receivers: [{name: hook, webhook_configs: [{url: %q}]}]`, srv.URL))
	if err != nil {
		t.Fatal(err)
	}

	store := alert.NewStore(alert.Options{})
	p := New(Options{Store: store, ExternalURL: external})
	if err := p.Apply(c); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- p.Run(ctx) }()

	begin := time.Now()
	send := func(ends time.Time) {
		t.Helper()
		err := store.Receive(t.Context(), time.Now(), []*alert.Alert{{Alert: model.Alert{
			Labels:       model.LabelSet{"alertname": "Down", "instance": "a:1"},
			Annotations:  model.LabelSet{"summary": "it is down"},
			StartsAt:     begin,
			EndsAt:       ends,
			GeneratorURL: "http://cresset.example/graph",
		}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	next := func() message {
		t.Helper()
		select {
		case m := <-received:
			return m
		case <-time.After(30 * time.Second):
			t.Fatal("no notification came")
			return message{}
		}
	}

	send(begin.Add(time.Hour))
	m := next()
	if m.Version != "4" || m.GroupKey != `{}:{alertname="Down"}` || m.Receiver != "hook" || m.Status != "firing" || m.NotificationReason != "first notification" ||
		m.GroupLabels["alertname"] != "Down" || m.RouteLabels["greeting"] != "hello Down" || m.ExternalURL != external.String() {
		t.Errorf("firing: got %+v", m)
	}
	if len(m.Alerts) != 1 || m.Alerts[0].Status != "firing" || m.Alerts[0].Labels["instance"] != "a:1" || m.Alerts[0].Annotations["summary"] != "it is down" ||
		!m.Alerts[0].EndsAt.IsZero() || m.Alerts[0].GeneratorURL != "http://cresset.example/graph" {
		t.Errorf("firing: got alerts %+v", m.Alerts)
	}

	ends := time.Now()
	send(ends)
	m = next()
	if m.Status != "resolved" || m.NotificationReason != "all alerts resolved" || len(m.Alerts) != 1 || m.Alerts[0].Status != "resolved" || !m.Alerts[0].EndsAt.Equal(ends) {
		t.Errorf("resolved: got %+v", m)
	}

	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}
