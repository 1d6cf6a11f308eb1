package pushgateway

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
)

func (g *Group) request(ctx context.Context, method string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, g.address(), bytes.NewReader(body))
	if err != nil {
		return nil, withoutCredentials(err)
	}
	if g.Header != nil {
		req.Header = g.Header.Clone() // requests that run at the same time share nothing
	}
	if c := g.Credentials; c != nil {
		req.SetBasicAuth(c.Username, c.Password)
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
func (g *Group) send(req *http.Request, doing string, wanted ...int) error {
	resp, err := g.Client.Do(req)
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
