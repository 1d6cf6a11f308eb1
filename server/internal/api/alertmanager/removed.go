package alertmanager

import (
	"net/http"
	"slices"
	"strings"
)

// removed are the paths that version 1 of the API had, with the methods of each.
var removed = map[string][]string{
	"/status":       {http.MethodGet},
	"/receivers":    {http.MethodGet},
	"/alerts":       {http.MethodGet, http.MethodPost},
	"/silences":     {http.MethodGet, http.MethodPost},
	"/silence/:sid": {http.MethodDelete, http.MethodGet},
}

// RegisterRemoved answers requests for prefix + "/api/v1/", which clients up to
// 2019 may still send, with 410 and where to go. It is apart from [API.Register]
// because Prometheus' API has the same path.
func (api *API) RegisterRemoved(mux *http.ServeMux, prefix string) {
	handlers := make(map[string]http.Handler, len(removed))
	for name, methods := range removed {
		handlers[name] = api.gone(name, methods)
	}
	prefix += "/api/v1"
	mux.Handle(prefix+"/", api.Limit(http.StripPrefix(prefix, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path
		if id, ok := strings.CutPrefix(name, "/silence/"); ok && id != "" && !strings.Contains(id, "/") {
			name = "/silence/:sid"
		}
		if h, ok := handlers[name]; ok {
			h.ServeHTTP(w, r)
			return
		}
		http.NotFound(w, r)
	}))))
}

// gone answers the methods that a path had with 410.
func (api *API) gone(name string, methods []string) http.Handler {
	answer := struct {
		Status string `json:"status"`
		Error  string `json:"error"`
	}{
		"deprecated",
		"The Alertmanager v1 API was deprecated in version 0.16.0 and is removed as of version 0.27.0 - please use the equivalent route in the v2 API",
	}
	allowed := strings.Join(append(slices.Clone(methods), http.MethodOptions), ", ")
	handler := api.Instrument(name, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		api.opts.Logger.Warn("v1 API received a request on a removed endpoint", "path", r.URL.Path, "method", r.Method)
		w.Header().Set("Content-Type", jsonType)
		respond(w, http.StatusGone, answer)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case slices.Contains(methods, r.Method):
			handler.ServeHTTP(w, r)
		case r.Method == http.MethodOptions:
			w.Header().Set("Allow", allowed)
		default:
			w.Header().Set("Allow", allowed)
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		}
	})
}
