package app

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The server that has everything has silences too, and keeps them; it opens no port
// for other copies unless asked to.
func TestAppHasSilences(t *testing.T) {
	hook, received := webhook(t)
	dir := write(t, map[string]string{"prometheus.yml": "{}\n", "alertmanager.yml": alertmanagerYML(hook)})
	o := Options{
		PrometheusFile:   filepath.Join(dir, "prometheus.yml"),
		AlertmanagerFile: filepath.Join(dir, "alertmanager.yml"),
		StoragePath:      t.TempDir(),
	}
	// A silenced alert is due before the one that is told.
	news := func(a *App, name string) {
		t.Helper()
		postJSON(t, a.URL()+"api/v2/alerts", fmt.Sprintf(`[{"labels":{"alertname":"Quiet"},"startsAt":%q}]`, time.Now().Add(-time.Hour).Format(time.RFC3339)))
		post(t, a, name, time.Time{})
		if n := receive(t, received, "firing"); n.Alerts[0].Labels["alertname"] != name {
			t.Errorf("got %v told, want %s: the other is silenced", n.Alerts[0].Labels, name)
		}
	}
	t.Run("first run", func(t *testing.T) {
		a := serve(t, o)
		postJSON(t, a.URL()+"api/v2/silences", fmt.Sprintf(`{"matchers":[{"name":"alertname","value":"Quiet","isRegex":false}],"startsAt":%q,"endsAt":%q,"createdBy":"me","comment":"kept"}`,
			time.Now().Format(time.RFC3339), time.Now().Add(time.Hour).Format(time.RFC3339)))
		news(a, "One")
		for path, part := range map[string]string{"metrics": "\nalertmanager_cluster_enabled 0\n", "silences": "kept", "debug/pprof/": "goroutine", "api/v2/status": `"status":"disabled"`} {
			if page, err := fetch(a.URL() + path); err != nil || !strings.Contains(page, part) {
				t.Errorf("%s: %v, want it to have %q", path, err, part)
			}
		}
	})
	t.Run("second run", func(t *testing.T) { news(serve(t, o), "Two") })
}

func TestAppLoadsRulesThatChange(t *testing.T) {
	dir := write(t, map[string]string{"prometheus.yml": "rule_files: [rules.yml]\n", "rules.yml": rulesFile("{record: old, expr: vector(1)}")})
	a := serve(t, Options{PrometheusFile: filepath.Join(dir, "prometheus.yml"), AutoReloadInterval: 20 * time.Millisecond})
	swapFile(t, filepath.Join(dir, "rules.yml"), rulesFile("{record: new, expr: vector(1)}"))
	eventually(t, "the new rules", func() error {
		rules, err := fetch(a.URL() + "api/v1/rules")
		if err == nil && !strings.Contains(rules, `"new"`) {
			err = fmt.Errorf("the rules are %s", rules)
		}
		return err
	})
}

// What makes a cluster impossible keeps the server from running, and what was
// opened before is closed.
func TestAlertmanagerThatCannotJoin(t *testing.T) {
	o := AlertmanagerOptions{ConfigFile: quietFile(t), StoragePath: t.TempDir(), ListenAddresses: []string{"127.0.0.1:0"}}
	o.Alerting.Cluster.ListenAddress = "127.0.0.1:0"
	a, err := NewAlertmanager(o)
	if err != nil {
		t.Fatal(err)
	}
	err = a.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "--cluster.peer-timeout is 0s") {
		t.Errorf("got %v, want that the peer timeout is not positive", err)
	}
	if _, err := fetch("http://" + a.Addrs()[0].String() + "/-/ready"); err == nil {
		t.Error("the port is still open")
	}
}
