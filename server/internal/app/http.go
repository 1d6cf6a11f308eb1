package app

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/prometheus/exporter-toolkit/web"

	"github.com/cresset-metrics/cresset/prometheus/promhttp"
	amapi "github.com/cresset-metrics/cresset/server/internal/api/alertmanager"
	promapi "github.com/cresset-metrics/cresset/server/internal/api/prometheus"
	"github.com/cresset-metrics/cresset/server/internal/storage"
	page "github.com/cresset-metrics/cresset/server/internal/web"
)

const (
	// headerTimeout bounds how long a client may take to send its request's
	// head, so that idle connections do not pile up.
	headerTimeout = 10 * time.Second
	// requestGrace is how long requests that are under way may take when the
	// server stops.
	requestGrace = 2 * time.Second
)

// serve answers requests with whatever handler is in force, until ctx ends.
func (a *App) serve(ctx context.Context) error {
	server := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*a.handler.Load()).ServeHTTP(w, r) }),
		ReadHeaderTimeout: headerTimeout,
	}
	failed := make(chan error, 1)
	go func() {
		flags := &web.FlagConfig{WebConfigFile: &a.o.WebConfigFile}
		failed <- web.Serve(a.listener, server, flags, a.logger.With("part", "web"))
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), requestGrace)
	defer cancel()
	if err := server.Shutdown(grace); errors.Is(err, context.DeadlineExceeded) {
		_ = server.Close() // those still under way are cut off; the error says no more
	}
	<-failed
	return nil
}

// routes is the handler of a server that is ready. docs/paths-and-flags.md has
// its table.
func (a *App) routes(p *parts) http.Handler {
	mux := http.NewServeMux()
	prefix := a.o.RoutePrefix

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
		ListenAddress:        a.listener.Addr().String(),
		ExternalURL:          a.o.ExternalURL,
		CORSOrigin:           a.o.CORSOrigin,
		Logger:               a.logger.With("part", "api"),
	}).Register(mux, prefix)

	amapi.New(amapi.Options{
		Store:      p.alerts,
		Pipeline:   p.pipeline,
		Version:    amapi.Version{Version: alertmanagerVersion, Revision: "cresset-" + a.o.Version, GoVersion: runtime.Version()},
		Started:    a.started,
		Logger:     a.logger.With("part", "api"),
		Registerer: a.registry.ours,
	}).Register(mux, prefix)

	page.New(page.Options{
		Engine:      p.query,
		Pipeline:    p.pipeline,
		Rules:       p.rules.Groups,
		Targets:     p.scraper,
		ExternalURL: a.o.ExternalURL,
		Version:     a.o.Version,
		Logger:      a.logger.With("part", "web"),
	}).Register(mux, prefix)

	metrics := promhttp.InstrumentMetricHandler(a.registry.ours,
		promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{
			ErrorHandling: promhttp.ContinueOnError,
			ErrorLog:      errorLog{a.logger},
			Registry:      a.registry.ours,
		}))
	handle(mux, prefix+"/metrics", metrics, http.MethodGet)
	handle(mux, prefix+"/-/healthy", http.HandlerFunc(healthy), http.MethodGet)
	handle(mux, prefix+"/-/ready", http.HandlerFunc(ready), http.MethodGet)
	handle(mux, prefix+"/-/reload", http.NewCrossOriginProtection().Handler(http.HandlerFunc(a.reloadRequest)),
		http.MethodPost, http.MethodPut)
	return mux
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

// The answers of a server that is alive; Prometheus' texts, which probes may
// look for.
func healthy(w http.ResponseWriter, _ *http.Request) {
	say(w, http.StatusOK, "Prometheus Server is Healthy.\n")
}

func ready(w http.ResponseWriter, _ *http.Request) {
	say(w, http.StatusOK, "Prometheus Server is Ready.\n")
}

// starting answers while the parts are built, which takes as long as the storage
// needs to read what was not yet written to blocks.
func starting(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/-/healthy") {
		healthy(w, r)
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
	return a.config.Load().Prometheus.String()
}

func (a *App) runtimeInfo() promapi.RuntimeInfo {
	success, last := a.reloads.state()
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
