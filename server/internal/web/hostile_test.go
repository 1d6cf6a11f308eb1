package web

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/scrape"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/dispatch"
	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
	"github.com/cresset-metrics/cresset/server/internal/rule"
	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// attacks are texts that would do something if they reached a browser as they
// are.
var attacks = []string{
	`<script>alert(1)</script>`,
	`"><img src=x onerror=alert(1)>`,
	`' onmouseover='alert(1)`,
	`</textarea><script>alert(1)</script>`,
	`</title><svg onload=alert(1)>`,
	`javascript:alert(1)`,
	`data:text/html,<script>alert(1)</script>`,
	`{{.}}<!--`,
}

// Tags and attributes that our templates never write with such a content.
var (
	activeTag  = regexp.MustCompile(`(?i)<(script|svg|iframe|object|img src=x|!--)`)
	tag        = regexp.MustCompile(`<[a-zA-Z][^>]*>`)
	handler    = regexp.MustCompile(`(?i)\son[a-z]+\s*=`)
	schemeLink = regexp.MustCompile(`(?i)(href|src|action)="?\s*(javascript|data):`)
)

// TestHostileText puts each attack wherever text of others is shown.
func TestHostileText(t *testing.T) {
	for _, attack := range attacks {
		w := hostile(attack)
		h := w.serve("")
		for _, path := range []string{
			"/", "/?filter=" + url.QueryEscape(attack), "/?state=" + url.QueryEscape(attack), "/?receiver=" + url.QueryEscape(attack), "/?alert=" + url.QueryEscape(attack),
			"/silences", "/silences?filter=" + url.QueryEscape(attack), "/silences/" + firstSilence, "/silences/" + firstSilence + "/edit", "/silences/" + url.PathEscape(attack),
			"/silences/new?filter=" + url.QueryEscape(attack) + "&comment=" + url.QueryEscape(attack),
			"/silences/new?filter=" + url.QueryEscape("x="+strconv.Quote(attack)),
			"/alerts", "/rules", "/targets", "/" + url.PathEscape(attack), "/alerts?state=" + url.QueryEscape(attack),
			"/graph?g0.expr=" + url.QueryEscape(attack),
			"/graph?g0.expr=up&g0.moment_input=" + url.QueryEscape(attack),
			"/graph?g0.expr=result",
			"/graph?g0.expr=failure",
		} {
			checkHarmless(t, path, attack, get(t, h, path))
		}
		for _, form := range [][]string{
			{"matchers", attack, "start", attack, "end", attack, "by", attack, "comment", attack, "do", attack},
			{"matchers", "x=" + strconv.Quote(attack), "end", "1h", "by", attack, "comment", attack, "do", "preview"},
		} {
			checkHarmless(t, "a form", attack, post(t, h, "/silences/new", form...))
		}
		checkHarmless(t, "an extension", attack, post(t, h, "/silences/"+firstSilence+"/extend", "by", attack))
	}
}

// ownScript is the one that the first page has.
var ownScript = regexp.MustCompile(`<script src="\./static/fragment\.js\?[0-9a-f]+" defer></script>`)

func checkHarmless(t *testing.T, path, attack string, res *httptest.ResponseRecorder) {
	t.Helper()
	body := ownScript.ReplaceAllString(res.Body.String(), "")
	if m := activeTag.FindString(body); m != "" {
		t.Errorf("%q comes out of %s as the tag %q", attack, path, m)
	}
	if m := schemeLink.FindString(body); m != "" {
		t.Errorf("%q comes out of %s as the link %q", attack, path, m)
	}
	for _, tg := range tag.FindAllString(body, -1) {
		if outside := quoted.ReplaceAllString(tg, `""`); handler.MatchString(outside) {
			t.Errorf("%q comes out of %s in the tag %q", attack, path, tg)
		}
	}
}

var quoted = regexp.MustCompile(`"[^"]*"`)

// hostile is a world where every text is the attack.
func hostile(attack string) *world {
	a := firingAlert(t0, attack, model.LabelSet{"summary": model.LabelValue(attack), "description": model.LabelValue(attack), "runbook_url": model.LabelValue(attack)},
		"alertname", attack, "severity", attack, "x", attack)
	ls := labels.FromStrings("alertname", attack, "severity", attack, attack, attack)
	bad := target("10.0.0.1:80", attack, t0, errors.New(attack))
	scheme := scrape.NewTarget(labels.FromStrings("__address__", "alert(1)//", "__scheme__", "javascript", "job", attack), &promconfig.ScrapeConfig{}, nil, nil)
	first := newSilence(1, t0, t0.Add(time.Hour), attack, attack, "x="+strconv.Quote(attack))
	first.Annotations = map[string]string{attack: attack}
	w := &world{
		groups: []dispatch.Group{{Receiver: attack, Labels: model.LabelSet{"x": model.LabelValue(attack)}, MutedBy: []string{attack}, Alerts: []*alert.Alert{a}}},
		rules: []rule.GroupStatus{{Name: attack, File: attack, Rules: []rule.Status{
			{
				Kind: definition.KindAlerting, Name: attack, Query: attack, Labels: ls, Annotations: ls, State: rule.StatePending, Health: rule.HealthBad, LastError: attack,
				Alerts: []rule.ActiveAlert{{Labels: ls, Annotations: labels.FromStrings("summary", attack, "url", attack), State: rule.StatePending}},
			},
		}}},
		silenced: []*silence.Silence{
			first,
			newSilence(2, t0, t0.Add(time.Hour), "", "", "x!="+strconv.Quote(attack), strconv.Quote(attack)+"=~"+strconv.Quote(regexp.QuoteMeta(attack))),
		},
		active:  map[string][]*scrape.Target{attack: {bad, scheme}},
		dropped: map[string]int{attack: 1},
	}
	w.Engine = engineFunc(func(_ context.Context, expr string, _ time.Time) *promql.Result {
		if expr == "failure" {
			return &promql.Result{Err: errors.New(attack)}
		}
		return &promql.Result{Value: promql.Vector{{Metric: labels.FromStrings("__name__", attack, "l", attack)}, {Metric: labels.FromStrings(attack, attack)}}}
	})
	return w
}

// TestLinksOfOthers: an annotation is a link if it is as a whole an address of
// the web.
func TestLinksOfOthers(t *testing.T) {
	for value, want := range map[string]bool{
		"https://runbooks.example.com/x?a=b#c": true,
		"http://10.0.0.1":                      true,
		"HTTPS://EXAMPLE.COM":                  true,
		"javascript:alert(1)":                  false,
		"https:alert(1)":                       false,
		"https://":                             false,
		"//example.com":                        false,
		"/runbook":                             false,
		"see https://example.com":              false,
		"ftp://example.com":                    false,
		"https://example.com/\n":               false,
		"":                                     false,
	} {
		if got := webAddress(value); got != want {
			t.Errorf("webAddress(%q): got %v, want %v", value, got, want)
		}
	}
}

// TestHugeText: one text of a megabyte costs a page little of itself, and says how
// long it is. Nothing links where no server would follow.
func TestHugeText(t *testing.T) {
	huge := "https://example.com/" + strings.Repeat("ä", 1<<19)
	w := hostile(huge)
	w.rules, w.active = nil, nil // what the configuration says is as long as its author wants
	w.groups[0].Receiver, w.groups[0].MutedBy = "team", nil
	h := w.serve("")
	for _, path := range []string{"/", "/silences", "/silences/" + firstSilence, "/silences/new?filter=x%21%3Dy"} {
		res := get(t, h, path)
		body := res.Body.String()
		if res.Code != 200 || len(body) > 200_000 || !strings.Contains(body, "… (1048596 bytes)") {
			t.Errorf("GET %s: status %d and %d bytes, want less, and the length of the text", path, res.Code, len(body))
		}
		for _, m := range href.FindAllStringSubmatch(body, -1) {
			if len(m[1]) > 2*maxLink || strings.Contains(m[1], "…") {
				t.Errorf("GET %s: a link of %d bytes: %.60s", path, len(m[1]), m[1])
			}
		}
	}
	// The form has all of it, because it would else change what nobody touched.
	if body := get(t, h, "/silences/"+firstSilence+"/edit").Body.String(); strings.Count(body, huge) != 3 {
		t.Errorf("the form has the text %d times, want it as matcher, name and comment", strings.Count(body, huge))
	}
}

// TestNotUTF8: what others sent in other encodings does not reach a browser, which
// might guess one.
func TestNotUTF8(t *testing.T) {
	for _, bad := range []string{"a\xff\xfeb", "\xc3", "\xed\xa0\x80", "<\x80script>", "\x00"} {
		w := aNight()
		a := firingAlert(t0, bad, model.LabelSet{"summary": model.LabelValue(bad)}, "alertname", bad, bad, bad)
		w.groups = []dispatch.Group{{Receiver: bad, Labels: model.LabelSet{"x": model.LabelValue(bad)}, Alerts: []*alert.Alert{a}}}
		w.silenced[0].Comment, w.silenced[0].CreatedBy = bad, bad
		h := w.serve("")
		pages := []*httptest.ResponseRecorder{post(t, h, "/silences/new", "matchers", bad, "start", bad, "end", bad, "by", bad, "comment", bad)}
		for _, path := range []string{"/", "/silences", "/silences/" + firstSilence, "/silences/" + firstSilence + "/edit", "/?filter=" + url.QueryEscape(bad)} {
			pages = append(pages, get(t, h, path))
		}
		for i, res := range pages {
			if body := res.Body.String(); !utf8.ValidString(body) || strings.Contains(body, "\x00") || !strings.HasSuffix(body, "</html>\n") || res.Code == 500 {
				t.Errorf("%q: page %d is not whole or not UTF-8, status %d:\n%q", bad, i, res.Code, body)
			}
		}
	}
}

// TestTooMuch: of everything at most a thousand rows are shown, and how many are
// not is said.
func TestTooMuch(t *testing.T) {
	const n, over = 1234, 234
	w := &world{active: map[string][]*scrape.Target{}}
	var all []*alert.Alert
	g := rule.GroupStatus{Name: "large"}
	crowd := rule.Status{Kind: definition.KindAlerting, Name: "Crowd", Query: "up", State: rule.StateFiring, Health: rule.HealthGood}
	for i := range n {
		id := fmt.Sprintf("%04d", i)
		all = append(all, firingAlert(t0, "", nil, "alertname", "Crowd", "id", id))
		g.Rules = append(g.Rules, rule.Status{Kind: definition.KindAlerting, Name: "R" + id, Query: "up", State: rule.StateInactive, Health: rule.HealthGood})
		crowd.Alerts = append(crowd.Alerts, rule.ActiveAlert{Labels: labels.FromStrings("alertname", "Crowd", "id", id), State: rule.StateFiring})
		w.active["crowd"] = append(w.active["crowd"], target("10.0.0.1:"+id, "crowd", t0, nil))
		w.silenced = append(w.silenced, newSilence(i, t0, t0.Add(time.Hour), "", "", `id="`+id+`"`))
	}
	w.groups = []dispatch.Group{{Receiver: "half", Alerts: all[:n/2]}, {Receiver: "other", Alerts: all[n/2:]}}
	w.rules = []rule.GroupStatus{g, {Name: "crowd", Rules: []rule.Status{crowd}}}
	w.Engine = engineFunc(func(_ context.Context, expr string, _ time.Time) *promql.Result {
		one := promql.Series{Metric: labels.FromStrings("__name__", "many")}
		for i := range n / 2 {
			one.Floats = append(one.Floats, promql.FPoint{T: int64(i), F: 1})
		}
		if expr == "range[1m]" {
			return &promql.Result{Value: promql.Matrix{one, one}}
		}
		var v promql.Vector
		for range n {
			v = append(v, promql.Sample{F: 1, Metric: labels.FromStrings("__name__", "many")})
		}
		return &promql.Result{Value: v}
	})
	h := w.serve("")

	for _, tc := range []struct{ path, row, leftOut string }{
		{"/", `<article class="card`, "234 more alerts left out here."},
		{"/silences", `<article class="card silence`, "234 more silences left out here."},
		{"/alerts?state=inactive", `<details class="rule`, "234 more rules left out here."},
		{"/alerts?state=firing", `<article class="card`, "234 more alerts left out here."},
		{"/rules", `<article class="rule`, "235 more rules left out here."},
		{"/targets", `<article class="target`, "234 more targets left out here."},
		{"/graph?g0.expr=many", `<tr><td>`, "234 more rows left out here."},
		{"/graph?g0.expr=range%5B1m%5D", `<tr><td>`, "234 more rows left out here."},
	} {
		body := get(t, h, tc.path).Body.String()
		if got := strings.Count(body, tc.row); got != n-over {
			t.Errorf("GET %s: %d rows, want %d", tc.path, got, n-over)
		}
		if !strings.Contains(body, tc.leftOut) {
			t.Errorf("GET %s: does not say %q", tc.path, tc.leftOut)
		}
	}
	if body := get(t, h, "/silences/new?filter=alertname%3DCrowd").Body.String(); strings.Count(body, `<article class="card`) != maxMatches || !strings.Contains(body, "1134 more alerts left out here.") {
		t.Errorf("the preview does not show %d alerts, or does not say that there are more", maxMatches)
	}
	if body := get(t, h, "/").Body.String(); !strings.Contains(body, "1234 alerts are firing, and nobody is told of them.") {
		t.Error("the headline does not count what is left out")
	}
}

// TestFailingFirst: what a limit cuts off is not what is wrong.
func TestFailingFirst(t *testing.T) {
	w := &world{active: map[string][]*scrape.Target{}}
	for i := range maxRows {
		w.active["crowd"] = append(w.active["crowd"], target(fmt.Sprintf("10.0.0.1:%04d", i), "crowd", t0, nil))
	}
	w.active["crowd"] = append(w.active["crowd"], target("10.0.0.9:9999", "crowd", t0, errors.New("down it is")))

	if body := get(t, w.serve(""), "/targets").Body.String(); !strings.Contains(body, "down it is") {
		t.Error("the target that is down is left out")
	}
}

// An expression that would fill the memory is refused, where one stands in the address
// and where one is typed.
func TestLargeExpressions(t *testing.T) {
	large := `a=~"` + strings.Repeat("x{1000}", 20) + `"`
	if _, err := parseMatchers(large); err == nil || !strings.Contains(err.Error(), "counted repetitions") {
		t.Errorf("got %v, want an error that says why", err)
	}
	if ms, err := parseMatchers(`a=~"x{1000}"` + "\n" + `b!~"y{10}"`); err != nil || len(ms) != 2 {
		t.Errorf("got %v, %v; want what people may mean read", ms, err)
	}
}
