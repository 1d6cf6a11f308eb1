package app

import (
	"fmt"
	"log/slog"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/featurecontrol"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/internal/peertest"
	"github.com/cresset-metrics/cresset/server/internal/cluster"
)

// realAlertmanager runs Alertmanager with a file and a folder until the test ends.
func realAlertmanager(t *testing.T, file, storage string, flags ...string) (base string) {
	t.Helper()
	return peertest.Start(t, peertest.Alertmanager(t), func(address string) []string {
		return append([]string{"--config.file=" + file, "--storage.path=" + storage, "--web.listen-address=" + address}, flags...)
	}, "/-/ready") + "/"
}

// postJSON posts JSON, and fails the test if it is not accepted.
func postJSON(t *testing.T, url, body string) {
	t.Helper()
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("POST %s: %s", url, resp.Status)
	}
}

const alone = "--cluster.listen-address="

// A folder of Alertmanager is taken over as it is, and given back: silences hold, and
// nobody is told anew what he knows.
func TestAlertmanagerTakesAFolderOver(t *testing.T) {
	hook, received := webhook(t)
	file := filepath.Join(write(t, map[string]string{"alertmanager.yml": alertmanagerYML(hook)}), "alertmanager.yml")
	storage := t.TempDir()
	// news sends alerts that are known, and then a new one, which has to wait for its
	// group while the others do not: it alone is to be told.
	news := func(t *testing.T, base, name string) {
		t.Helper()
		long := time.Now().Add(-time.Hour).Format(time.RFC3339)
		postJSON(t, base+"api/v2/alerts", fmt.Sprintf(`[{"labels":{"alertname":"Told"},"startsAt":%q},{"labels":{"alertname":"Quiet"},"startsAt":%q}]`, long, long))
		postJSON(t, base+"api/v2/alerts", fmt.Sprintf(`[{"labels":{"alertname":%q}}]`, name))
		if n := receive(t, received, "firing"); n.Alerts[0].Labels["alertname"] != name {
			t.Errorf("got %v told, want %s: the others are known, or silenced", n.Alerts[0].Labels, name)
		}
		if silences, err := fetch(base + "api/v2/silences"); err != nil || !strings.Contains(silences, `"comment":"kept"`) {
			t.Errorf("got silences %s (%v), want the one that was made", silences, err)
		}
	}
	t.Run("theirs", func(t *testing.T) {
		base := realAlertmanager(t, file, storage, alone)
		now := time.Now()
		postJSON(t, base+"api/v2/silences", fmt.Sprintf(`{"matchers":[{"name":"alertname","value":"Quiet","isRegex":false}],"startsAt":%q,"endsAt":%q,"createdBy":"me","comment":"kept"}`,
			now.Format(time.RFC3339), now.Add(time.Hour).Format(time.RFC3339)))
		news(t, base, "Told")
	})
	t.Run("ours", func(t *testing.T) {
		_, base, _ := runAlertmanager(t, AlertmanagerOptions{ConfigFile: file, StoragePath: storage})
		news(t, base, "New")
	})
	t.Run("theirs again", func(t *testing.T) {
		base := realAlertmanager(t, file, storage, alone)
		news(t, base, "Newer")
	})
}

// family is what dashboards need to know of a metric.
type family struct {
	help, kind string
	labels     []string // sets of label names, sorted
	value      float64  // of a gauge without labels
}

// families are Alertmanager's on a page.
func families(t *testing.T, base string) map[string]family {
	t.Helper()
	page, err := fetch(base + "metrics")
	if err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	parsed, err := parser.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]family{}
	for name, f := range parsed {
		if strings.HasPrefix(name, "alertmanager_") {
			out[name] = family{f.GetHelp(), f.GetType().String(), labelSets(f), f.Metric[0].GetGauge().GetValue()}
		}
	}
	return out
}

// sameValue are the gauges that two servers with one configuration have in common.
var sameValue = map[string]bool{
	"alertmanager_config_hash": true, "alertmanager_config_last_reload_successful": true, "alertmanager_receivers": true,
	"alertmanager_integrations": true, "alertmanager_inhibition_rules": true, "alertmanager_cluster_enabled": true,
}

func labelSets(f *dto.MetricFamily) []string {
	var sets []string
	for _, m := range f.Metric {
		var names []string
		for _, l := range m.Label {
			names = append(names, l.GetName())
		}
		slices.Sort(names)
		sets = append(sets, strings.Join(names, ","))
	}
	slices.Sort(sets)
	return slices.Compact(sets)
}

// Dashboards and rules made for Alertmanager find every metric here, with the same
// help, type and labels, with and without the features that add labels.
func TestMetricsOfAlertmanager(t *testing.T) {
	hook, received := webhook(t)
	file := filepath.Join(write(t, map[string]string{"alertmanager.yml": alertmanagerYML(hook)}), "alertmanager.yml")
	for _, features := range []string{"", "alert-names-in-metrics,receiver-name-in-metrics,group-key-in-metrics"} {
		t.Run("features "+features, func(t *testing.T) {
			theirs := realAlertmanager(t, file, t.TempDir(), "--cluster.listen-address=127.0.0.1:0", "--cluster.gossip-interval=10ms", "--enable-feature="+features, "--alerts.per-alertname-limit=1")
			ours := alertmanagerWith(t, file, features)
			// Some metrics come with their first use.
			for _, base := range []string{theirs, ours} {
				postJSON(t, base+"api/v2/alerts", `[{"labels":{"alertname":"A"}},{"labels":{"alertname":"A","n":"2"}}]`)
				receive(t, received, "firing")
				for _, path := range []string{"-/ready", "api/v2/alerts", "api/v2/alerts/groups", "api/v2/silences", "metrics"} {
					if _, err := fetch(base + path); err != nil {
						t.Error(err)
					}
				}
			}
			want, got := families(t, theirs), families(t, ours)
			if len(want) < 60 {
				t.Fatalf("Alertmanager has only %d metrics", len(want))
			}
			for name, w := range want {
				g, ok := got[name]
				if !ok {
					t.Errorf("%s is missing", name)
				} else if g.help != w.help || g.kind != w.kind || !slices.Equal(g.labels, w.labels) {
					t.Errorf("%s: got %+v, want %+v", name, g, w)
				} else if g.value != w.value && sameValue[name] {
					t.Errorf("%s: got %v, want %v", name, g.value, w.value)
				}
			}
		})
	}
}

// alertmanagerWith runs an Alertmanager in a cluster of its own, with features.
func alertmanagerWith(t *testing.T, file, features string) (base string) {
	t.Helper()
	flagger, err := featurecontrol.NewFlags(slog.New(slog.DiscardHandler), features)
	if err != nil {
		t.Fatal(err)
	}
	gossip := cluster.DefaultOptions()
	gossip.GossipInterval = 10 * time.Millisecond
	gossip.ListenAddress = "127.0.0.1:0"
	_, base, _ = runAlertmanager(t, AlertmanagerOptions{
		ConfigFile: file,
		Alerting:   AlertingOptions{PerAlertNameLimit: 1, Cluster: gossip, Features: flagger},
	})
	return base
}

// Probes, scripts and proxies get the answers that Alertmanager gives, beside its API,
// with a prefix and without.
func TestAnswersOfAlertmanager(t *testing.T) {
	dir := write(t, map[string]string{"alertmanager.yml": quietYML})
	file := filepath.Join(dir, "alertmanager.yml")
	for _, prefix := range []string{"", "/am"} {
		theirs := strings.TrimSuffix(peertest.Start(t, peertest.Alertmanager(t), func(address string) []string {
			return []string{"--config.file=" + file, "--storage.path=" + t.TempDir(), "--web.listen-address=" + address, alone, "--web.route-prefix=/" + prefix}
		}, prefix+"/-/ready"), "/")
		a, _, _ := runAlertmanager(t, AlertmanagerOptions{ConfigFile: file, RoutePrefix: prefix})
		ours := "http://" + a.Addrs()[0].String()
		for _, request := range []string{
			"GET /-/healthy", "POST /-/healthy", "OPTIONS /-/healthy", "GET /-/ready", "DELETE /-/ready", "HEAD /-/ready",
			"POST /-/reload", "GET /-/reload", "OPTIONS /-/reload", "PUT /-/reload",
			"POST /metrics", "HEAD /metrics", "OPTIONS /debug/pprof/", "PUT /debug/pprof/cmdline",
			"GET /api/v1/alerts", "POST /api/v1/silences", "GET /api/v1/none",
		} {
			method, path, _ := strings.Cut(request, " ")
			code, header, body := answer(t, method, ours+prefix+path)
			wantCode, wantHeader, wantBody := answer(t, method, theirs+prefix+path)
			got := []string{strconv.Itoa(code), header.Get("Allow"), header.Get("Content-Type"), body}
			want := []string{strconv.Itoa(wantCode), wantHeader.Get("Allow"), wantHeader.Get("Content-Type"), wantBody}
			if method == "HEAD" { // a length and a type are more than nothing
				got, want = got[:2], want[:2]
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s below %q: got %q, want %q", request, prefix, got, want)
			}
		}
		if prefix == "" {
			continue
		}
		for _, path := range []string{"/", "/am", "/none"} {
			code, header, _ := answer(t, "GET", ours+path)
			wantCode, wantHeader, _ := answer(t, "GET", theirs+path)
			if location := header.Get("Location"); code != wantCode || location != wantHeader.Get("Location") {
				t.Errorf("GET %s: got %d to %q, want %d to %q", path, code, location, wantCode, wantHeader.Get("Location"))
			}
		}
	}
}

// amtool needs no other flags than it always had.
func TestAmtoolOfAlertmanager(t *testing.T) {
	_, base, _ := runAlertmanager(t, AlertmanagerOptions{ConfigFile: quietFile(t), RoutePrefix: "/am"})
	amtool := func(args ...string) string {
		t.Helper()
		out, err := exec.Command(peertest.Amtool(t), append([]string{"--alertmanager.url=" + base}, args...)...).CombinedOutput()
		if err != nil {
			t.Errorf("amtool %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	amtool("alert", "add", "Quiet", "n=1")
	id := amtool("silence", "add", "alertname=Quiet", "--author=me", "--comment=kept")
	for _, step := range []struct {
		args []string
		want string
	}{
		{[]string{"silence", "query"}, id},
		{[]string{"alert", "query", "--silenced"}, "Quiet"},
		{[]string{"config", "show"}, "receiver: nobody"},
		{[]string{"config", "routes", "test", "a=b"}, "nobody"},
		{[]string{"cluster", "show"}, "disabled"},
		{[]string{"silence", "expire", id}, ""},
		{[]string{"alert", "query", "--active"}, "Quiet"},
	} {
		if out := amtool(step.args...); !strings.Contains(out, step.want) {
			t.Errorf("amtool %v: got %q, want %q in it", step.args, out, step.want)
		}
	}
}
