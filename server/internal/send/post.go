package send

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// timeFormat is how Prometheus writes times for Alertmanager.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// postableAlert is an alert as Alertmanager's API v2 takes it.
type postableAlert struct {
	Annotations  labels.Labels `json:"annotations"`
	EndsAt       string        `json:"endsAt,omitempty"`
	StartsAt     string        `json:"startsAt,omitempty"`
	GeneratorURL string        `json:"generatorURL,omitempty"`
	Labels       labels.Labels `json:"labels"`
}

func encode(batch []queued) ([]byte, error) {
	alerts := make([]postableAlert, len(batch))
	for i, a := range batch {
		alerts[i] = postableAlert{
			Labels: a.Labels, Annotations: a.Annotations, GeneratorURL: a.GeneratorURL,
			StartsAt: formatTime(a.StartsAt), EndsAt: formatTime(a.EndsAt),
		}
	}
	return json.Marshal(alerts)
}

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timeFormat)
}

// statusError is an answer that does not say that the alerts were taken.
type statusError struct {
	code   int
	status string
	body   string // the start of it
}

func (e *statusError) Error() string {
	if e.body == "" {
		return "bad response status " + e.status
	}
	return fmt.Sprintf("bad response status %s: %s", e.status, e.body)
}

// retryable reports whether the same request can succeed later. What an
// Alertmanager refuses as wrong, it will refuse again.
func retryable(err error) bool {
	refused, ok := err.(*statusError)
	if !ok {
		return true
	}
	return refused.code >= 500 ||
		refused.code == http.StatusTooManyRequests || refused.code == http.StatusRequestTimeout
}

// post sends a batch to an Alertmanager. Any status of the 200s says that the
// batch was taken.
func (t *transport) post(ctx context.Context, u *url.URL, userAgent string, batch []queued) error {
	body, err := encode(batch)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Content-Type", "application/json")
	resp, err := t.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	start, _ := io.ReadAll(io.LimitReader(resp.Body, 512))
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	if resp.StatusCode/100 != 2 {
		return &statusError{code: resp.StatusCode, status: resp.Status, body: string(bytes.TrimSpace(start))}
	}
	return nil
}
