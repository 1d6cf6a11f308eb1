package alertmanager

import (
	"encoding/json"
	"net/http"
)

// respond writes a JSON answer. What can still fail then is the connection,
// about which nobody is left to be told.
func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// badRequest answers with the reason, a bare JSON string.
func badRequest(w http.ResponseWriter, reason string) {
	respond(w, http.StatusBadRequest, reason)
}
