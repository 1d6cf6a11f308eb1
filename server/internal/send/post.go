package send

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/prometheus/prometheus/model/labels"
)

// timeFormat is how Prometheus writes times for Alertmanager. The zero time is one
// too: Alertmanager takes it for a missing one.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// postableAlert is an alert as Alertmanager's API v2 takes it.
type postableAlert struct {
	Annotations  labels.Labels `json:"annotations"`
	EndsAt       string        `json:"endsAt"`
	StartsAt     string        `json:"startsAt"`
	GeneratorURL string        `json:"generatorURL,omitempty"`
	Labels       labels.Labels `json:"labels"`
}

func encode(batch []*waiting) ([]byte, error) {
	alerts := make([]postableAlert, len(batch))
	for i, a := range batch {
		alerts[i] = postableAlert{
			Labels: a.Labels, Annotations: a.Annotations, GeneratorURL: a.GeneratorURL,
			StartsAt: a.StartsAt.UTC().Format(timeFormat), EndsAt: a.EndsAt.UTC().Format(timeFormat),
		}
	}
	return json.Marshal(alerts)
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

// redirectError is a redirect that would turn the POST into another request, which
// brings the alerts nowhere, whatever is answered.
type redirectError struct {
	method string
	to     string
}

func (e *redirectError) Error() string {
	return fmt.Sprintf("the answer redirects to %s in a way that is followed with a %s without the alerts; let the configuration name that place, or let the redirect have status 307 or 308", e.to, e.method)
}

// checkRedirect lets a client follow only redirects that repeat the POST, and not
// for ever.
func checkRedirect(next *http.Request, via []*http.Request) error {
	if next.Method != http.MethodPost {
		return &redirectError{method: next.Method, to: next.URL.Redacted()}
	}
	if len(via) >= 10 {
		return errors.New("stopped after 10 redirects")
	}
	return nil
}

// retryable reports whether the same request can succeed later. What an
// Alertmanager refuses as wrong, it will refuse again.
func retryable(err error) bool {
	if _, ok := errors.AsType[*redirectError](err); ok {
		return false
	}
	refused, ok := errors.AsType[*statusError](err)
	return !ok || refused.code >= 500 ||
		refused.code == http.StatusTooManyRequests || refused.code == http.StatusRequestTimeout
}

// tooLarge reports whether fewer alerts in a request can succeed.
func tooLarge(err error) bool {
	refused, ok := errors.AsType[*statusError](err)
	return ok && refused.code == http.StatusRequestEntityTooLarge
}

// post sends a batch to an Alertmanager. Any status of the 200s says that the
// batch was taken.
func (t *transport) post(ctx context.Context, u *url.URL, userAgent string, batch []*waiting) error {
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
