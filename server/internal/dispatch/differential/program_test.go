package differential_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/dispatch"
)

// program is what both pipelines are put through.
type program struct {
	config  string            // in force at the beginning; see complete
	configs map[string]string // those that are loaded later, by name
	events  []event           // by time
	lasts   time.Duration

	startDelay time.Duration // --dispatch.start-delay
	gcInterval time.Duration // --alerts.gc-interval; zero is its default
	remembers  bool          // see purpose_test.go
	with       []string      // settings of ours, see options
}

// What --notify of ours may be set to.
const (
	resolvedWhileMuted  = "resolved-while-muted"
	exactRepeatInterval = "exact-repeat-interval"
)

// options are how ours is set up.
func (p *program) options(t *testing.T) dispatch.Options {
	t.Helper()
	o := dispatch.Options{NotBefore: time.Now().Add(p.startDelay), GCInterval: p.gcInterval}
	for _, setting := range p.with {
		switch setting {
		case resolvedWhileMuted:
			o.ResolvedWhileMuted = true
		case exactRepeatInterval:
			o.ExactRepeat = true
		default:
			t.Fatalf("no such setting: %q", setting)
		}
	}
	return o
}

// event is something that happens. One of the pointers is set, or posts.
type event struct {
	at      time.Duration // since the beginning
	posts   []posted      // in one request
	silence *silenced
	expire  string // name of a silence
	fail    *failure
	reload  string // name of a configuration

	// restart stops the server, and starts it again that much later. Only ours goes on
	// with what it knew, so only it can be put through this.
	restart time.Duration
}

// posted is an alert of a request. A nil time is left out.
type posted struct {
	labels, annotations model.LabelSet
	starts, ends        *time.Duration // since the beginning
}

// silenced is a request to create a silence, or to change the one of that name.
type silenced struct {
	name         string
	starts, ends time.Duration // since the beginning
	matchers     labels.Matchers
}

// failure is a receiver, "name" or "name/index", that does not work for a while.
type failure struct {
	receiver string
	until    time.Duration // since the beginning
	how      string        // see probe.answer
}

// parse reads the notation in which programs are written down, a line an event:
//
//	30s  post Down,severity=page,#summary=text  Slow[-1h..10m]  Slow[@0s..@5m]
//	1m   silence s1 0s..30m alertname=Down severity=~p.*
//	2m   expire s1
//	3m   fail team 20m hang
//	4m   reload other
//	5m   restart 20s
//
// The first word is the time since the beginning. An alert is its name, its other
// labels, its annotations with a hash sign, and from when to when it lasts: since
// the event, or with an at sign since the beginning; what is left out is not sent.
func parse(t *testing.T, script string) []event {
	t.Helper()
	var events []event
	for line := range strings.Lines(script) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		e, err := parseEvent(words)
		if err != nil {
			t.Fatalf("%q: %v", strings.TrimSpace(line), err)
		}
		events = append(events, e)
	}
	return events
}

func parseEvent(words []string) (e event, err error) {
	if len(words) < 3 {
		return e, fmt.Errorf("too short")
	}
	if e.at, err = time.ParseDuration(words[0]); err != nil {
		return e, err
	}
	args := words[2:]
	switch words[1] {
	case "post":
		for _, arg := range args {
			a, err := parsePosted(arg, e.at)
			if err != nil {
				return e, err
			}
			e.posts = append(e.posts, a)
		}
	case "silence":
		e.silence, err = parseSilenced(args, e.at)
	case "expire":
		e.expire = args[0]
	case "reload":
		e.reload = args[0]
	case "restart":
		e.restart, err = time.ParseDuration(args[0])
	case "fail":
		if len(args) != 3 {
			return e, fmt.Errorf("fail needs a receiver, how long, and how")
		}
		e.fail = &failure{receiver: args[0], how: args[2]}
		e.fail.until, err = parseTime(args[1], e.at)
	default:
		err = fmt.Errorf("no such event")
	}
	return e, err
}

func parsePosted(text string, now time.Duration) (p posted, err error) {
	p.labels, p.annotations = model.LabelSet{}, model.LabelSet{}
	text, span, ok := strings.Cut(strings.TrimSuffix(text, "]"), "[")
	if ok {
		from, to, ok := strings.Cut(span, "..")
		if !ok {
			return p, fmt.Errorf("%q is no span", span)
		}
		if p.starts, err = parseOptionalTime(from, now); err != nil {
			return p, err
		}
		if p.ends, err = parseOptionalTime(to, now); err != nil {
			return p, err
		}
	}
	for i, pair := range strings.Split(text, ",") {
		name, value, ok := strings.Cut(pair, "=")
		switch {
		case !ok && i == 0 && name != "":
			p.labels[model.AlertNameLabel] = model.LabelValue(name)
		case strings.HasPrefix(name, "#"):
			p.annotations[model.LabelName(name[1:])] = model.LabelValue(value)
		case ok:
			p.labels[model.LabelName(name)] = model.LabelValue(value)
		}
	}
	return p, nil
}

func parseSilenced(args []string, now time.Duration) (*silenced, error) {
	if len(args) < 3 {
		return nil, fmt.Errorf("silence needs a name, a span and matchers")
	}
	from, to, ok := strings.Cut(args[1], "..")
	if !ok {
		return nil, fmt.Errorf("%q is no span", args[1])
	}
	s := &silenced{name: args[0]}
	var err error
	if s.starts, err = parseTime(from, now); err != nil {
		return nil, err
	}
	if s.ends, err = parseTime(to, now); err != nil {
		return nil, err
	}
	for _, arg := range args[2:] {
		m, err := labels.ParseMatcher(arg)
		if err != nil {
			return nil, err
		}
		s.matchers = append(s.matchers, m)
	}
	return s, nil
}

func parseOptionalTime(text string, now time.Duration) (*time.Duration, error) {
	if text == "" {
		return nil, nil
	}
	d, err := parseTime(text, now)
	return &d, err
}

func parseTime(text string, now time.Duration) (time.Duration, error) {
	if absolute, ok := strings.CutPrefix(text, "@"); ok {
		return time.ParseDuration(absolute)
	}
	d, err := time.ParseDuration(text)
	return now + d, err
}

// String returns the program in the notation that parse reads.
func (p *program) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "config:\n%s\n", strings.TrimSpace(p.config))
	for _, name := range slices.Sorted(maps.Keys(p.configs)) {
		fmt.Fprintf(&b, "config %s:\n%s\n", name, strings.TrimSpace(p.configs[name]))
	}
	for _, e := range p.events {
		fmt.Fprintf(&b, "%s %s\n", short(e.at), e)
	}
	fmt.Fprintf(&b, "(%s in all)\n", short(p.lasts))
	return b.String()
}

func (e event) String() string {
	switch {
	case e.silence != nil:
		s := fmt.Sprintf("silence %s @%s..@%s", e.silence.name, short(e.silence.starts), short(e.silence.ends))
		for _, m := range e.silence.matchers {
			s += " " + m.Name + m.Type.String() + m.Value
		}
		return s
	case e.expire != "":
		return "expire " + e.expire
	case e.fail != nil:
		return fmt.Sprintf("fail %s @%s %s", e.fail.receiver, short(e.fail.until), e.fail.how)
	case e.reload != "":
		return "reload " + e.reload
	case e.restart > 0:
		return "restart " + e.restart.String()
	}
	words := []string{"post"}
	for _, a := range e.posts {
		words = append(words, a.String())
	}
	return strings.Join(words, " ")
}

func (a posted) String() string {
	s := nameOf(a.labels)
	for _, name := range slices.Sorted(maps.Keys(a.annotations)) {
		s += fmt.Sprintf(",#%s=%s", name, a.annotations[name])
	}
	if a.starts == nil && a.ends == nil {
		return s
	}
	span := ".."
	if a.starts != nil {
		span = fmt.Sprintf("@%s..", short(*a.starts))
	}
	if a.ends != nil {
		span += fmt.Sprintf("@%s", short(*a.ends))
	}
	return s + "[" + span + "]"
}

// nameOf writes an alert as programs do: its name and its other labels.
func nameOf(ls model.LabelSet) string {
	words := []string{string(ls[model.AlertNameLabel])}
	for _, name := range slices.Sorted(maps.Keys(ls)) {
		if name != model.AlertNameLabel {
			words = append(words, fmt.Sprintf("%s=%s", name, ls[name]))
		}
	}
	return strings.Join(words, ",")
}

// receivers are those of every configuration that names none of its own: what
// there is to tell one about, and what there is not.
const receivers = `
receivers:
  - {name: team, webhook_configs: [{url: 'http://team.example'}]}
  - {name: other, webhook_configs: [{url: 'http://other.example'}]}
  - {name: third, webhook_configs: [{url: 'http://third.example'}]}
  - {name: quiet, webhook_configs: [{url: 'http://quiet.example', send_resolved: false}]}
  - {name: both, webhook_configs: [{url: 'http://first.example'}, {url: 'http://second.example', send_resolved: false}]}
  - {name: none}
`

// complete adds the receivers.
func complete(config string) string {
	if strings.Contains(config, "receivers:") {
		return config
	}
	return config + receivers
}
