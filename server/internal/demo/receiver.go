package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// maxNotification bounds the body of a notification, in bytes.
const maxNotification = 1 << 20

// Notification is what a webhook is told: Alertmanager's message, version 4.
type Notification struct {
	Version         string  `json:"version"`
	Status          string  `json:"status"` // firing if any alert is, else resolved
	Receiver        string  `json:"receiver"`
	ExternalURL     string  `json:"externalURL"` // of the server that sent it
	Alerts          []Alert `json:"alerts"`
	TruncatedAlerts uint64  `json:"truncatedAlerts"` // how many more there were
}

// Alert is one alert of a notification.
type Alert struct {
	Status       string            `json:"status"` // firing or resolved
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`       // has a meaning if resolved
	GeneratorURL string            `json:"generatorURL"` // leads to its expression
}

// The states of alerts and notifications.
const (
	firing   = "firing"
	resolved = "resolved"
)

// Receiver is a webhook. For each notification it calls told, and answers the
// sender when that has returned: with an error, the sender will try again.
func Receiver(told func(Notification) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "notifications are posted", http.StatusMethodNotAllowed)
			return
		}
		var n Notification
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxNotification)).Decode(&n); err != nil {
			http.Error(w, "not a notification: "+err.Error(), http.StatusBadRequest)
			return
		}
		if n.Version != "4" {
			http.Error(w, fmt.Sprintf("version %q of the message is not known, only 4", n.Version), http.StatusBadRequest)
			return
		}
		if err := told(n); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	})
}
