package differential_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/config"
	amnotify "github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"
)

// delivery is one notification that came through.
type delivery struct {
	at       time.Duration // since the beginning
	receiver string        // name and index of the integration
	key      string        // of the group
	group    model.LabelSet
	reason   string
	alerts   []string // resolved ones with a minus sign
	spans    []string // the same, with annotations and times
	retried  bool     // it came in a further attempt, whose time depends on chance
	data     string   // all that templates are given, and the group key
}

// String returns what matters most, in one line.
func (d delivery) String() string { return d.show(d.alerts) }

// withSpans returns the same with annotations and times of alerts.
func (d delivery) withSpans() string { return d.show(d.spans) }

// full returns all that is compared.
func (d delivery) full() string { return d.String() + " " + d.data }

func (d delivery) show(alerts []string) string {
	when := short(d.at)
	if d.retried {
		when += " and retries"
	}
	return fmt.Sprintf("%s %s %s %s: %s", when, d.receiver, d.group, d.reason, strings.Join(alerts, " "))
}

// recorder is what the receivers of one pipeline have written down.
type recorder struct {
	begin time.Time
	tmpl  *template.Template

	mu       sync.Mutex // guards what follows
	told     []delivery
	failures []failure
	refused  map[string]bool // flushes that have failed so far, by receiver and time
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	tmpl, err := template.FromGlobs(nil)
	if err != nil {
		t.Fatal(err)
	}
	tmpl.ExternalURL = externalURL
	return &recorder{begin: time.Now(), tmpl: tmpl, refused: make(map[string]bool)}
}

// fail makes a receiver not work for a while, instead of what was said before.
func (r *recorder) fail(f failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = slices.DeleteFunc(r.failures, func(o failure) bool { return o.receiver == f.receiver })
	r.failures = append(r.failures, f)
}

// until returns what was told until a time, in order; what came at the same instant
// has no order.
func (r *recorder) until(end time.Duration) []delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	told := slices.DeleteFunc(slices.Clone(r.told), func(d delivery) bool { return d.at > end })
	slices.SortFunc(told, func(a, b delivery) int {
		if a.at != b.at {
			return int(min(1, max(-1, a.at-b.at)))
		}
		return strings.Compare(a.full(), b.full())
	})
	return told
}

// shown returns a line for each delivery, made by the function.
func shown(told []delivery, line func(delivery) string) []string {
	lines := make([]string, len(told))
	for i, d := range told {
		lines[i] = line(d)
	}
	return lines
}

// integrations builds those of a receiver: a probe for each webhook.
func (r *recorder) integrations(rc config.Receiver) ([]amnotify.Integration, error) {
	var built []amnotify.Integration
	for i, c := range rc.WebhookConfigs {
		p := &probe{recorder: r, receiver: rc.Name, index: i, sendResolved: c.SendResolved()}
		built = append(built, amnotify.NewIntegration(p, p, "webhook", i, rc.Name))
	}
	return built, nil
}

// probe is an integration that writes down what it is told.
type probe struct {
	recorder     *recorder
	receiver     string
	index        int
	sendResolved bool
}

func (p *probe) SendResolved() bool { return p.sendResolved }

func (p *probe) name() string { return fmt.Sprintf("%s/%d", p.receiver, p.index) }

func (p *probe) Notify(ctx context.Context, alerts ...*amalert.Alert) (retry bool, err error) {
	r := p.recorder
	groupKey, _ := amnotify.GroupKey(ctx)
	flushed, _ := amnotify.Now(ctx)
	flush := fmt.Sprintf("%s %s %v", p.name(), groupKey, flushed)

	if retry, err := p.answer(ctx); err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.refused[flush] = true
		return retry, err
	}
	data := amnotify.GetTemplateData(ctx, r.tmpl, alerts, slog.New(slog.DiscardHandler))
	content, err := json.Marshal(data)
	if err != nil {
		return false, err
	}
	d := delivery{
		at:       time.Since(r.begin),
		receiver: p.name(),
		key:      groupKey,
		reason:   data.NotificationReason,
		data:     groupKey + " " + string(content),
	}
	d.group, _ = amnotify.GroupLabels(ctx)
	for _, a := range alerts {
		starts := a.StartsAt.Sub(r.begin)
		span, sign := posted{labels: a.Labels, annotations: a.Annotations, starts: &starts}, ""
		if !a.EndsAt.IsZero() {
			ends := a.EndsAt.Sub(r.begin)
			span.ends, sign = &ends, "-"
		}
		d.alerts = append(d.alerts, sign+nameOf(a.Labels))
		d.spans = append(d.spans, sign+span.String())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if d.retried = r.refused[flush]; d.retried {
		d.at = flushed.Sub(r.begin)
	}
	r.told = append(r.told, d)
	return false, nil
}

// answer is what becomes of a notification at this time: "error" fails and may be
// tried again, "final" fails and may not, "hang" waits until the context ends, and
// "slow=10s" works after that time.
func (p *probe) answer(ctx context.Context) (retry bool, err error) {
	switch how := p.recorder.how(p, time.Now()); {
	case how == "error":
		return true, errors.New("it does not work now")
	case how == "final":
		return false, errors.New("it will not work")
	case how == "hang":
		<-ctx.Done()
		return true, ctx.Err()
	case strings.HasPrefix(how, "slow="):
		d, err := time.ParseDuration(strings.TrimPrefix(how, "slow="))
		if err != nil {
			return false, err
		}
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return true, ctx.Err()
		}
	}
	return false, nil
}

func (r *recorder) how(p *probe, now time.Time) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.failures {
		if (f.receiver == p.receiver || f.receiver == p.name()) && now.Before(r.begin.Add(f.until)) {
			return f.how
		}
	}
	return ""
}
