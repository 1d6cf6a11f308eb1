package app

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// post sends one alert to the Alertmanager API; the zero end means that it fires.
func post(t *testing.T, a *App, name string, ends time.Time) {
	t.Helper()
	alert := map[string]any{"labels": map[string]string{"alertname": name}}
	if !ends.IsZero() {
		alert["endsAt"] = ends
	}
	body, err := json.Marshal([]any{alert})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(a.URL()+"api/v2/alerts", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("POST of alert %s: %s", name, resp.Status)
	}
}

// What was acknowledged is there after a restart: the alert, and that somebody
// was told about it.
func TestAlertsAndNotificationsSurviveARestart(t *testing.T) {
	hook, received := webhook(t)
	dir := write(t, map[string]string{"prometheus.yml": "{}\n", "alertmanager.yml": alertmanagerYML(hook)})
	o := Options{
		PrometheusFile:   filepath.Join(dir, "prometheus.yml"),
		AlertmanagerFile: filepath.Join(dir, "alertmanager.yml"),
		StoragePath:      t.TempDir(),
	}
	t.Run("first run", func(t *testing.T) {
		a := serve(t, o)
		post(t, a, "Kept", time.Time{})
		if n := receive(t, received, "firing"); n.Alerts[0].Labels["alertname"] != "Kept" {
			t.Errorf("got %v firing, want Kept", n.Alerts[0].Labels)
		}
	})
	t.Run("second run", func(t *testing.T) {
		a := serve(t, o)
		alerts, err := fetch(a.URL() + "api/v2/alerts")
		if err != nil || !strings.Contains(alerts, `"alertname":"Kept"`) {
			t.Errorf("got alerts %s (%v), want Kept", alerts, err)
		}
		// Kept has waited long enough and is looked at once the server runs; the
		// new alert has to wait first. When that is told, Kept would have been.
		post(t, a, "New", time.Time{})
		if n := receive(t, received, "firing"); n.Alerts[0].Labels["alertname"] != "New" {
			t.Errorf("got %v firing, want New: Kept was told before", n.Alerts[0].Labels)
		}
		post(t, a, "Kept", time.Now())
		if n := receive(t, received, "resolved"); n.Alerts[0].Labels["alertname"] != "Kept" {
			t.Errorf("got %v resolved, want Kept", n.Alerts[0].Labels)
		}
	})
}

// A state that cannot be read does not keep the server from starting.
func TestStateThatCannotBeReadIsPutAside(t *testing.T) {
	storage := t.TempDir()
	folder := filepath.Join(storage, "state")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "alerting"), []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	serve(t, Options{StoragePath: storage})
	if aside, _ := filepath.Glob(filepath.Join(folder, "alerting.unreadable-*")); len(aside) != 1 {
		t.Errorf("got %q put aside, want one file", aside)
	}
}

// A state that cannot be written does not keep the server from running; at the
// end it says that what it knew is lost.
func TestStateThatCannotBeWrittenIsReported(t *testing.T) {
	storage := write(t, map[string]string{"state": "a file where a folder should be"})
	a, err := New(Options{ListenAddress: "127.0.0.1:0", StoragePath: storage})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	eventually(t, "the server to be ready", func() error {
		_, err := fetch(a.URL() + "-/ready")
		return err
	})
	stop()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "cannot be saved") {
		t.Errorf("Run: got %v, want that the state cannot be saved", err)
	}
}
