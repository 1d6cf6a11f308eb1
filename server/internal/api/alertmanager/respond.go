package alertmanager

import (
	"encoding/json"
	"net/http"
)

// respond writes a JSON answer, under the type of content that is set already.
// What can still fail then is the connection, about which nobody is left to be
// told. Characters that mean something in HTML stand as they are.
func respond(w http.ResponseWriter, status int, body any) {
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body)
}

// respondEscaped is respond for alerts, where those characters always were
// escaped.
func respondEscaped(w http.ResponseWriter, status int, body any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// respondEmpty answers without a body, and so without a type of content.
func respondEmpty(w http.ResponseWriter, status int) {
	w.Header().Del("Content-Type")
	w.WriteHeader(status)
}

// badRequest answers with the reason, a bare JSON string.
func badRequest(w http.ResponseWriter, reason string) {
	respond(w, http.StatusBadRequest, reason)
}

// internalError answers with what went wrong here, a bare JSON string.
func internalError(w http.ResponseWriter, err error) {
	respond(w, http.StatusInternalServerError, err.Error())
}
