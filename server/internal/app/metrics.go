package app

import (
	"crypto/md5"
	"log/slog"
	"strconv"
	"sync"
	"time"

	clientprometheus "github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/adapters/clientgolang"
	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/collectors/version"
	"github.com/cresset-metrics/cresset/server/internal/config"
	"github.com/cresset-metrics/cresset/server/internal/notify/integration"
)

// The versions of the servers whose behaviour this one has, which their clients
// ask for: they decide by them what they can expect.
const (
	prometheusVersion   = "3.15.0"
	AlertmanagerVersion = integration.AlertmanagerVersion
)

var versionOf = map[string]string{"prometheus": prometheusVersion, "alertmanager": AlertmanagerVersion}

// registries bring the metrics of this server and those that the libraries in it
// registered with client_golang onto one page.
type registries struct {
	ours   *prometheus.Registry
	theirs *clientprometheus.Registry // of the parts of Prometheus that this server is made of
}

// newRegistries has the versions of the servers for which this one stands.
func newRegistries(version string, servers ...string) *registries {
	r := &registries{ours: prometheus.NewRegistry(), theirs: clientprometheus.NewRegistry()}
	r.ours.MustRegister(
		prometheus.NewGoCollector(),
		prometheus.NewProcessCollector(prometheus.ProcessCollectorOpts{}),
		buildInfo("cresset", version),
	)
	for _, s := range servers {
		r.ours.MustRegister(buildInfo(s, versionOf[s]))
	}
	return r
}

// buildInfo says which version of a program this server stands for, with nothing
// of what is only known of the original's build.
func buildInfo(program, of string) prometheus.Collector {
	return version.NewCollector(program, version.WithExtraConstLabels(prometheus.Labels{
		"version": of, "revision": "", "branch": "", "tags": "",
	}))
}

// Gather returns the families of all registries by name. Where several have one
// of the same name, ours is right, and the others are left out.
func (r *registries) Gather() ([]*dto.MetricFamily, error) {
	return clientgolang.Merge(r.ours, r.theirs, clientprometheus.DefaultGatherer).Gather()
}

// reloadMetrics tell how loading the configuration went, to the readers of both
// servers' dashboards.
type reloadMetrics struct {
	success, time []prometheus.Gauge // of each server
	hash          prometheus.Gauge   // of alertmanager.yml

	mu   sync.Mutex // guards what follows
	ok   bool
	last time.Time
}

func newReloadMetrics(r prometheus.Registerer, servers ...string) *reloadMetrics {
	m := &reloadMetrics{hash: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "alertmanager_config_hash",
		Help: "Hash of the currently loaded alertmanager configuration. Note that this is not a cryptographically strong hash.",
	})}
	r.MustRegister(m.hash)
	for _, server := range servers {
		m.success = append(m.success, prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: server,
			Name:      "config_last_reload_successful",
			Help:      "Whether the last configuration reload attempt was successful.",
		}))
		m.time = append(m.time, prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: server,
			Name:      "config_last_reload_success_timestamp_seconds",
			Help:      "Timestamp of the last successful configuration reload.",
		}))
	}
	for i := range m.success {
		r.MustRegister(m.success[i], m.time[i])
	}
	return m
}

func (m *reloadMetrics) succeeded(at time.Time, c *config.Config) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ok, m.last = true, at
	m.hash.Set(shortHash(c.AlertmanagerText))
	for i := range m.success {
		m.success[i].Set(1)
		m.time[i].Set(float64(at.UnixMilli()) / 1e3)
	}
}

func (m *reloadMetrics) failed() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ok = false
	for _, g := range m.success {
		g.Set(0)
	}
}

// shortHash is as much of an MD5 sum as a float holds, read as Alertmanager does.
func shortHash(content []byte) float64 {
	sum := md5.Sum(content)
	var number uint64
	for i, b := range sum[:6] {
		number |= uint64(b) << (8 * i)
	}
	return float64(number)
}

// state tells whether the last attempt succeeded, and when one last did.
func (m *reloadMetrics) state() (ok bool, last time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ok, m.last
}

// retentionText shows how long samples are kept, for people.
func retentionText(retention time.Duration, maxBytes int64) string {
	switch text := model.Duration(retention).String(); {
	case maxBytes == 0:
		return text
	case retention == 0:
		return strconv.FormatInt(maxBytes, 10) + "B"
	default:
		return text + " or " + strconv.FormatInt(maxBytes, 10) + "B"
	}
}

// errorLog writes what promhttp has to say to the log.
type errorLog struct{ logger *slog.Logger }

func (l errorLog) Println(v ...any) { l.logger.Error("Metrics of this server", "err", v) }
