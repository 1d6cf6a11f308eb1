package app

import (
	"net/http"
	"runtime"
	"strings"

	"github.com/cresset-metrics/cresset/prometheus/promhttp"
	amapi "github.com/cresset-metrics/cresset/server/internal/api/alertmanager"
	promapi "github.com/cresset-metrics/cresset/server/internal/api/prometheus"
	"github.com/cresset-metrics/cresset/server/internal/storage"
	page "github.com/cresset-metrics/cresset/server/internal/web"
)

// routes is the handler of a server that is ready. docs/paths-and-flags.md has
// its table.
func (a *App) routes(p *parts) http.Handler {
	mux := http.NewServeMux()
	prefix := a.prefix

	promapi.New(promapi.Options{
		Engine:               p.query,
		Storage:              p.storage,
		Targets:              p.scraper,
		Rules:                p.rules.Groups,
		Alertmanagers:        p.sender.Alertmanagers,
		DroppedAlertmanagers: p.sender.DroppedAlertmanagers,
		Config:               a.shownConfig,
		Flags:                a.o.Flags,
		Build:                promapi.BuildInfo{Version: prometheusVersion, Revision: "cresset-" + a.o.Version, GoVersion: runtime.Version()},
		Runtime:              a.runtimeInfo,
		ListenAddress:        a.Addr().String(),
		ExternalURL:          a.externalURL,
		CORSOrigin:           a.o.CORSOrigin,
		Logger:               a.logger.With("component", "api"),
	}).Register(mux, prefix)

	a.alertmanagerAPI(p.alerting, amapi.Options{}).Register(mux, prefix)

	page.New(page.Options{
		Engine:      p.query,
		Pipeline:    p.alerting.pipeline,
		Silences:    p.alerting.silences,
		Rules:       p.rules.Groups,
		Targets:     p.scraper,
		ExternalURL: a.externalURL,
		Version:     a.o.Version,
		Logger:      a.logger.With("component", "web"),
	}).Register(mux, prefix)

	handle(mux, prefix+"/metrics", a.metricsPage(), http.MethodGet)
	handle(mux, prefix+"/debug/pprof/", http.StripPrefix(prefix, profiles()), http.MethodGet, http.MethodPost)
	handle(mux, prefix+"/-/healthy", text("Prometheus Server is Healthy.\n"), http.MethodGet)
	handle(mux, prefix+"/-/ready", text("Prometheus Server is Ready.\n"), http.MethodGet)
	handle(mux, prefix+"/-/reload", http.NewCrossOriginProtection().Handler(http.HandlerFunc(a.reloadRequest)),
		http.MethodPost, http.MethodPut)
	return mux
}

// alertmanagerAPI is Alertmanager's API over the parts, with what the options say
// beyond that.
func (s *server) alertmanagerAPI(p *alerting, o amapi.Options) *amapi.API {
	o.Store = p.alerts
	o.Pipeline = p.pipeline
	o.Silences = p.silences
	if p.cluster != nil {
		o.Cluster = p.clusterStatus
	}
	o.Version = amapi.Version{Version: AlertmanagerVersion, Revision: "cresset-" + s.version, GoVersion: runtime.Version()}
	o.Started = s.started
	o.Concurrency = p.o.GetConcurrency
	o.Logger = s.logger.With("component", "api")
	o.Registerer = s.registry.ours
	return amapi.New(o)
}

func (p *alerting) clusterStatus() amapi.ClusterStatus {
	status := p.cluster.Status()
	told := amapi.ClusterStatus{Name: status.Name, Status: status.Status}
	for _, peer := range status.Peers {
		told.Peers = append(told.Peers, amapi.Peer{Name: peer.Name, Address: peer.Address})
	}
	return told
}

// metricsPage has the metrics of all parts.
func (s *server) metricsPage() http.Handler {
	return promhttp.InstrumentMetricHandler(s.registry.ours,
		promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{
			ErrorHandling: promhttp.ContinueOnError,
			ErrorLog:      errorLog{s.logger},
			Registry:      s.registry.ours,
		}))
}

// handle serves a path by these methods, and says so to those who use another.
// GET includes HEAD.
func handle(mux *http.ServeMux, path string, h http.Handler, methods ...string) {
	for _, method := range methods {
		mux.Handle(method+" "+path, h)
	}
	allow := strings.Join(methods, ", ")
	mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", allow)
		say(w, http.StatusMethodNotAllowed, "Only "+strings.ReplaceAll(allow, ", ", " or ")+" requests allowed.\n")
	})
}

func (a *App) reloadRequest(w http.ResponseWriter, _ *http.Request) {
	if !a.o.EnableLifecycle {
		say(w, http.StatusForbidden, "Lifecycle API is not enabled.\n")
		return
	}
	if err := a.Reload(); err != nil {
		say(w, http.StatusInternalServerError, "failed to reload config: "+err.Error()+"\n")
	}
}

// text answers with 200.
func text(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, body) })
}

// starting answers while the parts are built, which may take as long as the storage
// needs to read what was not yet written to blocks.
func starting(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/-/healthy") {
		say(w, http.StatusOK, "The server is starting.\n")
		return
	}
	say(w, http.StatusServiceUnavailable, "Service Unavailable: the server is starting.\n")
}

func stopping(w http.ResponseWriter, _ *http.Request) {
	say(w, http.StatusServiceUnavailable, "Service Unavailable: the server is stopping.\n")
}

func say(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(text)) // a client that went away needs no answer
}

// shownConfig is prometheus.yml as it is in effect, without its secrets.
func (a *App) shownConfig() string {
	return a.reloader.current.Load().Prometheus.String()
}

func (a *App) runtimeInfo() promapi.RuntimeInfo {
	success, last := a.reloader.metrics.state()
	retention := a.o.StorageRetention
	if retention == 0 && a.o.StorageMaxBytes == 0 {
		retention = storage.DefaultRetention
	}
	return promapi.RuntimeInfo{
		StartTime:        a.started,
		ReloadSuccess:    success,
		LastReload:       last,
		StorageRetention: retentionText(retention, a.o.StorageMaxBytes),
	}
}
