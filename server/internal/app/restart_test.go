package app

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// activeAlert is an alert of a rule as API v1 shows it.
type activeAlert struct {
	State           string
	ActiveAt        time.Time
	KeepFiringSince time.Time
}

// activeAlerts returns the alerts of all rules by name.
func activeAlerts(base string) (map[string]activeAlert, error) {
	body, err := fetch(base + "api/v1/alerts")
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct {
			Alerts []struct {
				activeAlert
				Labels map[string]string
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		return nil, err
	}
	alerts := make(map[string]activeAlert)
	for _, a := range answer.Data.Alerts {
		alerts[a.Labels["alertname"]] = a.activeAlert
	}
	return alerts, nil
}

// awaitAlert waits until a rule's alert is as it should be, and returns it.
func awaitAlert(t *testing.T, a *App, name, what string, good func(activeAlert) bool) activeAlert {
	t.Helper()
	var found activeAlert
	eventually(t, name+" to be "+what, func() error {
		alerts, err := activeAlerts(a.URL())
		if err != nil {
			return err
		}
		var ok bool
		if found, ok = alerts[name]; !ok || !good(found) {
			return fmt.Errorf("it is %+v", found)
		}
		return nil
	})
	return found
}

func firing(a activeAlert) bool { return a.State == "firing" }

// rulesFile returns a rule file whose groups have the interval of the tests.
func rulesFile(rules ...string) string {
	return "groups:\n- name: g\n  interval: 200ms\n  rules:\n  - " + strings.Join(rules, "\n  - ") + "\n"
}

func replaceFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Alerts of rules go on after a restart where they were: nobody is told anew what
// he knows, and what ended meanwhile is told.
func TestAlertsOfRulesGoOnAfterARestart(t *testing.T) {
	hook, received := webhook(t)
	const (
		fires = "{alert: Fires, expr: vector(1)}"
		// The series of an alert that has been pending for twenty minutes.
		pendingSeries = "{record: ALERTS_FOR_STATE, expr: vector(time() - 1200), labels: {alertname: Pending}}"
	)
	dir := write(t, map[string]string{
		"prometheus.yml":   "rule_files: [rules.yml]\n",
		"alertmanager.yml": alertmanagerYML(hook),
		"rules.yml":        rulesFile(fires, pendingSeries, "{alert: Held, expr: vector(1), keep_firing_for: 1h}", "{alert: Ends, expr: vector(1)}"),
	})
	rules := filepath.Join(dir, "rules.yml")
	o := Options{
		PrometheusFile:   filepath.Join(dir, "prometheus.yml"),
		AlertmanagerFile: filepath.Join(dir, "alertmanager.yml"),
		StoragePath:      t.TempDir(),
	}
	var first, held activeAlert
	t.Run("first run", func(t *testing.T) {
		a := serve(t, o)
		for range 3 {
			receive(t, received, "firing")
		}
		first = awaitAlert(t, a, "Fires", "firing", firing)
		wantValue(t, a.URL(), `ALERTS_FOR_STATE{alertname="Pending"} < bool time() - 1100`, "1")
		replaceFile(t, rules, rulesFile(fires, pendingSeries, "{alert: Held, expr: vector(1) > 1, keep_firing_for: 1h}", "{alert: Ends, expr: vector(1)}"))
		if err := a.Reload(); err != nil {
			t.Fatal(err)
		}
		held = awaitAlert(t, a, "Held", "held up", func(a activeAlert) bool { return firing(a) && !a.KeepFiringSince.IsZero() })
	})
	replaceFile(t, rules, rulesFile(fires, "{alert: Pending, expr: vector(1), for: 1h}",
		"{alert: Held, expr: vector(1) > 1, keep_firing_for: 1h}", "{alert: Ends, expr: vector(1) > 1}"))
	t.Run("second run", func(t *testing.T) {
		begin := time.Now()
		a := serve(t, o)
		if got := awaitAlert(t, a, "Fires", "firing", firing); !got.ActiveAt.Equal(first.ActiveAt) {
			t.Errorf("Fires: active since %v, want %v as before", got.ActiveAt, first.ActiveAt)
		}
		got := awaitAlert(t, a, "Held", "held up", firing)
		if !got.ActiveAt.Equal(held.ActiveAt) || !got.KeepFiringSince.Equal(held.KeepFiringSince) {
			t.Errorf("Held: got %+v, want %+v as before", got, held)
		}
		awaitAlert(t, a, "Pending", "pending for as long as before", func(a activeAlert) bool {
			return a.State == "pending" && a.ActiveAt.Before(begin.Add(-15*time.Minute))
		})
		post(t, a, "New", time.Time{})
		for told, ended := false, false; !told || !ended; {
			select {
			case n := <-received:
				switch name := n.Alerts[0].Labels["alertname"]; {
				case n.Status == "firing" && name == "New":
					told = true
				case n.Status == "resolved" && name == "Ends":
					ended = true
				default:
					t.Errorf("told that %s is %s, which was known", name, n.Status)
				}
			case <-time.After(60 * time.Second):
				t.Fatalf("New was told: %v, and the end of Ends: %v", told, ended)
			}
		}
	})
}

// After a crash the alerts are those of the last save, and without a file that can
// be read they begin anew.
func TestAlertsOfRulesAfterACrash(t *testing.T) {
	dir := write(t, map[string]string{"prometheus.yml": "rule_files: [rules.yml]\n", "rules.yml": rulesFile("{alert: Fires, expr: vector(1)}")})
	o := Options{PrometheusFile: filepath.Join(dir, "prometheus.yml"), StoragePath: t.TempDir()}
	crashed, cut := filepath.Join(t.TempDir(), "crashed"), filepath.Join(t.TempDir(), "cut")
	var before activeAlert
	t.Run("first run", func(t *testing.T) {
		a := serve(t, o)
		before = awaitAlert(t, a, "Fires", "firing", firing)
		if err := a.parts.Load().alerting.state.Save(time.Now()); err != nil {
			t.Fatal(err)
		}
		// What a process leaves that ends at once.
		for _, folder := range []string{crashed, cut} {
			if err := os.CopyFS(filepath.Join(folder, "state"), os.DirFS(filepath.Join(o.StoragePath, "state"))); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("after the crash", func(t *testing.T) {
		o.StoragePath = crashed
		a := serve(t, o)
		if got := awaitAlert(t, a, "Fires", "firing", firing); !got.ActiveAt.Equal(before.ActiveAt) {
			t.Errorf("active since %v, want %v as before", got.ActiveAt, before.ActiveAt)
		}
	})
	t.Run("with a file that was cut off", func(t *testing.T) {
		file := filepath.Join(cut, "state", "alerting")
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(file, info.Size()-1); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		o.StoragePath = cut
		a := serve(t, o)
		if got := awaitAlert(t, a, "Fires", "firing", firing); got.ActiveAt.Before(begin.Add(-time.Second)) {
			t.Errorf("active since %v, want since the start at %v", got.ActiveAt, begin)
		}
	})
}
