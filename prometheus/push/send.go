package push

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

func (p *Pusher) push(ctx context.Context, method string) error {
	if p.err != nil {
		return p.err
	}
	body, err := p.page()
	if err != nil {
		return err
	}
	req, err := p.request(ctx, method, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", string(p.format))
	return p.send(req, "pushing to", http.StatusOK, http.StatusAccepted)
}

func (p *Pusher) delete() error {
	if p.err != nil {
		return p.err
	}
	req, err := p.request(context.Background(), http.MethodDelete, nil)
	if err != nil {
		return err
	}
	return p.send(req, "deleting", http.StatusAccepted)
}

// page returns what is to be pushed, in the chosen format.
func (p *Pusher) page() ([]byte, error) {
	families, err := p.gatherers.Gather()
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	encoder := expfmt.NewEncoder(&body, p.format)
	for _, family := range families {
		if err := p.checkLabels(family); err != nil {
			return nil, err
		}
		if err := encoder.Encode(family); err != nil {
			return nil, fmt.Errorf("failed to encode metric family %s, error is %w", family.GetName(), err)
		}
	}
	if closer, ok := encoder.(expfmt.Closer); ok { // OpenMetrics pages have an end
		if err := closer.Close(); err != nil {
			return nil, err
		}
	}
	return body.Bytes(), nil
}

// checkLabels refuses metrics with a label of the group: the Pushgateway would
// put the group's value in its place.
func (p *Pusher) checkLabels(family *dto.MetricFamily) error {
	for _, m := range family.GetMetric() {
		for _, label := range m.GetLabel() {
			name := label.GetName()
			if name == "job" {
				return fmt.Errorf("pushed metric %s (%s) already contains a job label", family.GetName(), m)
			}
			if _, ok := p.grouping[name]; ok {
				return fmt.Errorf("pushed metric %s (%s) already contains grouping label %s", family.GetName(), m, name)
			}
		}
	}
	return nil
}

func (p *Pusher) request(ctx context.Context, method string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.address(), bytes.NewReader(body))
	if err != nil {
		return nil, withoutCredentials(err)
	}
	if p.header != nil {
		req.Header = p.header.Clone() // requests that run at the same time share nothing
	}
	if p.credentials != nil {
		req.SetBasicAuth(p.credentials.username, p.credentials.password)
	}
	return req, nil
}

// withoutCredentials removes what may be a user and a password from the error of
// a URL that cannot be read, as net/http does with one that can.
func withoutCredentials(err error) error {
	var unreadable *url.Error
	if !errors.As(err, &unreadable) {
		return err
	}
	scheme, rest, _ := strings.Cut(unreadable.URL, "://")
	host, path, _ := strings.Cut(rest, "/metrics/job")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		unreadable.URL = scheme + "://***" + host[at:] + "/metrics/job" + path
	}
	return err
}

// maxQuoted is how many bytes of an answer an error quotes.
const maxQuoted = 64 << 10

// send returns an error, which says what was being done, unless the answer has
// one of the statuses.
func (p *Pusher) send(req *http.Request, doing string, wanted ...int) error {
	resp, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if !slices.Contains(wanted, resp.StatusCode) {
		answer, _ := io.ReadAll(io.LimitReader(resp.Body, maxQuoted)) // what can be had of it
		return fmt.Errorf("unexpected status code %d while %s %s: %s", resp.StatusCode, doing, req.URL.Redacted(), answer)
	}
	// A client that follows a redirect may ask for the new place with GET; its
	// answer, a login page for instance, says nothing about the metrics.
	if last := resp.Request; last != nil && last.Method != req.Method {
		return fmt.Errorf("unexpected redirect to %s while %s %s: use the URL of the Pushgateway itself",
			last.URL.Redacted(), doing, req.URL.Redacted())
	}
	return nil
}
