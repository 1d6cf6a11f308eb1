package cluster_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/internal/peertest"
	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/server/internal/cluster"
	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
	"github.com/cresset-metrics/cresset/server/internal/notify"
)

// alertmanagers are the versions that are there.
var alertmanagers = []struct {
	name    string
	program func(testing.TB) string
}{
	{"0.34.2", peertest.Alertmanager},
	{"Debian", func(testing.TB) string { return "prometheus-alertmanager" }}, // of years ago
}

// mixed is a cluster of a copy of ours and an Alertmanager.
type mixed struct {
	ours       *member
	silences   *silence.Store
	log        *notify.Log
	logMetrics *prometheus.Registry

	config   string       // the file of the Alertmanager
	url      string       // of the Alertmanager
	folder   string       // of its storage
	notified atomic.Int64 // how often its receiver was told anything
}

const (
	first = "0" // as a name: Alertmanager makes up one that comes later
	last  = "~"
)

// newMixed starts both. The name of our copy decides which comes first.
func newMixed(t *testing.T, program, name string, peerTimeout time.Duration) *mixed {
	t.Helper()
	m := &mixed{
		silences:   silence.New(silence.Options{Retention: time.Hour}),
		logMetrics: prometheus.NewRegistry(),
		folder:     t.TempDir(),
	}
	m.log = notify.NewLog(notify.LogOptions{Registerer: m.logMetrics})
	o := options(name)
	o.PeerTimeout = peerTimeout
	m.ours = newMember(t, o)
	m.ours.Share(cluster.Silences, m.silences)
	m.ours.Share(cluster.NotificationLog, m.log)
	m.ours.run(t)

	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { m.notified.Add(1) }))
	t.Cleanup(receiver.Close)
	m.config = filepath.Join(m.folder, "alertmanager.yml")
	write(t, m.config, fmt.Sprintf(`
route: {receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1h}
receivers: [{name: hook, webhook_configs: [{url: %q}]}]
`, receiver.URL))
	m.url = peertest.Start(t, program, func(address string) []string {
		return []string{
			"--config.file=" + m.config, "--storage.path=" + m.folder, "--web.listen-address=" + address, "--log.level=debug",
			"--cluster.listen-address=127.0.0.1:0", "--cluster.peer=" + m.ours.Addr(),
			"--cluster.gossip-interval=20ms", "--cluster.peer-timeout=" + peerTimeout.String(), "--cluster.settle-timeout=0s", "--data.maintenance-interval=100ms",
		}
	}, "/-/ready")
	peertest.Wait(t, func() bool { return len(m.ours.Status().Peers) == 2 }, "the Alertmanager does not come")
	return m
}

// request asks the Alertmanager's API and decodes what it answers. It returns false
// if the status is not 200.
func (m *mixed) request(t *testing.T, method, path string, body, answer any) bool {
	t.Helper()
	var sent bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), method, m.url+"/api/v2"+path, &sent)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode == http.StatusOK && answer != nil {
		if err := json.Unmarshal(got, answer); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, got)
		}
	}
	return resp.StatusCode == http.StatusOK
}

// What either an Alertmanager or a copy of ours is told or has notified, the other
// knows.
func TestWithAlertmanager(t *testing.T) {
	for _, tc := range alertmanagers {
		t.Run(tc.name, func(t *testing.T) {
			m := newMixed(t, tc.program(t), first, time.Millisecond)
			t.Run("positions", m.expectPositions)
			t.Run("its silence", m.expectItsSilence)
			t.Run("our silence", m.expectOurSilence)
			t.Run("its notification", m.expectItsNotification)
			t.Run("our notification", m.expectOurNotification)
			if tc.name == "0.34.2" {
				t.Run("metrics", m.expectSameMetrics)
			}
		})
	}
}

// A copy that is killed says nothing; the others find out and move up.
func TestKilledCopyLosesItsTurn(t *testing.T) {
	ours := newMember(t, options(last)).run(t)
	folder := t.TempDir()
	file := filepath.Join(folder, "alertmanager.yml")
	write(t, file, "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
	killed := exec.Command(peertest.Alertmanager(t), "--config.file="+file, "--storage.path="+folder, "--web.listen-address=127.0.0.1:0",
		"--cluster.listen-address=127.0.0.1:0", "--cluster.peer="+ours.Addr())
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	kill := sync.OnceFunc(func() {
		if err := killed.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = killed.Wait() // that it was killed is no news
	})
	defer kill()
	peertest.Wait(t, func() bool { return ours.Wait() == 15*time.Second }, "the other copy does not come first")
	kill()
	peertest.Wait(t, func() bool { return ours.Wait() == 0 }, "the killed copy is still waited for")
	if n := ours.counter(t, "alertmanager_cluster_failed_peers"); n != 1 {
		t.Errorf("%g copies are known to have failed, want 1", n)
	}
}

func (m *mixed) expectPositions(t *testing.T) {
	peertest.Wait(t, func() bool {
		var status struct {
			Cluster struct {
				Peers []struct{ Name, Address string }
			}
		}
		m.request(t, http.MethodGet, "/status", nil, &status)
		return len(status.Cluster.Peers) == 2
	}, "the Alertmanager does not see two copies")
	expectWait(t, m.ours, 0)
	if got := m.metrics(t)["alertmanager_peer_position"].Metric[0].GetGauge().GetValue(); got != 1 {
		t.Errorf("the Alertmanager is at position %g, want 1", got)
	}
}

func (m *mixed) expectItsSilence(t *testing.T) {
	var made struct{ SilenceID string }
	m.request(t, http.MethodPost, "/silences", map[string]any{
		"matchers": []map[string]any{{"name": "job", "value": "a.*", "isRegex": true}},
		"startsAt": time.Now(), "endsAt": time.Now().Add(time.Hour), "createdBy": "op", "comment": strings.Repeat("long ", 500),
	}, &made)
	silenced := func() []string { return m.silences.SilencedBy(model.LabelSet{"job": "api"}, time.Now()) }
	peertest.Wait(t, func() bool { return slices.Equal(silenced(), []string{made.SilenceID}) }, "silence %s does not silence here", made.SilenceID)
	m.request(t, http.MethodDelete, "/silence/"+made.SilenceID, nil, nil)
	peertest.Wait(t, func() bool { return len(silenced()) == 0 }, "silence %s was expired there, and goes on here", made.SilenceID)
}

func (m *mixed) expectOurSilence(t *testing.T) {
	now := time.Now()
	notDB, err := labels.NewMatcher(labels.MatchNotEqual, "job", "db")
	if err != nil {
		t.Fatal(err)
	}
	id, err := m.silences.Set(t.Context(), now, &silence.Silence{
		Matchers: []labels.Matchers{{notDB}},
		StartsAt: now, EndsAt: now.Add(time.Hour), CreatedBy: "op", Comment: "ours",
	})
	if err != nil {
		t.Fatal(err)
	}
	status := func() string {
		var got struct {
			Status  struct{ State string }
			Comment string
		}
		m.request(t, http.MethodGet, "/silence/"+id, nil, &got)
		return got.Status.State + " " + got.Comment
	}
	peertest.Wait(t, func() bool { return status() == "active ours" }, "silence %s is not active there", id)
	if err := m.silences.Expire(t.Context(), time.Now(), id); err != nil {
		t.Fatal(err)
	}
	peertest.Wait(t, func() bool { return status() == "expired ours" }, "silence %s is not expired there", id)
}

func (m *mixed) expectItsNotification(t *testing.T) {
	alert := model.LabelSet{"alertname": "Theirs", "job": "api"}
	m.request(t, http.MethodPost, "/alerts", []map[string]any{{"labels": alert}}, nil)
	peertest.Wait(t, func() bool { return m.notified.Load() == 1 }, "the receiver was not told")
	peertest.Wait(t, func() bool { return m.log.Told()(`{}:{alertname="Theirs"}`, "hook", alert) }, "what was told is not known here")
}

func (m *mixed) expectOurNotification(t *testing.T) {
	now := time.Now().UTC()
	want := notify.Record{
		Key: notify.Key{GroupKey: `{}:{alertname="Ours"}`, Receiver: "hook", Integration: "webhook"},
		Entry: notify.Entry{
			Firing: notify.Hashes{1, 2}, Resolved: notify.Hashes{3}, Muted: notify.Hashes{4}, At: now, ExpiresAt: now.Add(time.Hour),
			Data: notify.Data{Strings: map[string]string{"ts": "17.1"}},
		},
	}
	if err := m.log.Record(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	var got notify.Record
	peertest.Wait(t, func() bool {
		file, err := os.Open(filepath.Join(m.folder, "nflog"))
		if err != nil {
			return false
		}
		defer file.Close()
		records, err := notify.UnmarshalRecords(file)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(records, func(r notify.Record) bool { return r.Key == want.Key })
		if i < 0 {
			return false
		}
		got = records[i]
		return true
	}, "what was told here is not in the notification log there")
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// metrics returns what the Alertmanager says of itself.
func (m *mixed) metrics(t *testing.T) map[string]*dto.MetricFamily {
	t.Helper()
	resp, err := http.Get(m.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// expectSameMetrics fails unless there are all families of the cluster that the
// Alertmanager has, with its types and texts, and none besides.
func (m *mixed) expectSameMetrics(t *testing.T) {
	var theirs, ours []string
	describe := func(f *dto.MetricFamily) string {
		names := map[string]bool{}
		for _, metric := range f.Metric {
			for _, l := range metric.Label {
				names[l.GetName()] = true
			}
		}
		return fmt.Sprintln(f.GetName(), f.GetType(), slices.Sorted(maps.Keys(names)), f.GetHelp())
	}
	belongs := func(name string) bool {
		return slices.ContainsFunc([]string{"alertmanager_cluster_", "alertmanager_peer_", "alertmanager_oversize"}, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	}
	// Some have no series before others were pinged.
	defer func() {
		if t.Failed() {
			t.Errorf("got\n%s\nwant\n%s", ours, theirs)
		}
	}()
	peertest.Wait(t, func() bool {
		theirs, ours = nil, nil
		for name, f := range m.metrics(t) {
			if belongs(name) {
				theirs = append(theirs, describe(f))
			}
		}
		families, err := m.ours.registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if belongs(f.GetName()) {
				ours = append(ours, describe(f))
			}
		}
		slices.Sort(theirs)
		slices.Sort(ours)
		return slices.Equal(ours, theirs)
	}, "the metrics are not the same")
}
