// Package pushgateway speaks to a Pushgateway: how a group of metrics there is
// addressed, what is sent to change or delete it, and what the answers mean. It
// does not know what a page of metrics looks like.
package pushgateway

import (
	"context"
	"fmt"
	"net/http"
)

// Group is a group of metrics on a Pushgateway, and how requests about it are
// sent. It does not change while it is used.
type Group struct {
	Base   string // as BaseURL returns it
	Job    string
	Labels map[string]string // the grouping labels, without the job

	Client      Doer
	Header      http.Header  // sent with every request; nil for none
	Credentials *Credentials // nil for none
}

// Doer is an HTTP client.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// Credentials are those of HTTP's Basic authentication.
type Credentials struct{ Username, Password string }

// Replace has the page take the place of all metrics of the group.
func (g *Group) Replace(ctx context.Context, contentType string, page []byte) error {
	return g.push(ctx, http.MethodPut, contentType, page)
}

// Add has the page take the place of the metrics of the group that have the same
// names.
func (g *Group) Add(ctx context.Context, contentType string, page []byte) error {
	return g.push(ctx, http.MethodPost, contentType, page)
}

func (g *Group) push(ctx context.Context, method, contentType string, page []byte) error {
	req, err := g.request(ctx, method, page)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", contentType)
	return g.send(req, "pushing to", http.StatusOK, http.StatusAccepted)
}

// Delete removes the group.
func (g *Group) Delete(ctx context.Context) error {
	req, err := g.request(ctx, http.MethodDelete, nil)
	if err != nil {
		return err
	}
	return g.send(req, "deleting", http.StatusAccepted)
}

// Taken tells why a series with a label of that name cannot be pushed, nil if it
// can: the Pushgateway would put the group's value in its place. The series is
// named by its family and by how it is shown.
func (g *Group) Taken(label, family string, shown fmt.Stringer) error {
	if label == "job" {
		return fmt.Errorf("pushed metric %s (%s) already contains a job label", family, shown)
	}
	if _, ok := g.Labels[label]; ok {
		return fmt.Errorf("pushed metric %s (%s) already contains grouping label %s", family, shown, label)
	}
	return nil
}
