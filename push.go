package cresset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/pushgateway"
	"github.com/cresset-metrics/cresset/internal/registry"
)

// Pusher sends registries to a group on a Pushgateway, for jobs that end before
// anybody could scrape them:
//
//	pusher := cresset.Pusher{URL: "http://pushgateway:9091", Job: "nightly_backup"}
//	err := pusher.Push(ctx, reg)
//
// A Pushgateway keeps what it is sent in groups, which the job and the grouping
// labels name, until it is replaced or deleted. What all instances of a job have
// in common belongs in one group; a service that lives on is better scraped.
//
// The fields must not change while a method runs. Any number of goroutines may
// call the methods. Nothing of a failed call is kept, so it can be tried again.
type Pusher struct {
	// URL is that of the Pushgateway, without the path of the group. One
	// without a scheme is taken for http.
	URL string
	// Job names the group. It must not be empty.
	Job string
	// Grouping are the labels that name the group beside the job. No metric may
	// have one of them. Spaces in a value, or in Job, arrive as plus signs
	// unless there is a slash in it.
	Grouping map[string]string

	// Username and Password are sent as HTTP's Basic authentication, unless
	// both are empty.
	Username, Password string
	// Header is sent with every request.
	Header http.Header
	// Client sends the requests. If it is nil, they are sent by an http.Client
	// without a timeout: the context says how long a request may take.
	Client *http.Client

	// Text has metrics sent in the text format 0.0.4, for receivers that do not
	// know protobuf messages. It has neither exemplars nor native histograms nor
	// created timestamps.
	Text bool
}

// Push replaces all metrics of the group with what the registry exposes now, as far
// as it can be had before the context's deadline. It sends nothing if that cannot be gathered or has a label of the group, and
// returns an error unless the Pushgateway answers with a status of 200 or 202.
func (p *Pusher) Push(ctx context.Context, r *Registry) error {
	return p.push(ctx, r, (*pushgateway.Group).Replace)
}

// Add is Push, but leaves metrics in the group whose names are not among those
// that are sent.
func (p *Pusher) Add(ctx context.Context, r *Registry) error {
	return p.push(ctx, r, (*pushgateway.Group).Add)
}

// Delete removes the group with all its metrics. It returns an error unless the
// Pushgateway answers with a status of 202.
func (p *Pusher) Delete(ctx context.Context) error {
	group, err := p.group()
	if err != nil {
		return err
	}
	return group.Delete(ctx)
}

func (p *Pusher) push(ctx context.Context, r *Registry, send func(*pushgateway.Group, context.Context, string, []byte) error) error {
	group, err := p.group()
	if err != nil {
		return err
	}
	page, err := r.pageBy(registry.Deadline(ctx, ""))
	if err != nil {
		return err
	}
	body, contentType := &bytes.Buffer{}, delimitedProtobuf
	var e exposition.Encoder
	if p.Text {
		contentType = textFormat
		e = exposition.NewText(body, exposition.Underscores)
	} else {
		e = exposition.NewProtobuf(body, exposition.Underscores)
	}
	if err := encodeFor(group, page, e); err != nil {
		return err
	}
	return send(group, ctx, contentType, body.Bytes())
}

// group returns the group as the fields describe it, or what is wrong with them.
func (p *Pusher) group() (*pushgateway.Group, error) {
	switch {
	case p.URL == "":
		return nil, errors.New("the Pusher has no URL of a Pushgateway")
	case p.Job == "":
		return nil, errors.New("job name is empty")
	}
	for name := range p.Grouping {
		if !registry.ValidLabelName(name) || name == "job" {
			return nil, fmt.Errorf("grouping label has invalid name: %q", name)
		}
	}
	group := &pushgateway.Group{
		Base: pushgateway.BaseURL(p.URL), Job: p.Job, Labels: p.Grouping,
		Client: http.DefaultClient, Header: p.Header,
	}
	if p.Client != nil {
		group.Client = p.Client
	}
	if p.Username != "" || p.Password != "" {
		group.Credentials = &pushgateway.Credentials{Username: p.Username, Password: p.Password}
	}
	return group, nil
}

// encodeFor writes a page, unless one of its series has a label of the group, which
// is an error.
func encodeFor(group *pushgateway.Group, page *registry.Page, e exposition.Encoder) error {
	checked := &labelChecker{Encoder: e, group: group}
	page.Write(checked)
	return errors.Join(checked.err, e.Close())
}

// labelChecker looks at the labels of all that is written.
type labelChecker struct {
	exposition.Encoder
	group  *pushgateway.Group
	family string
	err    error // the first one
}

func (c *labelChecker) Family(f *exposition.Family) {
	c.family = f.Name
	c.Encoder.Family(f)
}

func (c *labelChecker) Series(s *exposition.Series) {
	for _, name := range s.Labels.Names() {
		if c.err == nil {
			c.err = c.group.Taken(name, c.family, braced{s.Labels})
		}
	}
	c.Encoder.Series(s)
}

// braced shows labels in an error message.
type braced struct{ *exposition.Labels }

func (b braced) String() string { return "{" + b.Text() + "}" }
