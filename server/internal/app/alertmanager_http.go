package app

import (
	"context"
	"expvar"
	"net/http"
	"net/http/pprof"
	"slices"
	"strings"

	amapi "github.com/cresset-metrics/cresset/server/internal/api/alertmanager"
	page "github.com/cresset-metrics/cresset/server/internal/web"
)

// onlyAlerting is the house of an [Alertmanager].
type onlyAlerting struct {
	*alerting
	server *Alertmanager
}

func (h *onlyAlerting) start(fail context.CancelCauseFunc) []*running { return h.alerting.start(fail) }

func (*onlyAlerting) stopping() (done func()) { return func() {} }

func (h *onlyAlerting) handler() http.Handler { return h.server.routes(h.alerting) }

// routes is the handler of an Alertmanager that is ready. docs/paths-and-flags.md
// has its table.
func (a *Alertmanager) routes(p *alerting) http.Handler {
	mux := http.NewServeMux()
	prefix := a.prefix

	api := a.alertmanagerAPI(p, amapi.Options{Timeout: a.o.Timeout, CORSOrigin: a.o.CORSOrigin})
	api.Register(mux, prefix)
	api.RegisterRemoved(mux, prefix)
	mux.Handle("/", api.Limit(a.otherRoutes(p, api)))
	return mux
}

// otherRoutes are those that are not the API's. Each is measured under the name that
// Alertmanager has for it.
func (a *Alertmanager) otherRoutes(p *alerting, api *amapi.API) http.Handler {
	mux := http.NewServeMux()
	prefix := a.prefix
	measured := func(path, name string, h http.Handler, methods ...string) {
		mux.Handle(prefix+path, methodsOnly(api.Instrument(name, h), methods...))
	}
	measured("/metrics", "/metrics", a.metricsPage(), http.MethodGet)
	measured("/-/healthy", "/-/healthy", text("OK"), http.MethodGet, http.MethodHead)
	measured("/-/ready", "/-/ready", text("OK"), http.MethodGet, http.MethodHead)
	measured("/-/reload", "/-/reload", http.NewCrossOriginProtection().Handler(http.HandlerFunc(a.reloadRequest)), http.MethodPost)
	measured("/debug/pprof/", "/debug/*subpath", http.StripPrefix(prefix, profiles()), http.MethodGet, http.MethodPost)
	measured("/debug/vars", "/debug/*subpath", expvar.Handler(), http.MethodGet, http.MethodPost)

	pages := http.NewServeMux()
	page.New(page.Options{
		Pipeline:    p.pipeline,
		Silences:    p.silences,
		ExternalURL: a.externalURL,
		Version:     a.version,
		Logger:      a.logger.With("component", "web"),
	}).Register(pages, prefix)
	mux.Handle(prefix+"/", api.Instrument("/", pages))
	if prefix != "" {
		mux.Handle("GET /{$}", api.Instrument("/", http.RedirectHandler(prefix, http.StatusFound)))
		mux.Handle("GET "+prefix, http.RedirectHandler(prefix+"/", http.StatusMovedPermanently))
	}
	return mux
}

// methodsOnly says to who uses another method which ones there are, as Alertmanager's
// router does.
func methodsOnly(h http.Handler, methods ...string) http.Handler {
	allowed := append([]string{http.MethodOptions}, methods...)
	slices.Sort(allowed)
	allow := strings.Join(allowed, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case slices.Contains(methods, r.Method):
			h.ServeHTTP(w, r)
		case r.Method == http.MethodOptions:
			w.Header().Set("Allow", allow)
		default:
			w.Header().Set("Allow", allow)
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		}
	})
}

func (a *Alertmanager) reloadRequest(w http.ResponseWriter, _ *http.Request) {
	if err := a.Reload(); err != nil {
		http.Error(w, "failed to reload config: "+err.Error(), http.StatusInternalServerError)
	}
}

// profiles show what the process is doing, to go tool pprof.
func profiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
