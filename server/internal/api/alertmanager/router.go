package alertmanager

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	openapi "github.com/go-openapi/errors"
)

// endpoint is one path of the API.
type endpoint struct {
	// name is the path, with {silenceID} where an ID stands; metrics carry it.
	name    string
	methods map[string]http.HandlerFunc
}

const silencePath = "/api/v2/silence/"

// endpoints returns every path. The order of methods in an answer 405 is that of
// methodOrder.
func (api *API) endpoints() map[string]*endpoint {
	all := []*endpoint{
		{"/api/v2/status", map[string]http.HandlerFunc{http.MethodGet: api.getStatus}},
		{"/api/v2/receivers", map[string]http.HandlerFunc{http.MethodGet: api.getReceivers}},
		{"/api/v2/alerts", map[string]http.HandlerFunc{http.MethodGet: api.getAlerts, http.MethodPost: api.postAlerts}},
		{"/api/v2/alerts/groups", map[string]http.HandlerFunc{http.MethodGet: api.getGroups}},
	}
	if api.opts.Silences != nil {
		all = append(all,
			&endpoint{"/api/v2/silences", map[string]http.HandlerFunc{http.MethodGet: api.getSilences, http.MethodPost: api.postSilences}},
			&endpoint{silencePath + "{silenceID}", map[string]http.HandlerFunc{http.MethodGet: api.getSilence, http.MethodDelete: api.deleteSilence}},
		)
	}
	byName := make(map[string]*endpoint, len(all))
	for _, e := range all {
		byName[e.name] = e
	}
	return byName
}

var methodOrder = []string{http.MethodGet, http.MethodPost, http.MethodDelete}

// find returns the endpoint of a request, or nil. Paths are compared as they are
// on the wire, cleaned: a slash at the end makes no difference, and one that is
// escaped is none.
func (api *API) find(u *url.URL) *endpoint {
	p := cleanPath(u)
	if id, ok := strings.CutPrefix(p, silencePath); ok && !strings.Contains(id, "/") {
		p = silencePath + "{silenceID}"
	}
	return api.paths[p]
}

func cleanPath(u *url.URL) string { return path.Clean(u.EscapedPath()) }

// silenceID returns the last part of the path.
func silenceID(r *http.Request) string {
	escaped := strings.TrimPrefix(cleanPath(r.URL), silencePath)
	if id, err := url.PathUnescape(escaped); err == nil {
		return id
	}
	return escaped
}

// serve answers a request: path, method, types of content, then the operation.
func (api *API) serve(w http.ResponseWriter, r *http.Request) {
	e := api.find(r.URL)
	if e == nil {
		openapi.ServeError(w, r, openapi.NotFound("path %s was not found", r.URL.EscapedPath()))
		return
	}
	operation, ok := e.methods[strings.ToUpper(r.Method)]
	if !ok {
		var allowed []string
		for _, m := range methodOrder {
			if e.methods[m] != nil {
				allowed = append(allowed, m)
			}
		}
		openapi.ServeError(w, r, openapi.MethodNotAllowed(r.Method, allowed))
		return
	}
	if api.opts.Pipeline.Config() == nil {
		openapi.ServeError(w, r, openapi.New(http.StatusServiceUnavailable, "no configuration has been loaded yet"))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, api.opts.MaxBodyBytes)
	if err := negotiate(w, r); err != nil {
		api.refuse(w, r, err)
		return
	}
	operation(w, r)
}

// refuse answers with an error that says itself which status it is.
func (api *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	api.opts.Logger.Debug("Request refused", "path", r.URL.Path, "method", r.Method, "err", err)
	openapi.ServeError(w, r, err)
}
