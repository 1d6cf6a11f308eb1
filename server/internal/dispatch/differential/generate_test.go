package differential_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
	"pgregory.net/rapid"
)

// generator draws programs in which the order of everything is certain.
//
// What happens at one instant happens there in an order of chance, on goroutines of
// its own. So each event comes at milliseconds of its own, groups are looked at
// whole seconds after they were created, and whatever begins and ends by itself does
// so at microseconds. An alert that is old enough for its group to be told at once
// comes alone.
type generator struct {
	*rapid.T
	silences bool
	// anew draws reloads too, each of which changes the times of all routes, so that
	// groups begin anew on both sides. Each alert is in one group then.
	anew bool
	// works has no receiver fail.
	works bool

	begun time.Duration // of the last event
	alive []known       // alerts that were posted
	sils  int
	next  int // the number of the next event, from which its milliseconds come
}

// known is an alert that was posted.
type known struct {
	labels model.LabelSet
	starts time.Duration
}

func (g *generator) number(what string, from, to int) int {
	return rapid.IntRange(from, to).Draw(g.T, what)
}

func (g *generator) pick(what string, from ...string) string {
	return rapid.SampledFrom(from).Draw(g.T, what)
}

// often is true in n of ten cases.
func (g *generator) often(n int, what string) bool { return g.number(what, 0, 9) >= 10-n }

// moment draws how long something lasts or waits.
func (g *generator) moment(what string) time.Duration {
	return time.Duration(rapid.SampledFrom([]int{5, 20, 45, 100, 200, 400, 900, 2000, 5000}).Draw(g.T, what)) * time.Second
}

// lasting draws how long something lasts that ends by itself.
func (g *generator) lasting(what string) time.Duration {
	return g.moment(what) + time.Duration(g.number(what+" more", 1, 999))*time.Microsecond
}

func (g *generator) program() *program {
	p := &program{configs: make(map[string]string), remembers: g.anew, gcInterval: longGC}
	routes := g.routes()
	p.config = routes.text(0)
	for range g.number("events", 3, 25) {
		g.begun = (g.begun + g.moment("pause")).Truncate(time.Second) + time.Duration(g.next+1)*time.Millisecond
		g.next++
		p.events = append(p.events, g.event(p, routes))
	}
	p.lasts = g.begun + 3*time.Hour
	return p
}

func (g *generator) event(p *program, routes drawnConfig) event {
	e := event{at: g.begun}
	switch {
	case g.silences && g.often(2, "silence"):
		g.silenceEvent(&e)
	case !g.works && g.often(1, "fail"):
		e.fail = &failure{
			receiver: g.pick("fails", "team", "other", "quiet", "both", "both/0"),
			until:    g.begun + g.lasting("fails for"),
			how:      g.pick("how", "final", "hang", "slow=7s", ""),
		}
		if g.anew { // theirs cancels what is under way
			e.fail.how = "final"
		}
	case g.anew && g.often(1, "reload"):
		g.begun += 3 * time.Minute // by then all alerts are older than any group_wait
		e.at = g.begun
		e.reload = fmt.Sprintf("c%d", len(p.configs)+1)
		p.configs[e.reload] = routes.text(len(p.configs) + 1)
	default:
		g.post(&e)
	}
	return e
}

// post draws a request: an old alert or news of one that was posted before, alone, or
// several that begin now or later.
func (g *generator) post(e *event) {
	switch {
	case g.often(2, "old"):
		e.posts = []posted{g.ending(posted{labels: g.labels(), starts: g.ago(time.Hour)})}
		g.remember(e.posts[0])
		return
	case len(g.alive) > 0 && g.often(3, "refresh"):
		k := rapid.SampledFrom(g.alive).Draw(g.T, "refreshed")
		e.posts = []posted{g.ending(posted{labels: k.labels, starts: &k.starts})}
		g.remember(e.posts[0])
		return
	}
	seen := make(map[model.Fingerprint]bool)
	for range g.number("alerts", 1, 4) {
		a := posted{labels: g.labels()}
		if len(g.alive) > 0 && g.often(6, "again") {
			a.labels = rapid.SampledFrom(g.alive).Draw(g.T, "which").labels
		}
		fp := a.labels.Fingerprint()
		if seen[fp] {
			continue
		}
		seen[fp] = true
		if g.anew || g.often(5, "starts now") {
			a.starts = g.ago(0)
		}
		a = g.ending(a)
		e.posts = append(e.posts, a)
		g.remember(a)
	}
}

func (g *generator) ago(d time.Duration) *time.Duration {
	at := g.begun - d
	return &at
}

// ending draws when the alert ends: unknown, later, or before now.
func (g *generator) ending(a posted) posted {
	if g.often(3, "annotated") {
		a.annotations = model.LabelSet{"n": model.LabelValue(fmt.Sprint(g.next))}
	}
	switch {
	case g.often(3, "no end"):
	case g.often(3, "ended"):
		ends := g.begun - time.Duration(g.number("ended ago", 1, 999))*time.Microsecond
		if a.starts != nil && ends < *a.starts {
			a.starts = &ends
		}
		a.ends = &ends
	default:
		ends := g.begun + g.lasting("lasts")
		a.ends = &ends
	}
	return a
}

func (g *generator) remember(a posted) {
	starts := g.begun
	if a.starts != nil {
		starts = *a.starts
	}
	g.alive = slices.DeleteFunc(g.alive, func(k known) bool { return k.labels.Equal(a.labels) })
	g.alive = append(g.alive, known{a.labels, starts})
}

func (g *generator) labels() model.LabelSet {
	ls := model.LabelSet{model.AlertNameLabel: model.LabelValue(g.pick("name", "Down", "Slow", "Full"))}
	for _, l := range drawnLabels {
		if value := g.pick(l.name, l.values...); value != "" {
			ls[model.LabelName(l.name)] = model.LabelValue(value)
		}
	}
	return ls
}

var drawnLabels = []struct {
	name   string
	values []string
}{
	{"job", []string{"", "web", "db"}},
	{"severity", []string{"", "page", "ticket"}},
	{"zone", []string{"", "", "a"}},
}

func (g *generator) matcher(what string) string {
	return g.pick(what, `job=web`, `job=db`, `job!=web`, `severity=page`, `severity=ticket`, `severity=~"page|ticket"`, `severity!~"p.*"`,
		`alertname=Down`, `alertname=~"Slow|Full"`, `zone=""`, `zone=a`)
}

func (g *generator) silenceEvent(e *event) {
	if g.sils > 0 && g.often(4, "expire") {
		e.expire = fmt.Sprintf("s%d", g.number("expired", 1, g.sils))
		return
	}
	n := g.sils + 1
	if g.sils > 0 && g.often(3, "change") {
		n = g.number("changed", 1, g.sils)
	}
	g.sils = max(g.sils, n)
	s := &silenced{name: fmt.Sprintf("s%d", n), starts: g.begun, ends: g.begun + g.lasting("silenced for")}
	if g.often(3, "later") {
		s.starts += g.lasting("silenced from")
		s.ends += s.starts - g.begun
	}
	for i := range g.number("matchers", 1, 2) {
		text := g.matcher(fmt.Sprint("matcher ", i))
		m, err := labels.ParseMatcher(text)
		if i == 0 && err == nil && m.Matches("") { // not all of them may match everything
			m, err = labels.ParseMatcher("alertname=~.+")
		}
		if err != nil {
			g.Fatalf("%s: %v", text, err)
		}
		s.matchers = append(s.matchers, m)
	}
	e.silence = s
}

// drawnConfig is a configuration whose routes can be given other times.
type drawnConfig struct {
	routes  drawnRoute
	inhibit []string
}

type drawnRoute struct {
	settings string // in YAML, without braces
	wait     int    // seconds
	children []drawnRoute
}

func (g *generator) routes() drawnConfig {
	c := drawnConfig{routes: g.route(0)}
	for range g.number("inhibit rules", 0, 2) {
		c.inhibit = append(c.inhibit, fmt.Sprintf(`{source_matchers: ['%s'], target_matchers: ['%s'], equal: [%s]}`,
			g.matcher("source"), g.matcher("target"), g.pick("equal", "", "job", "job, zone", "alertname")))
	}
	return c
}

func (g *generator) route(depth int) drawnRoute {
	r := drawnRoute{wait: g.number("group_wait", 1, 100)}
	var settings []string
	add := func(format string, args ...any) { settings = append(settings, fmt.Sprintf(format, args...)) }
	add("receiver: %s", g.pick("receiver", "team", "other", "quiet", "both"))
	if depth == 0 || g.often(6, "times") {
		add("group_interval: %ds", rapid.SampledFrom([]int{11, 60, 90, 300, 420}).Draw(g.T, "group_interval"))
		add("repeat_interval: %ds", rapid.SampledFrom([]int{450, 600, 3600, 4000}).Draw(g.T, "repeat_interval"))
	}
	if depth == 0 || g.often(5, "grouped") {
		add("group_by: [%s]", g.pick("group_by", "", "alertname", "job", "job, severity", "'...'"))
	}
	if depth > 0 {
		add("matchers: ['%s']", g.matcher("route"))
		if !g.anew && g.often(4, "continue") {
			add("continue: true")
		}
		switch {
		case g.often(1, "muted"):
			add("mute_time_intervals: [%s]", g.pick("muted in", "evens", "odds"))
		case g.often(1, "active"):
			add("active_time_intervals: [%s]", g.pick("active in", "evens", "odds", "evens, odds"))
		}
	}
	if g.often(2, "labelled") {
		add(`labels: {count: "{{ len .Alerts }}", depth: "%d"}`, depth)
	}
	r.settings = strings.Join(settings, ", ")
	if depth < 2 {
		for range g.number("children", 0, 2-depth) {
			r.children = append(r.children, g.route(depth+1))
		}
	}
	return r
}

// text returns the configuration in YAML, with group_wait longer by so many seconds.
func (c drawnConfig) text(longer int) string {
	return fmt.Sprintf(`route: %s
inhibit_rules: [%s]
time_intervals:
  - {name: evens, time_intervals: [{times: [%s]}]}
  - {name: odds, time_intervals: [{times: [%s]}]}
`, c.routes.text(longer), strings.Join(c.inhibit, ", "), hours(0), hours(1))
}

func (r drawnRoute) text(longer int) string {
	children := make([]string, len(r.children))
	for i, child := range r.children {
		children[i] = child.text(longer)
	}
	return fmt.Sprintf("{%s, group_wait: %ds, routes: [%s]}", r.settings, r.wait+longer, strings.Join(children, ", "))
}

// hours returns every second hour of a day.
func hours(first int) string {
	var all []string
	for h := first; h < 24; h += 2 {
		all = append(all, fmt.Sprintf("{start_time: '%02d:00', end_time: '%02d:00'}", h, h+1))
	}
	return strings.Join(all, ", ")
}
