package alertmanager

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// pairConfig has no two groups with the same labels and receiver: their order is a
// random one there.
const pairConfig = `
global: {resolve_timeout: 5m}
route:
  receiver: team
  group_by: [cluster]
  group_wait: 1h
  routes:
  - {matchers: [quiet=yes], receiver: 'quiet<&>', group_wait: 1ms, mute_time_intervals: [always], labels: {note: '<{{ .GroupLabels.cluster }}> & co', severity: low}}
  - {matchers: [copy=yes], receiver: copies, group_by: [copy], continue: true}
  - {matchers: [copy=yes], receiver: team, group_by: [cluster, copy]}
  - {matchers: [twice=yes], receiver: copies, continue: true, group_by: ['...']}
  - {matchers: [twice=yes], receiver: copies, group_by: []}
receivers:
- {name: team, labels: {owner: ops, empty: ''}}
- {name: copies, labels: {owner: audit}}
- {name: 'quiet<&>'}
inhibit_rules:
- {source_matchers: [alertname=Down], target_matchers: [alertname=Slow], equal: [cluster]}
time_intervals:
- {name: always, time_intervals: [{years: ['2000:3000']}]}
`

var (
	apiPaths = []string{
		"/api/v2/status", "/api/v2/receivers", "/api/v2/alerts", "/api/v2/alerts/groups", "/api/v2/silences",
		"/api/v2/silence/00000000-0000-0000-0000-000000000001",
	}
	methods = []string{"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "get", "TRACE", "BREW"}
)

// reads are requests with every parameter that there is, right and wrong.
func reads() []*request {
	var all []*request
	add := func(name string, r *request) {
		r.name = name
		all = append(all, r)
	}
	q := url.QueryEscape
	for _, path := range []string{"/api/v2/alerts", "/api/v2/alerts/groups", "/api/v2/silences"} {
		for _, name := range []string{"active", "silenced", "inhibited", "unprocessed", "muted", "expired", "pending"} {
			for _, value := range []string{"=true", "=false", "=0", "=yes", "=nonsense", "=", "", "=FALSE", "=false&" + name + "=true", "=true&" + name + "=false", "=false&" + name + "="} {
				add("boolean", get(path+"?"+name+value))
			}
		}
		for _, filter := range []string{
			"", "a", "a=b", "a=~", "a=~(", "a!~[", "{a=b}", `a="b"`, `a="b`, `"a"="b"`, "a='b'", "=", "=b", "a==b", "a=~b=c", " a = b ", "a=b,c=d", "a=b,", `a="\"`, `a="\n"`, `a="\xff"`,
			"a=\xff", "\xff=a", "a=\x00", "0a=b", "a-b=c", "ü=ö", "🙂=x", `"a b"="c"`, "a b=c", "alertname=~.*", `alertname=""`, `alertname!=""`, "alertname=~", "alertname!~", "a=~(?i)X", `a=~\Qx`,
			"a=~x{1001}", "a=~(((((x{30}){30}){30}){30}){30})", "a=~" + strings.Repeat("(", 1200) + strings.Repeat(")", 1200), "a=" + strings.Repeat("x", 10_000), `__name__="x"`, "a!b", "a!", "a~b", "a=~*",
		} {
			add("filter", get(path+"?filter="+q(filter)))
		}
		add("filters", get(path+"?filter="+q("cluster=a")+"&filter="+q("alertname!=Down")))
		add("filters, the second bad", get(path+"?filter="+q("cluster=a")+"&filter=x"))
		add("parameters that do not exist", get(path+"?nothing=1&limit=1"))
		add("bad escapes", get(path+"?filter=%zz&active=false"))
		add("semicolons", get(path+"?active=false;filter=x"))
	}
	for _, path := range []string{"/api/v2/alerts", "/api/v2/alerts/groups", "/api/v2/receivers"} {
		for _, value := range []string{"", "team", "tea", ".*", "(", "team|copies", "^team$", "TEAM", "quiet<&>", "\\", "x{1001}", "team&receiver=copies", "\xff"} {
			add("receiver", get(path+"?receiver="+strings.ReplaceAll(q(value), "%26receiver%3D", "&receiver=")))
		}
		for _, value := range []string{
			"", "x", "owner=ops", "owner!=ops", "owner=~.*", `owner=""`, `empty=""`, `empty!=""`, "empty=~.+", `empty=~""`, `empty!~""`, "name=team", "name=~t.*", "{name=team}", "name=~(", `none=""`, `none!=""`,
		} {
			add("receiver_matchers", get(path+"?receiver_matchers="+q(value)))
		}
		add("both", get(path+"?receiver=team&receiver_matchers="+q("owner=audit")))
		add("all that can be wrong", get(path+"?filter=x&receiver=%28&receiver_matchers=y"))
		add("two that are wrong", get(path+"?receiver=%28&receiver_matchers=y"))
	}
	return all
}

// catalogue are requests of every kind that change nothing, most because something
// is wrong with them.
func catalogue() []*request {
	var all []*request
	add := func(name string, r *request) {
		r.name = name
		all = append(all, r)
	}
	for _, path := range append(apiPaths, "/api/v2/foo", "/api/v2/", "/api/v2/silence/", "/api/v2/swagger.json", "/swagger.json", "/api/v2/docs") {
		for _, method := range methods {
			add("method", &request{method: method, path: path})
		}
	}
	for _, path := range []string{
		"/api/v2/alerts/", "/api/v2/alerts//", "/api/v2//alerts", "/api/v2/alerts/./groups", "/api/v2/silences/../alerts", "/api/v2/alerts%2Fgroups", "/api/v2/%61lerts",
		"/api/v2/alerts;x", "/api/v2/alerts:x", "/api/v2/ALERTS", "/api/v2/alerts/groups/", "/api/v2/alerts/groups/x", "/api/v2/silence/", "/api/v2/silence/a/b", "/api/v2/silence/*",
		"/api/v2/silence/:silenceID", "/api/v2/silence/{silenceID}", "/api/v2/silences/00000000-0000-0000-0000-000000000001", "/api/v2/*", "/api/v2/%zz", "/api/v2/alerts%00",
		"/api/v2/sil%65nce/x%2Fy", "/api/v2", "/api/v2/silence/%2e%2e", "/api/v2/<script>", "/api/v2/%3Cscript%3E", "/api/v2/ü", "/api/v2/alerts?", "/api/v2/alerts/?filter=a%3Db",
		"/api/v2/silence/00000000-0000-0000-0000-00000000000%31", "/api/v2/silence/00000000-0000-0000-0000-000000000001/",
	} {
		add("path", get(path))
	}
	for _, id := range []string{
		"x", "0", "00000000000000000000000000000001", "urn:uuid:00000000-0000-0000-0000-000000000001", "%7B00000000-0000-0000-0000-000000000001%7D", "00000000-0000-0000-0000-00000000000g",
		"00000000-0000-0000-0000-0000000000011", "%20", "%00", "%ff", "a:b", "<b>", "%3Cb%3E&", "AAAAAAAA-AAAA-AAAA-AAAA-AAAAAAAAAAAA",
	} {
		for _, method := range []string{"GET", "DELETE"} {
			add("ID", &request{method: method, path: "/api/v2/silence/" + id})
		}
	}

	for _, path := range apiPaths {
		for _, accept := range []string{
			"", "application/json", "*/*", "text/html", "text/*", "application/*", "application/json;q=0", "application/json; charset=utf-8", "text/html, application/json;q=0.1", "application/xml, */*;q=0.1",
			"garbage", ",", "application/json;version=2", "APPLICATION/JSON", "*/*;q=0", "application/vnd.api+json", "text/html, */*;q=0", "*",
		} {
			add("Accept", &request{method: "GET", path: path, header: []string{"Accept: " + accept}})
		}
		for _, contentType := range []string{
			"", "application/json", "application/json; charset=utf-8", "application/json; charset=latin1", "text/plain", "text/html", "APPLICATION/JSON", "x", "a/b/c", "application/json;;",
			"application/x-www-form-urlencoded", "application/vnd.api+json", ";", "application/json, text/plain", "text/yaml",
		} {
			for _, method := range []string{"GET", "POST", "DELETE"} {
				add("Content-Type", &request{method: method, path: path, header: []string{"Content-Type: " + contentType}, body: "x"})
			}
		}
		add("no Content-Type", &request{method: "POST", path: path, body: "[]x"})
		add("body to GET, chunked", &request{method: "GET", path: path, body: "[]", chunked: true})
		add("origin", &request{method: "GET", path: path, header: []string{"Origin: http://elsewhere.example"}})
		add("preflight", &request{method: "OPTIONS", path: path, header: []string{"Origin: http://elsewhere.example", "Access-Control-Request-Method: POST"}})
	}
	for _, path := range []string{"/api/v2/alerts", "/api/v2/silences"} {
		json := "Content-Type: application/json"
		for _, r := range []*request{
			{header: []string{json}}, {header: nil}, {header: []string{json, "Content-Length: 0"}}, {header: []string{json}, chunked: true}, {header: []string{json}, chunked: true, body: " "},
			{header: []string{json, "Accept: text/html"}, body: "x"}, {header: []string{json, "Accept: text/html"}}, {header: []string{"Content-Type: text/plain", "Accept: text/html"}, body: "x"},
			{header: []string{json, "Content-Length: 100"}, body: "[{"}, {header: []string{json, "Content-Length: 100"}, body: ""}, {header: []string{json, "Expect: 100-continue"}, body: "x"},
			{header: []string{json, "Content-Encoding: gzip"}, body: "\x1f\x8b"}, {header: []string{json, json}, body: "x"}, {header: []string{json, "Content-Type: text/plain"}, body: "x"},
		} {
			r.method, r.path = "POST", path
			add("body", r)
		}
		for _, body := range badBodies {
			add("body", post(path, body))
		}
	}
	for _, body := range badAlerts {
		add("alert", post("/api/v2/alerts", body))
	}
	for _, body := range badSilences {
		add("silence", post("/api/v2/silences", body))
	}
	for _, path := range []string{
		"/api/v1/status", "/api/v1/receivers", "/api/v1/alerts", "/api/v1/silences", "/api/v1/silence/x",
		"/api/v1/nothing", "/api/v1/silence/x/y", "/api/v1/alerts/groups",
	} {
		for _, method := range []string{"GET", "POST", "DELETE", "PUT"} {
			add("version 1", &request{method: method, path: path})
		}
	}
	return all
}

// badBodies are no JSON, or not what is wanted.
var badBodies = []string{
	" ", "\n\t ", "{", "[", "[{", `[{"`, "]", "}", "x", "nul", "true", "1", `"a"`, "{}", "{} x", "[1]", "[[]]", `["a"]`, "[{}]", "[{},{}]", "[{},1]", "[{}{}]", "[{},]", "[,]", "{,}", `{"a"}`, "{1:2}",
	"\xef\xbb\xbf[]", "\x00", "\xff", "[\x00]", "'a'", "NaN", "[1e999]", "// x", strings.Repeat("[", 20_000), strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000),
	strings.Repeat(`{"a":`, 11_000), `[{"labels":` + strings.Repeat("[", 9_990) + strings.Repeat("]", 9_990) + "}]",
}

// badAlerts are lists of alerts that are refused as a whole, or alerts that are.
var badAlerts = []string{
	`[{"labels":null}]`, `[{"labels":{}}]`, `[{"labels":[]}]`, `[{"labels":"a"}]`, `[{"labels":{"a":1}}]`, `[{"labels":{"a":null}}]`, `[{"labels":{"a":{}}}]`, `[{"labels":{"a":true}}]`, `[{"labels":{"":"a"}}]`,
	`[{"labels":{"a":""}}]`, `[{"labels":{"a\u0000b":""}}]`, `[{"labels":{"a":"b"},"annotations":1}]`, `[{"labels":{"a":"b"},"annotations":{"":"x"}}]`, `[{"labels":{"a":"b"},"annotations":{"a":1}}]`,
	`[{"labels":{"a":"b"},"startsAt":1}]`, `[{"labels":{"a":"b"},"startsAt":"x"}]`, `[{"labels":{"a":"b"},"startsAt":"2026-13-01T00:00:00Z"}]`, `[{"labels":{"a":"b"},"endsAt":"10000-01-01T00:00:00Z"}]`,
	`[{"labels":{"a":"b"},"endsAt":"-001-01-01T00:00:00Z"}]`, `[{"labels":{"a":"b"},"startsAt":"2030-01-01T00:00:00Z","endsAt":"2029-01-01T00:00:00Z"}]`, `[{"labels":{"a":"b"},"startsAt":{}}]`,
	`[{"labels":{"a":"b"},"generatorURL":"::"}]`, `[{"labels":{"a":"b"},"generatorURL":1}]`, `[{"labels":{"a":"b"},"generatorURL":"x"}]`, `[{"labels":{"a":"b"},"generatorURL":"http://[::1"}]`,
	`[{"labels":{"a":"b"},"generatorURL":"<&>"}]`, `[{"labels":{"a":"b"},"generatorURL":"\u0000"}]`, `[{"generatorURL":"::"}]`, `[{"labels":{},"generatorURL":"::"}]`,
	`[{"labels":{}},{"labels":{"a":""}},{"labels":{"":"b"}}]`, `[{"labels":{"":"b","a":"c"}}]`, `[{"labels":{"a":1}},{}]`, `[{},{"labels":{"a":1}}]`, `[{"generatorURL":"::"},{}]`, `{"labels":{}}`,
	"[" + strings.Repeat(`{"labels":{}},`, 2000) + `{"labels":{}}]`,
}

// goodMatcher and times make a silence whole.
const (
	goodMatcher = `"matchers":[{"name":"a","value":"b","isRegex":false}]`
	goodRest    = `"startsAt":"2095-01-01T00:00:00Z","endsAt":"2096-01-01T00:00:00Z","createdBy":"me","comment":"c"`
)

func withMatchers(ms string) string { return `{"matchers":` + ms + "," + goodRest + "}" }
func withTimes(starts, ends string) string {
	return fmt.Sprintf(`{%s,"startsAt":%s,"endsAt":%s,"createdBy":"","comment":""}`, goodMatcher, starts, ends)
}

// badSilences are refused.
var badSilences = []string{
	"null", "[]", "{" + goodMatcher + "}", "{" + goodRest + "}", withMatchers("null"), withMatchers("[]"), withMatchers("{}"), withMatchers("1"), withMatchers("[{}]"), withMatchers("[1]"),
	withMatchers(`[{"name":"a"}]`), withMatchers(`[{"name":"a","value":"b"}]`), withMatchers(`[{"value":"b","isRegex":false}]`), withMatchers(`[{"name":"a","isRegex":false}]`),
	withMatchers(`[{"name":1,"value":"b","isRegex":false}]`), withMatchers(`[{"name":"a","value":"b","isRegex":"x"}]`), withMatchers(`[{"name":"a","value":"b","isRegex":false,"isEqual":1}]`),
	withMatchers(`[{"name":"","value":"b","isRegex":false}]`), withMatchers(`[{"name":"a","value":"","isRegex":false}]`), withMatchers(`[{"name":"a","value":".*","isRegex":true}]`),
	withMatchers(`[{"name":"a","value":"(","isRegex":true}]`), withMatchers(`[{"name":"a","value":"x{1001}","isRegex":true}]`), withMatchers(`[{"name":"","value":"(","isRegex":true}]`),
	withMatchers(`[{"name":"a","value":"b","isRegex":false},{"name":"a","value":"[","isRegex":true,"isEqual":false}]`), withMatchers(`[{"name":"a","value":"(","isRegex":true},{"name":"","value":"b","isRegex":false}]`),
	withMatchers(`[{"name":"a","value":"","isRegex":false},{"name":"b","value":"x?","isRegex":true}]`), withMatchers(`[{"name":"a","value":"a)(b","isRegex":true}]`),
	withMatchers(`[{"name":"a","value":"` + strings.Repeat("(", 1001) + strings.Repeat(")", 1001) + `","isRegex":true}]`),
	withTimes("null", "null"), withTimes("1", "2"), withTimes(`"x"`, `"y"`), withTimes(`""`, `""`), withTimes(`"2096-01-01T00:00:00Z"`, `"2095-01-01T00:00:00Z"`), withTimes(`"2095-01-01T00:00:00Z"`, `"2095-01-01T00:00:00Z"`),
	withTimes(`"2001-01-01T00:00:00Z"`, `"2002-01-01T00:00:00Z"`), withTimes(`"0001-01-01T00:00:00Z"`, `"0001-01-01T00:00:00Z"`), withTimes(`"2095-01-01T00:00:00Z"`, `"0001-01-01T00:00:00Z"`),
	withTimes(`"2095-01-01T00:00:00Z"`, `"10000-01-01T00:00:00Z"`), withTimes(`"2096-01-01T01:00:00+01:00"`, `"2096-01-01T00:00:00Z"`), withTimes(`"2095-01-01"`, `"2094-01-01"`),
	`{"id":1,` + goodMatcher + "," + goodRest + "}", `{"id":"x",` + goodMatcher + "," + goodRest + "}", `{"id":"00000000-0000-0000-0000-000000000001",` + goodMatcher + "," + goodRest + "}",
	`{"annotations":1,` + goodMatcher + "," + goodRest + "}", `{"annotations":{"a":1},` + goodMatcher + "," + goodRest + "}", `{"comment":null,` + goodMatcher + `,"startsAt":"2095-01-01T00:00:00Z","endsAt":"2096-01-01T00:00:00Z"}`,
	`{"createdBy":1}`, `{"matchers":[{"name":"a"},{"value":"b"}]}`,
}

// Whatever is wrong with a request, it is answered as ever.
func TestRefusedAlike(t *testing.T) {
	p := newPair(t, pairConfig, Options{})
	for _, r := range append(catalogue(), reads()...) {
		p.compare(t, r)
	}
}

// Where the real one fails, ours has an answer.
func TestRefusedBetter(t *testing.T) {
	p := newPair(t, pairConfig, Options{MaxBodyBytes: 1 << 20})
	for _, tc := range []struct {
		r            *request
		theirs, ours int
		reason       string
	}{
		{post("/api/v2/alerts", `[{"labels":{"a":"b"}},null]`), 0, 422, "1 in body is required"},
		{post("/api/v2/silences", withMatchers("[null]")), 0, 422, "matchers.0 in body is required"},
		{&request{method: "POST", path: "/api/v2/alerts", body: "[]", header: []string{"Content-Type: application/*"}}, 500, 415, "only [application/json] are allowed"},
		{&request{method: "GET", path: "/api/v2/alerts", body: "[]", header: []string{"Content-Type: */*"}}, 500, 415, "only [application/json] are allowed"},
		{post("/api/v2/silences", withMatchers(`[{"name":"a","value":"\\Qx","isRegex":true}]`)), 200, 400, "missing closing )"},
		{post("/api/v2/silences", withMatchers(`[{"name":"a","value":"`+strings.Repeat("x{1000}", 30)+`","isRegex":true}]`)), 200, 400, "counted repetitions"},
		{get("/api/v2/alerts?filter=a%3D~%22" + strings.Repeat("x{1000}", 30) + "%22"), 200, 400, "counted repetitions"},
		{get("/api/v2/alerts?receiver=" + strings.Repeat("x{1000}", 30)), 200, 400, "counted repetitions"},
		{post("/api/v2/alerts", "["+strings.Repeat(" ", 1<<20)+"]"), 200, 413, "body is larger than 1048576 bytes"},
		{&request{method: "POST", path: "/api/v2/alerts", header: []string{"Content-Type: application/json"}, body: "[" + strings.Repeat(" ", 1<<20) + "]", chunked: true}, 200, 413, "body is larger than 1048576 bytes"},
		{post("/api/v2/alerts", "["+strings.Repeat(`{"labels":{}},`, 20_000)+`{}]`), 422, 413, "more than 16385 alerts"},
	} {
		if got := p.theirs.send(t, tc.r).status; got != tc.theirs {
			t.Errorf("%s\nthe real one answers %d, and no longer %d", tc.r, got, tc.theirs)
		}
		if got := p.ours.send(t, tc.r); got.status != tc.ours || !strings.Contains(got.body, tc.reason) {
			t.Errorf("%s\n got %s\nwant %d %s", tc.r, got, tc.ours, tc.reason)
		}
	}
}

// goodAlerts are taken, however strange some are.
var goodAlerts = []string{
	"null", "[]", `[] x`,
	`[{"labels":{"alertname":"Down","cluster":"a"},"annotations":{"summary":"<b>it's & down</b>","e":""},"startsAt":"2026-03-01T12:00:00.123456789Z","endsAt":"2096-03-01T12:00:00+01:00","generatorURL":"http://x/?a=<b>&c"}]`,
	`[{"labels":{"alertname":"Slow","cluster":"a"},"endsAt":"2096-03-01T12:00:00Z"},{"labels":{"alertname":"Slow","cluster":"b","job":"j","instance":"2"},"endsAt":"2096-03-01T12:00:00Z"}]`,
	`[{"labels":{"alertname":"Up","cluster":"b","job":"j","instance":"1"},"endsAt":"2096-03-01T12:00:00Z"},{"labels":{"alertname":"Timeout","cluster":"b","job":"i"}}]`,
	`[{"labels":{"alertname":"Quiet","cluster":"<q>","quiet":"yes"},"endsAt":"2096-03-01T12:00:00Z"},{"labels":{"alertname":"Copied","copy":"yes"},"endsAt":"2096-03-01T12:00:00Z"}]`,
	`[{"labels":{"alertname":"Twice","twice":"yes","gone":""},"endsAt":"2096-03-01T12:00:00Z","unknown":{"x":[1]}}]`,
	`[{"labels":{"a b":"c","ü":"ö🙂","\u0000":"\u0000","x":"\ud800","y":"\u2028<"},"endsAt":"2096-03-01T12:00:00Z"}]`,
	"[{\"labels\":{\"bytes\":\"\xff\xfe\"},\"endsAt\":\"2096-03-01T12:00:00Z\"}]",
	`[{"labels":{"LABELS":"1","n":"1"},"LABELS":{"n":"2"},"EndsAt":"2096-03-01T12:00:00Z"}]`,
	`[{"labels":{"n":"dup","n":"dup2"},"labels":{"m":"3"},"endsAt":"2096-03-01T12:00:00Z"}]`,
	`[{"labels":{"n":"year 9999"},"startsAt":"0000-01-01T00:00:00Z","endsAt":"9999-12-31T23:59:59.999999999-23:59"}]`,
	`[{"labels":{"n":"zero"},"startsAt":"0001-01-01T00:00:00Z","endsAt":"2096-03-01T12:00:00Z"},{"labels":{"n":"empty"},"startsAt":"","endsAt":"2096-03-01T12:00:00Z"}]`,
	`[{"labels":{"n":"past"},"startsAt":"2001-01-01T00:00:00Z","endsAt":"2002-01-01T00:00:00Z"},{"labels":{"n":"start in the future"},"startsAt":"2095-01-01T00:00:00Z","endsAt":"2096-03-01T12:00:00Z"}]`,
	`[{"labels":{"n":"date"},"startsAt":"2026-01-01","endsAt":"2096-03-01T12:00:00"},{"labels":{"n":"lower case"},"startsAt":"2026-01-01t00:00:00z","endsAt":"2096-03-01 12:00:00Z"}]`,
	`[{"labels":{"n":"update"},"annotations":{"v":"1"},"startsAt":"2026-01-02T00:00:00Z","endsAt":"2096-03-01T12:00:00Z"}]`,
	`[{"labels":{"n":"update"},"annotations":{"v":"2"},"startsAt":"2026-01-01T00:00:00Z","endsAt":"2097-03-01T12:00:00Z"}]`,
	`[{"labels":{"n":"null"},"annotations":null,"startsAt":null,"endsAt":"2096-03-01T12:00:00Z","generatorURL":null},{"labels":{"n":"URL"},"endsAt":"2096-03-01T12:00:00Z","generatorURL":"/x"}]`,
	`[{"labels":{"n":"mixed"},"endsAt":"2096-03-01T12:00:00Z"},{"labels":{"":"x"}},{"labels":{"n":"order"},"startsAt":"2030-01-01T00:00:00Z","endsAt":"2029-01-01T00:00:00Z"}]`,
	`[{"labels":{"n":"long","l":"` + strings.Repeat("x", 100_000) + `"},"endsAt":"2096-03-01T12:00:00Z"}]`,
}

// goodSilences are taken, in this order: later ones change earlier ones. All have
// ends and starts of their own, because the order of equal ones is a random one
// there.
func goodSilences() []string {
	silence := func(id int, matchers string, starts, ends string) string {
		of := ""
		if id >= 0 {
			of = fmt.Sprintf(`"id":"{id:%d}",`, id)
		}
		return fmt.Sprintf(`{%s"matchers":%s,"startsAt":%q,"endsAt":%q,"createdBy":"<me>","comment":"a & b","annotations":{"x":"<y>"}}`, of, matchers, starts, ends)
	}
	const (
		slow  = `[{"name":"alertname","value":"Slow","isRegex":false,"isEqual":true}]`
		never = `[{"name":"alertname","value":"<&>","isRegex":false},{"name":"x","value":"Sl.*|y","isRegex":true,"isEqual":false}]`
		some  = `[{"name":"cluster","value":"b","isRegex":true},{"name":"alertname","value":"Up","isRegex":false,"isEqual":false}]`
		past  = "2001-01-01T00:00:00Z"
	)
	return []string{
		silence(-1, slow, past, "2096-01-01T00:00:00.123456789+02:00"),     // 0: starts now
		silence(-1, never, "2095-01-01T00:00:00Z", "2096-01-02T00:00:00Z"), // 1: pending
		silence(-1, some, "0001-01-01T00:00:00Z", "2096-01-03T00:00:00Z"),  // 2: starts now
		silence(-1, never, "2095-01-02T00:00:00Z", "2096-01-04T00:00:00Z"), // 3: pending
		silence(1, never, "2094-01-01T00:00:00Z", "2097-01-02T00:00:00Z"),  // 1 is changed
		silence(3, slow, "2095-01-03T00:00:00Z", "2096-01-05T00:00:00Z"),   // 4 takes the place of 3
		silence(0, slow, past, "2096-01-06T00:00:00Z"),                     // 5 takes the place of 0: it has another start
		silence(3, slow, "2095-01-04T00:00:00Z", "2096-01-07T00:00:00Z"),   // 6: 3 has ended
		silence(-1, `[{"name":"ü \u0000","value":"","isRegex":false,"isEqual":false}]`, past, "2096-01-08T00:00:00Z"),
		`{` + goodMatcher + `,"startsAt":"2095-01-05T00:00:00Z","endsAt":"9999-01-01T00:00:00Z","createdBy":"","comment":"","annotations":null,"status":{"state":"expired"},"updatedAt":"x"}`,
		`{"matchers":[{"name":"a","value":"b","isRegex":false},{"name":"a","value":"b","isRegex":false}],"startsAt":"2095-01-06T00:00:00Z","endsAt":"9999-12-31T23:59:59-23:59","createdBy":"","comment":"","annotations":{}}`,
	}
}

// Whatever is taken is listed as ever, with every parameter.
func TestListedAlike(t *testing.T) {
	p := newPair(t, pairConfig, Options{})
	for _, body := range goodAlerts {
		p.compare(t, post("/api/v2/alerts", body))
		// Updates must not follow each other quickly: there, they may swap.
		p.compare(t, get("/api/v2/alerts/groups"))
	}
	lists := []string{"/api/v2/alerts", "/api/v2/alerts/groups", "/api/v2/silences", "/api/v2/alerts?silenced=false", "/api/v2/alerts/groups?silenced=false&active=false"}
	for _, path := range lists {
		p.compare(t, get(path))
	}
	for i, body := range goodSilences() {
		p.compare(t, post("/api/v2/silences", body))
		p.compare(t, get(fmt.Sprintf("/api/v2/silence/{id:%d}", i)))
		for _, path := range lists {
			p.compare(t, get(path))
		}
	}
	for _, r := range reads() {
		p.compare(t, r)
	}
	for _, matcher := range []string{"alertname%3DSlow", "alertname%3D%22Slow%22", "alertname%3D~Slow", "alertname%3D%3C%26%3E", "x!~Sl.*%7Cy", "x!%3DSl.*%7Cy", "cluster%3D~b", "cluster%3Db"} {
		p.compare(t, get("/api/v2/silences?filter="+matcher))
		p.compare(t, get("/api/v2/silences?filter="+matcher+"&expired=false"))
	}
	for _, id := range []string{"{id:5}", "{id:1}", "{id:1}", "{id:0}", "{id:99}", "%7B{id:2}%7D", "urn:uuid:{id:2}"} {
		p.compare(t, &request{method: "DELETE", path: "/api/v2/silence/" + id})
		p.compare(t, get("/api/v2/silence/"+id))
		for _, path := range lists {
			p.compare(t, get(path))
		}
	}
}
