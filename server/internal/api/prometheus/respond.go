package prometheus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/prometheus/prometheus/util/httputil"
)

// handler answers one request, whose form was parsed; see formError. An error
// that is not an apiError is one of execution. A nil answer has no content.
type handler func(*http.Request) (*answer, error)

// answer is what goes out when all went well.
type answer struct {
	data     any
	warnings annotations.Annotations
	release  func() // called when data was encoded; may be nil
}

// kind is the type of an error as clients see it.
type kind string

const (
	badData  kind = "bad_data"
	execute  kind = "execution"
	canceled kind = "canceled"
	timeout  kind = "timeout"
	internal kind = "internal"
	notFound kind = "not_found"
)

// statusClientClosed is for clients that left before the answer; nobody sees it
// but logs and metrics. There is no standard number.
const statusClientClosed = 499

func (k kind) code() int {
	switch k {
	case badData:
		return http.StatusBadRequest
	case execute:
		return http.StatusUnprocessableEntity
	case canceled:
		return statusClientClosed
	case timeout:
		return http.StatusServiceUnavailable
	case notFound:
		return http.StatusNotFound
	default:
		return http.StatusInternalServerError
	}
}

// apiError is an error that knows how clients are told.
type apiError struct {
	kind kind
	err  error
}

func (e *apiError) Error() string { return e.err.Error() }
func (e *apiError) Unwrap() error { return e.err }

func badRequest(err error) error { return &apiError{badData, err} }

// badParam blames a parameter by its name.
func badParam(name string, err error) error {
	return badRequest(fmt.Errorf("invalid parameter %q: %w", name, err))
}

// classify gives an error of the engine or the storage its type.
func classify(err error) *apiError {
	if e, ok := errors.AsType[*apiError](err); ok {
		return e
	}
	if _, ok := errors.AsType[promql.ErrQueryCanceled](err); ok {
		return &apiError{canceled, err}
	}
	if _, ok := errors.AsType[promql.ErrQueryTimeout](err); ok {
		return &apiError{timeout, err}
	}
	if _, ok := errors.AsType[promql.ErrStorage](err); ok {
		return &apiError{internal, err}
	}
	if errors.Is(err, context.Canceled) {
		return &apiError{canceled, err}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &apiError{timeout, err}
	}
	return &apiError{execute, err}
}

// maxBody bounds the body of a request: a query that is longer is a mistake.
const maxBody = 10 << 20

// serve makes a handler one of net/http: it reads the form, sets the headers
// for other origins, compresses, and writes the envelope around the data.
func (a *API) serve(h handler) http.Handler {
	return httputil.CompressionHandler{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.allowOrigin(w, r)
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if err := r.ParseForm(); err != nil {
			if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
				a.fail(w, badRequest(fmt.Errorf("request body is larger than %d bytes", tooLarge.Limit)))
				return
			}
			r = r.WithContext(context.WithValue(r.Context(), formErrorKey{}, err))
		}
		res, err := h(r)
		if err != nil {
			a.fail(w, err)
			return
		}
		if res == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		body, err := encodeAnswer(res, r.FormValue("query"))
		if err != nil {
			a.o.Logger.Error("Cannot encode an answer", "path", r.URL.Path, "err", err)
			a.fail(w, &apiError{internal, err})
			return
		}
		a.write(w, http.StatusOK, body)
	})}
}

type formErrorKey struct{}

// formError refuses a request whose form was not read whole: only what could be
// read is in the form. Handlers that do not ask make do with that.
func formError(r *http.Request) error {
	if err, ok := r.Context().Value(formErrorKey{}).(error); ok {
		return badRequest(fmt.Errorf("error parsing form values: %w", err))
	}
	return nil
}

func (a *API) fail(w http.ResponseWriter, err error) {
	e := classify(err)
	body, err := json.Marshal(struct {
		Status    string `json:"status"`
		ErrorType kind   `json:"errorType"`
		Error     string `json:"error"`
	}{"error", e.kind, e.Error()})
	if err != nil { // cannot be: these are strings
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	a.write(w, e.kind.code(), body)
}

func (a *API) write(w http.ResponseWriter, code int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if _, err := w.Write(body); err != nil {
		a.o.Logger.Debug("A client left before its answer was written", "err", err)
	}
}

// allowOrigin lets a page of another origin read the answer, where that is
// allowed.
func (a *API) allowOrigin(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" || a.o.CORSOrigin == nil || !a.o.CORSOrigin.MatchString(origin) {
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Origin")
	h.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
	h.Set("Access-Control-Expose-Headers", "Date")
}
