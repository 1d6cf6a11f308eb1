package alertmanager

import (
	"fmt"
	"net/http"

	openapi "github.com/go-openapi/errors"
)

// noStore keeps caches out: the next answer may differ.
func noStore(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// denyCrossOrigin answers a browser that was sent here by a page of another
// origin to change something.
func denyCrossOrigin(w http.ResponseWriter, r *http.Request) {
	openapi.ServeError(w, r, openapi.New(http.StatusForbidden, "%s from a page of another origin is refused", r.Method))
}

// limit bounds how many GET requests are answered at the same time, since each
// may list every alert.
func (api *API) limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
}
