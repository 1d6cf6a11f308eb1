package push

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/internal/pushgateway"
	"github.com/cresset-metrics/cresset/prometheus"
)

// HTTPDoer is what a Pusher needs of an HTTP client; an *http.Client is one.
type HTTPDoer interface {
	Do(*http.Request) (*http.Response, error)
}

// Pusher is a group on a Pushgateway together with what is to be sent there.
// The methods that say so return the Pusher itself, so that calls can be
// chained, and belong to one goroutine; after them, any number of goroutines
// may send.
//
// The first error that one of those methods meets is kept: nothing is sent any
// more, and Error and all that would send return it. An error of sending is not
// kept, so that it can be tried again.
type Pusher struct {
	err error // the first one

	group  pushgateway.Group
	format expfmt.Format

	collectors *prometheus.Registry
	gatherers  prometheus.Gatherers // collectors comes first
}

var errJobEmpty = errors.New("job name is empty")

// New returns a Pusher for the group of a job, whose name may not be empty. The
// URL is that of the Pushgateway, such as "https://example.org:9091", without
// the path of the group. One without a scheme is taken for http.
func New(url, job string) *Pusher {
	collectors := prometheus.NewRegistry()
	p := &Pusher{
		group: pushgateway.Group{
			Base:   pushgateway.BaseURL(url),
			Job:    strings.Clone(job),
			Labels: make(map[string]string),
			Client: &http.Client{},
		},
		format:     expfmt.NewFormat(expfmt.TypeProtoDelim),
		collectors: collectors,
		gatherers:  prometheus.Gatherers{collectors},
	}
	if job == "" {
		p.err = errJobEmpty
	}
	return p
}

// Gatherer has all that g gathers sent too. None of it may have a label of the
// group, which are the job and the grouping labels. It returns the Pusher.
func (p *Pusher) Gatherer(g prometheus.Gatherer) *Pusher {
	p.gatherers = append(p.gatherers, g)
	return p
}

// Collector has all that c collects sent too. None of it may have a label of
// the group, which are the job and the grouping labels. Where two Collectors
// cannot stand in one registry, that is an error of the Pusher. It returns the
// Pusher.
func (p *Pusher) Collector(c prometheus.Collector) *Pusher {
	if p.err == nil {
		p.err = p.collectors.Register(c)
	}
	return p
}

// Grouping adds a label to those that name the group, or gives one of them
// another value. A name that is not a label name is an error of the Pusher. It
// returns the Pusher.
//
// Spaces in a value without a slash, or in such a name of a job, arrive as plus
// signs. All else arrives as it is.
func (p *Pusher) Grouping(name, value string) *Pusher {
	switch {
	case p.err != nil:
	case !model.UTF8Validation.IsValidLabelName(name):
		p.err = fmt.Errorf("grouping label has invalid name: %s", name)
	default:
		p.group.Labels[strings.Clone(name)] = strings.Clone(value)
	}
	return p
}

// Client has requests sent by c instead of an http.Client without a timeout. It
// returns the Pusher.
func (p *Pusher) Client(c HTTPDoer) *Pusher {
	p.group.Client = c
	return p
}

// Header has a copy of the header sent with every request. Content-Type is what
// the format says, whatever stands there. It returns the Pusher.
func (p *Pusher) Header(header http.Header) *Pusher {
	p.group.Header = header.Clone()
	return p
}

// BasicAuth has the credentials sent with every request, as HTTP's Basic
// authentication knows them. It returns the Pusher.
func (p *Pusher) BasicAuth(username, password string) *Pusher {
	p.group.Credentials = &pushgateway.Credentials{Username: username, Password: password}
	return p
}

// Format chooses the format that metrics are sent in, and with it the
// Content-Type. The default, delimited protobuf messages, is right for a
// Pushgateway. A format that package expfmt does not know makes Push and Add
// panic. It returns the Pusher.
func (p *Pusher) Format(format expfmt.Format) *Pusher {
	p.format = format
	return p
}

// Error returns the first error of the methods that say what is to be sent and
// where, nil if there was none.
func (p *Pusher) Error() error { return p.err }

// Push replaces all metrics of the group with what the Collectors and Gatherers
// have now. It sends nothing if they cannot be gathered without an error, and
// returns an error unless the Pushgateway answers with a status of 200 or 202.
func (p *Pusher) Push() error { return p.PushContext(context.Background()) }

// PushContext is Push, but ends with an error when ctx is done.
func (p *Pusher) PushContext(ctx context.Context) error { return p.push(ctx, p.group.Replace) }

// Add is Push, but leaves metrics in the group whose names are not among those
// that are sent.
func (p *Pusher) Add() error { return p.AddContext(context.Background()) }

// AddContext is Add, but ends with an error when ctx is done.
func (p *Pusher) AddContext(ctx context.Context) error { return p.push(ctx, p.group.Add) }

// Delete removes the group with all its metrics. It returns an error unless the
// Pushgateway answers with a status of 202.
func (p *Pusher) Delete() error {
	if p.err != nil {
		return p.err
	}
	return p.group.Delete(context.Background())
}

func (p *Pusher) push(ctx context.Context, send func(ctx context.Context, contentType string, page []byte) error) error {
	if p.err != nil {
		return p.err
	}
	page, err := p.page()
	if err != nil {
		return err
	}
	return send(ctx, string(p.format), page)
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

// checkLabels refuses metrics with a label of the group.
func (p *Pusher) checkLabels(family *dto.MetricFamily) error {
	for _, m := range family.GetMetric() {
		for _, label := range m.GetLabel() {
			if err := p.group.Taken(label.GetName(), family.GetName(), m); err != nil {
				return err
			}
		}
	}
	return nil
}
