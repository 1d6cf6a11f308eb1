package differential_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// compare asks both sides the same.
func (p *pair) compare(t interface {
	Helper()
	Errorf(string, ...any)
}, path string, header http.Header) {
	t.Helper()
	got, want := p.ours.get(path, header), p.theirs.get(path, header)
	shown := path[:min(len(path), 200)]
	if got.Code != want.Code {
		t.Errorf("%s: got status %d, want %d", shown, got.Code, want.Code)
	}
	for _, name := range []string{"Content-Type", "Content-Encoding", "Vary"} {
		if got, want := got.Header()[name], want.Header()[name]; !slices.Equal(got, want) {
			t.Errorf("%s: got header %s %q, want %q", shown, name, got, want)
		}
	}
	if g, w := sortAlerts(content(got)), sortAlerts(content(want)); !bytes.Equal(g, w) {
		i := 0
		for i < min(len(g), len(w)) && g[i] == w[i] {
			i++
		}
		from := max(0, i-100)
		t.Errorf("%s: bodies differ at byte %d:\ngot  ...%.300s\nwant ...%.300s", shown, i, g[min(from, len(g)):], w[min(from, len(w)):])
	}
}

// content is the body of an answer, decompressed; what is wrong with it if it
// cannot be.
func content(w *httptest.ResponseRecorder) []byte {
	var r io.Reader = w.Body
	var err error
	switch w.Header().Get("Content-Encoding") {
	case "gzip":
		r, err = gzip.NewReader(w.Body)
	case "deflate":
		r, err = zlib.NewReader(w.Body)
	}
	if err != nil {
		return []byte(err.Error())
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return []byte(err.Error())
	}
	return b
}

// sortAlerts sorts the alerts of each list in a body: theirs come in any order.
func sortAlerts(body []byte) []byte {
	const key = `"alerts":[`
	var out bytes.Buffer
	for {
		before, rest, found := bytes.Cut(body, []byte(key))
		out.Write(before)
		if !found {
			return out.Bytes()
		}
		d := json.NewDecoder(bytes.NewReader(append([]byte("["), rest...)))
		var alerts []json.RawMessage
		if err := d.Decode(&alerts); err != nil {
			return append(out.Bytes(), err.Error()...)
		}
		slices.SortFunc(alerts, func(a, b json.RawMessage) int { return bytes.Compare(a, b) })
		out.WriteString(key)
		for i, a := range alerts {
			if i > 0 {
				out.WriteByte(',')
			}
			out.Write(a)
		}
		out.WriteByte(']')
		body = rest[d.InputOffset()-1:]
	}
}

// From before the first evaluation to after the last, also in the middle of
// evaluations, both tell the same of rules and alerts.
func TestRulesAndAlertsAreTold(t *testing.T) {
	inBubble(t, series, func(t *testing.T, p *pair) {
		p.load(files)
		var told strings.Builder
		for i := range 100 {
			p.compare(t, "/rules", nil)
			p.compare(t, "/alerts", nil)
			if t.Failed() {
				t.Fatalf("after %d steps", i)
			}
			told.Write(p.theirs.get("/rules", nil).Body.Bytes())
			time.Sleep(17011 * time.Millisecond)
			synctest.Wait()
		}
		// What was compared says something.
		body := told.String()
		for _, want := range []string{`"state":"firing"`, `"state":"pending"`, `"state":"inactive"`, `"keepFiringSince"`, `"value":"NaN"`, `"value":"1e-07"`, `\u003c`, "\u2028",
			"exceeded limit of 1 with 3 series", "exceeded limit of 1 with 3 alerts", "many-to-many", "error expanding template",
			"vector contains metrics with the same labelset after applying rule labels", "vector contains metrics with the same labelset after applying alert labels", "rule result is not a vector or scalar"} {
			if !strings.Contains(body, want) {
				t.Errorf("no %s in any answer", want)
			}
		}
	})
}

func TestEachRequest(t *testing.T) {
	inBubble(t, series, func(t *testing.T, p *pair) {
		p.load(files)
		for range 3 {
			for _, path := range requests {
				p.compare(t, path, nil)
			}
			for _, header := range []http.Header{
				{"Accept": {"text/html"}},
				{"Accept": {"application/json;q=0.1"}},
				{"Accept-Encoding": {"gzip"}},
				{"Accept-Encoding": {"deflate, br"}},
				{"Origin": {"http://other.example"}},
			} {
				p.compare(t, "/rules", header)
				p.compare(t, "/alerts", header)
			}
			time.Sleep(5 * time.Minute)
			synctest.Wait()
		}
	})
}

// All pages together are all groups.
func TestPages(t *testing.T) {
	inBubble(t, series, func(t *testing.T, p *pair) {
		p.load(files)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		for _, filter := range []string{"", "&type=alert", "&type=record", "&exclude_alerts=true", `&match[]={severity="page"}`, "&rule_name[]=High&rule_name[]=ok"} {
			for limit := 1; limit < 8; limit++ {
				var groups []json.RawMessage
				for token := ""; ; {
					path := fmt.Sprintf("/rules?group_limit=%d%s", limit, filter)
					if token != "" {
						path += "&group_next_token=" + token
					}
					p.compare(t, path, nil)
					page := decode(t, p.ours.get(path, nil).Body.Bytes())
					groups = append(groups, page.Groups...)
					if token = page.Next; token == "" {
						break
					}
				}
				all := decode(t, p.ours.get("/rules?"+filter, nil).Body.Bytes())
				if len(all.Groups) == 0 || !slices.EqualFunc(groups, all.Groups, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
					t.Errorf("pages of %d with filter %q have %d groups, want all %d", limit, filter, len(groups), len(all.Groups))
				}
			}
		}
	})
}

type rulesData struct {
	Groups []json.RawMessage `json:"groups"`
	Next   string            `json:"groupNextToken"`
}

func decode(t *testing.T, body []byte) rulesData {
	t.Helper()
	var answer struct{ Data rulesData }
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Data
}

// tokens are those of all groups but the first.
func tokens(t *testing.T, p *pair) []string {
	t.Helper()
	var all []string
	for token := ""; ; {
		token = decode(t, p.theirs.get("/rules?group_limit=1&group_next_token="+token, nil).Body.Bytes()).Next
		if token == "" {
			break
		}
		all = append(all, token)
	}
	if len(all) < 5 {
		t.Fatalf("got %d tokens", len(all))
	}
	return all
}

// A token that is not of the page after is followed like any other.
func TestTokensWithOtherFilters(t *testing.T) {
	inBubble(t, series, func(t *testing.T, p *pair) {
		p.load(files)
		for _, token := range tokens(t, p) {
			for _, rest := range []string{"&type=record", "&type=alert", "&rule_group[]=alpha", "&rule_group[]=none", "&file[]=rules/a-b.yml", "&rule_name[]=High", `&match[]={a="b"}`, "&exclude_alerts=x"} {
				p.compare(t, "/rules?group_limit=2&group_next_token="+token+rest, nil)
				p.compare(t, "/rules?group_limit=2&group_next_token="+strings.ToUpper(token)+rest, nil)
			}
		}
	})
}

// Random requests of known and unknown parameters with good and bad values.
func TestRandomRequests(t *testing.T) {
	values := map[string][]string{
		"type":             {"alert", "record", "Alert", "x", ""},
		"exclude_alerts":   {"true", "false", "T", "0", "x", ""},
		"rule_name[]":      {"High", "ok", "fine", "load:sum", "x", ""},
		"rule_group[]":     {"alpha", "zeta", "only", "broken", "values", "x", ""},
		"file[]":           {"rules/b.yml", "rules/a/b.yml", "rules/a-b.yml", "x", ""},
		"match[]":          {`{severity="page"}`, `{severity!="page",team!=""}`, `{a=~"b|c"}`, `{a=""}`, `up{`, `up`, ""},
		"group_limit":      {"1", "2", "3", "0", "-1", "x", ""},
		"group_next_token": {"", "x"}, // and those of groups
		"x":                {"", "y"},
	}
	names := []string{"type", "exclude_alerts", "rule_name[]", "rule_group[]", "file[]", "match[]", "group_limit", "group_limit", "group_next_token", "x"}
	var p *pair
	inBubble(t, series, func(t *testing.T, q *pair) {
		p = q
		p.load(files)
		values["group_next_token"] = append(values["group_next_token"], tokens(t, p)...)
		time.Sleep(4 * time.Minute)
		synctest.Wait()
	})
	// The rules do not change any more.
	rapid.Check(t, func(rt *rapid.T) {
		query := url.Values{}
		for range rapid.IntRange(0, 5).Draw(rt, "parameters") {
			name := rapid.SampledFrom(names).Draw(rt, "name")
			value := rapid.SampledFrom(values[name]).Draw(rt, "value")
			if rapid.IntRange(0, 9).Draw(rt, "any") == 0 {
				value = rapid.StringN(0, 5, -1).Draw(rt, "value")
			}
			query.Add(name, value)
		}
		p.compare(rt, "/rules?"+query.Encode(), nil)
	})
}

// What is told of rules that are reloaded: those that stay, change, come and go.
func TestReloads(t *testing.T) {
	inBubble(t, series, func(t *testing.T, p *pair) {
		reloads := []map[string]string{
			files,
			{"b.yml": files["b.yml"]},
			{"b.yml": strings.ReplaceAll(files["b.yml"], "load > 5", "load > 1"), "a-b.yml": files["a-b.yml"]},
			{"b.yml": strings.ReplaceAll(files["b.yml"], "for: 1m", "for: 10m"), "a/b.yml": files["a/b.yml"]},
			{"b.yml": strings.ReplaceAll(files["b.yml"], "interval: 20s", "interval: 40s")},
			{"b.yml": strings.ReplaceAll(files["b.yml"], "limit: 1", "limit: 3")},
			{},
			files,
		}
		for i, files := range reloads {
			p.load(files)
			for step := range 12 {
				p.compare(t, "/rules", nil)
				p.compare(t, "/alerts", nil)
				if t.Failed() {
					t.Fatalf("%s steps after reload %d", strconv.Itoa(step), i)
				}
				time.Sleep(13013 * time.Millisecond)
				synctest.Wait()
			}
		}
	})
}
