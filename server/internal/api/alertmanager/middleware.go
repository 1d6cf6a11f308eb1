package alertmanager

import (
	"fmt"
	"net/http"
	"regexp"

	openapi "github.com/go-openapi/errors"
	"github.com/rs/cors"
)

// noStore keeps caches out: the next answer may differ.
func noStore(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// crossOrigin lets pages of the trusted origins use the API, and no page of any
// other origin change anything. Without trusted origins no header speaks of
// origins at all.
func crossOrigin(trusted *regexp.Regexp, next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(denyCrossOrigin))
	guarded := protection.Handler(next)
	if trusted == nil {
		return guarded
	}
	matches := func(origin string) bool { return trusted.MatchString(origin) }
	byOrigin := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if origin := r.Header.Get("Origin"); origin != "" && matches(origin) {
			next.ServeHTTP(w, r)
			return
		}
		guarded.ServeHTTP(w, r)
	})
	return cors.New(cors.Options{
		AllowOriginFunc: matches,
		AllowedMethods:  []string{http.MethodGet, http.MethodPost, http.MethodDelete},
		AllowedHeaders:  []string{"*"},
		MaxAge:          600, // seconds for which a browser need not ask again
	}).Handler(byOrigin)
}

// denyCrossOrigin answers a browser that was sent here by a page of another
// origin to change something.
func denyCrossOrigin(w http.ResponseWriter, r *http.Request) {
	openapi.ServeError(w, r, openapi.New(http.StatusForbidden, "%s from a page of another origin is refused", r.Method))
}

// Limit bounds how many GET requests are answered at the same time, since each
// may list every alert, and how long any request may take. All handlers that one
// API limits share the bound.
func (api *API) Limit(next http.Handler) http.Handler {
	limited := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			next.ServeHTTP(w, r)
			return
		}
		select {
		case api.slots <- struct{}{}:
			api.metrics.inFlight.Inc()
			defer func() {
				<-api.slots
				api.metrics.inFlight.Dec()
			}()
			next.ServeHTTP(w, r)
		default:
			api.metrics.limitExceeded.Inc()
			http.Error(w, fmt.Sprintf("Limit of concurrent GET requests reached (%d), try again later.\n", cap(api.slots)), http.StatusServiceUnavailable)
		}
	})
	if api.opts.Timeout <= 0 {
		return limited
	}
	return http.TimeoutHandler(limited, api.opts.Timeout, fmt.Sprintf("Exceeded configured timeout of %v.\n", api.opts.Timeout))
}
