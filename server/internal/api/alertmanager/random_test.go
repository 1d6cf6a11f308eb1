package alertmanager

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Random alerts, silences and reads, whole and broken, are answered alike. Both
// servers go on from one program to the next, so there are few different alerts,
// and never two silences that begin or end at one time.
func TestRandomAlike(t *testing.T) {
	p := newPair(t, pairConfig, Options{})
	lastEnd := time.Date(2095, 1, 1, 0, 0, 0, 0, time.UTC)
	nextTime := func() string {
		lastEnd = lastEnd.Add(1_104_729_347) // so that no broken one is like another
		return lastEnd.Format(time.RFC3339Nano)
	}
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(1, 6).Draw(rt, "requests") {
			id := rapid.IntRange(0, len(p.ours.ids)).Draw(rt, "id")
			switch rapid.IntRange(0, 5).Draw(rt, "kind") {
			case 0:
				p.compare(rt, post("/api/v2/alerts", mutated(rt, drawAlerts(rt))))
				p.compare(rt, get("/api/v2/alerts/groups")) // updates that follow each other quickly may swap there
			case 1:
				p.compare(rt, post("/api/v2/silences", mutated(rt, drawSilence(rt, id, nextTime))))
			case 2:
				p.compare(rt, &request{method: "DELETE", path: fmt.Sprintf("/api/v2/silence/{id:%d}", id)})
			case 3:
				p.compare(rt, get(fmt.Sprintf("/api/v2/silence/{id:%d}", id)))
			default:
				p.compare(rt, get(drawRead(rt)))
			}
		}
	})
}

var (
	someNames  = rapid.SampledFrom([]string{"alertname", "cluster", "job", "instance", "copy", "quiet", "twice", "ü", "a b"})
	someValues = rapid.SampledFrom([]string{"", "Down", "Slow", "yes", "a", "b", "<&>", "1"})
	someTimes  = rapid.SampledFrom([]string{"", "2001-01-01T00:00:00Z", "2026-02-03T04:05:06.789Z", "2096-01-01T00:00:00+02:00", "2097-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2002-01-01"})
)

func drawLabels(t *rapid.T) map[string]string {
	return rapid.MapOfN(someNames, someValues, 0, 3).Draw(t, "labels")
}

func drawAlerts(t *rapid.T) string {
	var alerts []map[string]any
	for range rapid.IntRange(1, 3).Draw(t, "alerts") {
		a := map[string]any{"labels": drawLabels(t)}
		if rapid.Bool().Draw(t, "annotated") {
			a["annotations"] = drawLabels(t)
		}
		for _, field := range []string{"startsAt", "endsAt"} {
			if at := someTimes.Draw(t, field); at != "" {
				a[field] = at
			}
		}
		if rapid.Bool().Draw(t, "generated") {
			a["generatorURL"] = rapid.SampledFrom([]string{"", "http://x/?<&>", "/x", "::", "mailto:a@b"}).Draw(t, "URL")
		}
		alerts = append(alerts, a)
	}
	return encode(distinct(alerts))
}

// distinct leaves out alerts that would be updates of others in the same batch.
func distinct(alerts []map[string]any) []map[string]any {
	seen := make(map[string]bool)
	kept := []map[string]any{}
	for _, a := range alerts {
		ls := make(map[string]string)
		for name, value := range a["labels"].(map[string]string) {
			if value != "" {
				ls[name] = value
			}
		}
		if key := encode(ls); !seen[key] {
			seen[key] = true
			kept = append(kept, a)
		}
	}
	return kept
}

func drawSilence(t *rapid.T, id int, nextTime func() string) string {
	var matchers []map[string]any
	for range rapid.IntRange(0, 3).Draw(t, "matchers") {
		m := map[string]any{
			"name":    someNames.Draw(t, "name"),
			"value":   rapid.OneOf(someValues, rapid.SampledFrom([]string{"Sl.*", "(", ".*", "a|b"})).Draw(t, "value"),
			"isRegex": rapid.Bool().Draw(t, "regex"),
		}
		if rapid.Bool().Draw(t, "old client") {
			m["isEqual"] = rapid.Bool().Draw(t, "equal")
		}
		matchers = append(matchers, m)
	}
	s := map[string]any{"matchers": matchers, "createdBy": "me", "comment": someValues.Draw(t, "comment"), "endsAt": nextTime()}
	s["startsAt"] = rapid.SampledFrom([]string{"2001-01-01T00:00:00Z", nextTime()}).Draw(t, "starts")
	if rapid.Bool().Draw(t, "future") { // in which nothing else begins
		s["startsAt"], s["endsAt"] = nextTime(), nextTime()
	}
	if rapid.Bool().Draw(t, "known") {
		s["id"] = fmt.Sprintf("{id:%d}", id)
	}
	if rapid.Bool().Draw(t, "annotated") {
		s["annotations"] = drawLabels(t)
	}
	return encode(s)
}

// mutated breaks one body in five somewhere. One with an ID, which is not the same
// for both, stays whole.
func mutated(t *rapid.T, body string) string {
	if strings.Contains(body, "{id:") || rapid.IntRange(0, 4).Draw(t, "break") > 0 {
		return body
	}
	at := rapid.IntRange(0, len(body)-1).Draw(t, "at")
	piece := rapid.SampledFrom([]string{"", "\"", "{", "}", "[", "]", ",", "null", "1", "\\", "\x00", "\xff", " ", "true", ":"}).Draw(t, "piece")
	switch rapid.IntRange(0, 2).Draw(t, "how") {
	case 0:
		return body[:at] + piece
	case 1:
		return body[:at] + piece + body[at:]
	}
	return body[:at] + piece + body[at+1:]
}

func drawRead(t *rapid.T) string {
	path := rapid.SampledFrom([]string{"/api/v2/alerts", "/api/v2/alerts/groups", "/api/v2/silences", "/api/v2/receivers"}).Draw(t, "path")
	var params []string
	for range rapid.IntRange(0, 4).Draw(t, "parameters") {
		name := rapid.SampledFrom([]string{"active", "silenced", "inhibited", "muted", "expired", "pending", "filter", "receiver", "receiver_matchers", "other"}).Draw(t, "parameter")
		value := rapid.SampledFrom([]string{"true", "false", "", "x"}).Draw(t, "value")
		if strings.Contains(name, "filter") || strings.Contains(name, "receiver") {
			value = rapid.OneOf(
				rapid.Custom(func(t *rapid.T) string {
					op := rapid.SampledFrom([]string{"=", "!=", "=~", "!~", "=="}).Draw(t, "operator")
					return someNames.Draw(t, "name") + op + rapid.SampledFrom([]string{"Down", `"Slow"`, `""`, "a|b", ".*", "(", "<&>"}).Draw(t, "operand")
				}),
				rapid.SampledFrom([]string{"team|copies", "copies", ".*", "owner=ops", "name=~t.*", "(", ""}),
				rapid.StringN(0, 6, 20),
			).Draw(t, "expression")
		}
		params = append(params, name+"="+url.QueryEscape(value))
	}
	return path + "?" + strings.Join(params, "&")
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps and strings always can be
	}
	return string(b)
}
