package differential_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"
)

// generator draws programs. Groups are named g1, g2 and so on, and the names of
// their rules begin with that, so that a line of a view or of a database tells
// which group it comes from.
type generator struct {
	*rapid.T
	// free programs have reloads after which the engines differ on purpose in some
	// groups, because rules are removed, moved or given other labels. Nothing in them
	// looks at the alerts of all groups, and g1 is left as it is, and looks at itself
	// only.
	free bool
}

func (g generator) pick(what string, from ...string) string {
	return rapid.SampledFrom(from).Draw(g.T, what)
}

// often is true in n of ten cases.
func (g generator) often(n int, what string) bool {
	return rapid.IntRange(0, 9).Draw(g.T, what) >= 10-n
}

func (g generator) program() *program {
	p := &program{
		steps:  rapid.IntRange(3, 40).Draw(g.T, "steps"),
		series: g.series(),
		events: make(map[int]event),
	}
	p.resendDelay = rapid.SampledFrom([]time.Duration{0, 0, 30 * time.Second, 3 * time.Minute, 30 * time.Minute}).Draw(g.T, "resend delay")
	p.grace = rapid.SampledFrom([]time.Duration{0, time.Minute, 3 * time.Minute}).Draw(g.T, "grace period")
	p.tolerance = rapid.SampledFrom([]time.Duration{0, 4 * time.Minute}).Draw(g.T, "tolerance")
	p.offset = rapid.SampledFrom([]time.Duration{0, 0, 0, 20 * time.Second}).Draw(g.T, "offset")
	p.restores = g.often(2, "restores")

	config := drawnConfig{}
	for i := range rapid.IntRange(1, 3).Draw(g.T, "groups") {
		file := g.pick("file", "a.yml", "b.yml")
		config[file] = append(config[file], g.group(fmt.Sprintf("g%d", i+1)))
	}
	p.files = config.files()
	all := g.events(p, config)
	if g.free {
		p.leaveOut = touched(all)
	}
	return p
}

// afterStart is how many steps pass until all alerts are restored: until then, a
// reload keeps theirs from restoring them.
const afterStart = 7

// events draws what happens, and returns all configurations.
func (g generator) events(p *program, config drawnConfig) (all []drawnConfig) {
	all = append(all, config)
	quiet := 0 // until this step, nothing is loaded
	loaded := 0
	if p.restores {
		quiet = afterStart
	}
	// At the end, theirs waits for queries, and ours cancels them; after a reload
	// that had to wait for a query, ours makes up for the slot that passed. Templates
	// are not slow: the engines expand different numbers of them before they find
	// that two alerts have the same labels.
	slow := g.often(2, "slow")
	if slow {
		p.slow = map[string]time.Duration{g.pick("slow query", "level", "other", "ALERTS", "g1:"): rapid.SampledFrom([]time.Duration{
			18 * time.Second, 33 * time.Second, 61 * time.Second, 163 * time.Second,
		}).Draw(g.T, "takes")}
	}
	for step := 1; step < p.steps; step++ {
		if !g.often(2, "event") {
			continue
		}
		switch g.pick("kind", "reload", "reload", "reload", "fail", "restart", "external labels") {
		case "reload":
			if step < quiet || slow {
				continue
			}
			config = config.clone()
			for range rapid.IntRange(1, 3).Draw(g.T, "changes") {
				g.change(config, step-loaded > 2)
			}
			loaded = step
			p.events[step] = event{reload: config.files()}
			all = append(all, config)
		case "fail":
			fail := map[string]string{}
			if part := g.pick("failing", "", "level", "other", "h", "g1:", "ALERTS"); part != "" {
				fail[part] = "it cannot be done"
			}
			p.events[step] = event{fail: fail}
		case "restart":
			if slow {
				continue
			}
			p.events[step] = event{restart: rapid.SampledFrom([]time.Duration{time.Second, 70 * time.Second, 4 * time.Minute, 9 * time.Minute}).Draw(g.T, "down")}
			quiet = step + afterStart + 9
		case "external labels":
			if step < quiet || slow {
				continue
			}
			loaded = step
			p.events[step] = event{external: labels.FromStrings("cluster", g.pick("cluster", "c1", "c2", "c3"))}
		}
	}
	return all
}

// series draws what is scraped: values that stay for a while, gaps, stale markers,
// resets, histograms.
func (g generator) series() []string {
	values := func(of ...string) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(of), 1, 12).Draw(g.T, "values"), " ")
	}
	var all []string
	for _, name := range []string{`level{i="a",job="x"}`, `level{i="b",job="x"}`, `level{i="a",job="y"}`, `other{i="a",job="x"}`, `other{i="c",job="y"}`} {
		if g.often(7, name) {
			all = append(all, name+" "+values("0x3", "1", "4x2", "7x4", "7", "9x8", "0+1x9", "_", "_x4", "_x9", "stale", "NaN", "-2"))
		}
	}
	if g.often(4, "histograms") {
		all = append(all, `h{i="a",job="x"} `+values(
			"{{schema:1 sum:10 count:4 buckets:[1 2 1]}}x3", "{{schema:1 sum:10 count:4 buckets:[1 2 1]}}+{{schema:1 sum:5 count:2 buckets:[1 1]}}x6",
			"{{schema:0 sum:1 count:1 buckets:[1] n_buckets:[1]}}", "{{schema:-53 sum:10 count:4 custom_values:[1 5 10] buckets:[1 2 1]}}x2", "_x2", "_x9", "stale", "3x2"))
	}
	return all
}

func (g generator) group(name string) drawnGroup {
	d := drawnGroup{
		name:     name,
		interval: g.pick("interval", "", "", "", "30s", "1m", "100s", "2m"),
		offset:   g.pick("query offset", "", "", "", "0s", "15s", "2m"),
		limit:    rapid.SampledFrom([]int{0, 0, 0, 1, 2, 4}).Draw(g.T, "limit"),
		labels:   g.labels("team", "a", "b"),
	}
	for range rapid.IntRange(1, 5).Draw(g.T, "rules") {
		d.rules = append(d.rules, g.rule(name))
	}
	return d
}

func (g generator) rule(group string) drawnRule {
	r := drawnRule{alert: g.often(6, "alert"), expr: g.expr(group)}
	if !r.alert {
		r.name = group + g.pick("record", ":r1", ":r2", ":r3")
		r.labels = g.labels("l", "x", "y", "")
		return r
	}
	r.name = group + g.pick("alert", "A1", "A2", "A3")
	r.labels = g.labels("sev", "page", "{{ $value }}", "{{ if gt $value 3.0 }}page{{ else }}ticket{{ end }}", "{{ $labels.i }}", "{{ $labels.none }}")
	r.hold = g.pick("for", "", "", "1m", "90s", "3m", "5m", "12m")
	r.keep = g.pick("keep_firing_for", "", "", "1m", "4m")
	if g.often(3, "annotation") {
		r.remarks = map[string]string{"a": g.pick("text", "{{ $value }}", "{{ $labels }} {{ $externalLabels.cluster }}", `{{ with query "h or on () vector(1)" }}{{ . | first | value }}{{ end }}`, "{{ $value.none }}", "{{ now }}", "text")}
	}
	return r
}

func (g generator) labels(name string, values ...string) map[string]string {
	if !g.often(3, "label") {
		return nil
	}
	return map[string]string{name: g.pick(name, values...)}
}

// expr draws an expression for a rule of a group.
func (g generator) expr(group string) string {
	selectors := []string{"level", "level", "other", "h", `level{i="a"}`, group + ":r1", group + ":r2", group + ":r3"}
	if !g.free || group != "g1" {
		selectors = append(selectors, "g1:r1", "g2:r1")
	}
	all := selectors
	if !g.free {
		all = append(slices.Clone(selectors), "ALERTS", "ALERTS_FOR_STATE", `ALERTS{alertname="g1A1"}`, `ALERTS{alertstate="firing"}`)
	}
	s := g.pick("selector", all...)
	number := g.pick("number", "0", "3", "5", "8")
	switch g.pick("form", "plain", "more", "more", "more", "less", "sum", "count", "and", "unless", "or", "arithmetic", "rate", "offset", "absent", "over time", "quantile", "number", "wrong", "replace") {
	case "plain":
		return s
	case "more":
		return s + " > " + number
	case "less":
		return s + " < " + number
	case "sum":
		return fmt.Sprintf("sum by (%s) (%s)", g.pick("by", "i", "job", "alertstate", "sev"), s)
	case "count":
		return "count(" + s + ")"
	case "and", "unless", "or":
		return s + g.pick("set", " and ", " unless ", " or ") + g.pick("other", selectors...)
	case "arithmetic":
		return fmt.Sprintf("%s + on (%s) %s", s, g.pick("on", "i", "i, job"), g.pick("other", selectors...))
	case "rate":
		return "rate(" + s + "[3m])"
	case "offset":
		return s + " offset 90s"
	case "absent":
		return "absent(" + s + ")"
	case "over time":
		return "max_over_time(" + s + "[2m])"
	case "quantile":
		return "histogram_quantile(0.9, " + s + ")"
	case "number":
		return g.pick("constant", "time()", "1", "vector(7)", "scalar("+s+")")
	case "wrong":
		return g.pick("result", `"text"`, "level[5m]", `label_replace(level, "i", "", "", "")`, `{__name__=~"level|other"}`)
	default:
		return `label_replace(` + s + `, "i", "$1", "job", "(.*)")`
	}
}

// change changes one thing. Groups are settled when all have been evaluated since
// they were loaded: of one that has not, theirs never marks the series stale.
func (g generator) change(c drawnConfig, settled bool) {
	file := g.pick("file", slices.Sorted(maps.Keys(c))...)
	if len(c[file]) == 0 {
		return
	}
	at := rapid.IntRange(0, len(c[file])-1).Draw(g.T, "group")
	group := &c[file][at]
	kinds := []string{"expression", "expression", "for", "keep_firing_for", "annotation", "limit", "interval", "offset", "add", "remove", "order", "add group", "labels of a recording rule"}
	if settled {
		kinds = append(kinds, "remove group", "remove group")
	}
	if g.free && group.name != "g1" {
		kinds = append(kinds, "labels", "labels", "labels of the group", "remove any", "remove any", "move", "move", "move group")
	}
	kind := g.pick("change", kinds...)
	index := 0
	if len(group.rules) > 0 {
		index = rapid.IntRange(0, len(group.rules)-1).Draw(g.T, "rule")
	} else if kind != "add" && kind != "limit" && kind != "interval" {
		return
	}
	switch kind {
	case "expression":
		group.rules[index].expr = g.expr(group.name)
	case "for":
		if group.rules[index].alert {
			group.rules[index].hold = g.pick("for", "", "1m", "3m", "9m")
		}
	case "keep_firing_for":
		if group.rules[index].alert {
			group.rules[index].keep = g.pick("keep_firing_for", "", "1m", "4m")
		}
	case "annotation":
		if group.rules[index].alert {
			group.rules[index].remarks = map[string]string{"b": "{{ $value }}"}
		}
	case "limit":
		group.limit = rapid.SampledFrom([]int{0, 1, 3}).Draw(g.T, "limit")
	case "interval":
		group.interval = g.pick("interval", "", "30s", "70s", "2m")
	case "offset":
		group.offset = g.pick("query offset", "", "15s", "2m")
	case "add":
		group.rules = slices.Insert(group.rules, index, g.rule(group.name))
	case "remove":
		if !group.rules[index].alert && !group.repeated(index) {
			group.rules = slices.Delete(group.rules, index, index+1)
		}
	case "remove any":
		group.rules = slices.Delete(group.rules, index, index+1)
	case "order":
		group.rules[0], group.rules[index] = group.rules[index], group.rules[0]
	case "labels of a recording rule":
		if !group.rules[index].alert && !group.repeated(index) {
			group.rules[index].labels = map[string]string{"l": g.pick("l", "x", "y")}
		}
	case "labels":
		if group.rules[index].alert {
			group.rules[index].labels = map[string]string{"sev": g.pick("sev", "page", "ticket", "{{ $value }}")}
		} else {
			group.rules[index].labels = map[string]string{"l": g.pick("l", "x", "y")}
		}
	case "labels of the group":
		group.labels = map[string]string{"team": g.pick("team", "a", "b", "c")}
	case "move":
		to := g.pick("to", slices.Sorted(maps.Keys(c))...)
		if len(c[to]) > 0 {
			other := rapid.IntRange(0, len(c[to])-1).Draw(g.T, "to group")
			if c[to][other].name == "g1" {
				return
			}
			r := group.rules[index]
			group.rules = slices.Delete(group.rules, index, index+1)
			c[to][other].rules = append(c[to][other].rules, r)
		}
	case "move group":
		moved := *group
		c[file] = slices.Delete(c[file], at, at+1)
		c["c.yml"] = append(c["c.yml"], moved)
	case "add group":
		if name := g.pick("new group", "g4", "g5"); !c.has(name) {
			c[file] = append(c[file], g.group(name))
		}
	case "remove group":
		if !slices.ContainsFunc(group.rules, func(r drawnRule) bool { return r.alert }) || g.free && group.name != "g1" {
			c[file] = slices.Delete(c[file], at, at+1)
		}
	}
}
