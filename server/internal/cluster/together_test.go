package cluster_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/internal/peertest"
	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/dispatch"
)

// An Alertmanager and a copy of ours that get the same alert and have the same
// configuration tell it once, whichever of them comes first.
func TestOneNotificationForTwo(t *testing.T) {
	for _, tc := range alertmanagers {
		for _, name := range []string{first, last} {
			t.Run(tc.name+" and "+name, func(t *testing.T) {
				t.Parallel() // most of it is waiting for one's turn
				const muchLongerThanGossip = 5 * time.Second
				newMixed(t, tc.program(t), name, muchLongerThanGossip).expectOneNotification(t)
			})
		}
	}
}

func (m *mixed) expectOneNotification(t *testing.T) {
	store := m.runPipeline(t)
	begin := time.Now()
	labels := model.LabelSet{"alertname": "Both", "job": "api"}
	m.request(t, http.MethodPost, "/alerts", []map[string]any{{"labels": labels, "startsAt": begin}}, nil)
	if err := store.Receive(t.Context(), time.Now(), []*alert.Alert{{Alert: model.Alert{Labels: labels, StartsAt: begin}}}); err != nil {
		t.Fatal(err)
	}
	peertest.Wait(t, func() bool { return m.ourDecisions(t) > 0 && m.itsDecisions(t) > 0 && m.notified.Load() > 0 }, "not both have decided")
	if n := m.notified.Load(); n != 1 {
		t.Errorf("the receiver was told %d times, want once", n)
	}
}

// runPipeline runs a pipeline with the Alertmanager's configuration until the test
// ends, and returns where it takes alerts from.
func (m *mixed) runPipeline(t *testing.T) *alert.Store {
	t.Helper()
	c, err := config.LoadFile(m.config)
	if err != nil {
		t.Fatal(err)
	}
	store := alert.NewStore(alert.Options{})
	pipeline := dispatch.New(dispatch.Options{Store: store, Log: m.log, Silences: m.silences, Peer: m.ours})
	if err := pipeline.Apply(c); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := pipeline.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	return store
}

// ourDecisions is how often our copy looked up what was told: once it was its turn.
func (m *mixed) ourDecisions(t *testing.T) float64 {
	t.Helper()
	families, err := m.logMetrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "alertmanager_nflog_queries_total" {
			return f.Metric[0].GetCounter().GetValue()
		}
	}
	t.Fatal("there is no metric of queries")
	return 0
}

// itsDecisions is the same of the Alertmanager.
func (m *mixed) itsDecisions(t *testing.T) float64 {
	t.Helper()
	return m.metrics(t)["alertmanager_nflog_queries_total"].Metric[0].GetCounter().GetValue()
}
