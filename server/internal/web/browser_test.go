package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

// TestBrowser does in a real browser what an on-call engineer does: from the link of a
// notification to a silence and back. The server has a name and no certificate, as in
// most networks, so that browsers say less about where a form comes from than they
// tell a server on the same machine.
func TestBrowser(t *testing.T) {
	page := startChromium(t)
	w := aNight()
	server := httptest.NewServer(w.serve("/cresset"))
	defer server.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	host := "http://pager.example.com:" + port
	const here = `document.readyState === "complete" ? location.pathname + location.search : ""`

	t.Run("links", func(t *testing.T) {
		page.t = t
		for _, tc := range []struct{ fragment, want string }{
			{"", "/cresset/"},
			{"#/alerts", "/cresset/"},
			{"#/status", "/cresset/"},
			{"#/alerts?receiver=team+db+%26+co", "/cresset/?receiver=team+db+%26+co"},
			{"#/alerts?filter={severity=~\"w.+\"}&silenced=true", "/cresset/?filter={severity=~%22w.%2B%22}&silenced=true"},
			{"#/silences", "/cresset/silences"},
			{"#/silences?filter=%7Bjob%3D%22batch%22%7D", "/cresset/silences?filter=%7Bjob%3D%22batch%22%7D"},
			{"#/silences/new", "/cresset/silences/new"},
			{"#/silences/" + firstSilence, "/cresset/silences/" + firstSilence},
			{"#/silences/" + firstSilence + "/edit", "/cresset/silences/" + firstSilence + "/edit"},
			{"#//evil.example.com", "/cresset/"},
			{"#/silences/../../x", "/cresset/"},
			{"#javascript:alert(1)", "/cresset/"},
		} {
			page.open("about:blank")
			page.open(host + "/cresset/" + tc.fragment)
			page.wait(here, tc.want)
			page.wait("document.querySelectorAll('main .error').length", 0.0)
		}
		// A link on a page that is open changes no more than what is behind the #.
		page.open(host + "/cresset/")
		page.wait(here, "/cresset/")
		page.submit(`location.hash = "/silences"`, here, "/cresset/silences")
	})

	t.Run("silence", func(t *testing.T) {
		page.t = t
		page.open(host + `/cresset/#/silences/new?filter={cluster="eu",severity="critical"}&comment=Known`)
		page.wait(here, "/cresset/silences/new?filter={cluster=%22eu%22,severity=%22critical%22}&comment=Known")
		page.wait(`document.querySelectorAll("#preview .card").length`, 1.0)
		page.submit(`document.getElementById("end").value = "soon"; document.querySelector("button[value=save]").click()`,
			`(document.getElementById("end-error") || {}).innerText?.slice(0, 6)`, `"soon"`)
		page.wait(`document.getElementById("comment").value`, "Known")
		page.submit(`document.getElementById("end").value = "45m"; document.getElementById("who").value = "night shift"; document.querySelector("button[value=save]").click()`,
			`location.pathname.length === "/cresset/silences/".length + 36`, true)
		id, err := page.run(`location.pathname.split("/").pop()`)
		if err != nil {
			t.Fatal(err)
		}
		s := w.silences.Get(fmt.Sprint(id))
		if s == nil || s.CreatedBy != "night shift" || s.Comment != "Known" || !s.EndsAt.Equal(t0.Add(45*time.Minute)) || matcherLines(s.Matchers[0]) != "cluster=\"eu\"\nseverity=\"critical\"" {
			t.Fatalf("the page is that of %+v", s)
		}
		page.submit(`document.querySelector("a.brand").click()`, here, "/cresset/")
		page.wait(`document.querySelectorAll(".card.silenced.critical").length`, 2.0)
		page.submit(`document.querySelector(".card.silenced.critical .why a").click()`, here, "/cresset/silences/"+s.ID)
		page.submit(`document.querySelector("select").value = "4h"; document.querySelector("form[action$=extend] button").click()`,
			`document.querySelector("dl").innerText.includes("in 4h 45m")`, true)
		page.submit(`document.querySelector("form[action$=expire] button").click()`, `document.querySelector("h1 .badge").innerText`, "expired")
		if s := w.silences.Get(s.ID); s.StateAt(t0) != silence.Expired {
			t.Errorf("the silence is %s, want expired", s.StateAt(t0))
		}
	})

	t.Run("another site", func(t *testing.T) {
		page.t = t
		evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, `<form method="post" action="%s/cresset/silences/%s/expire"></form>`, host, firstSilence)
		}))
		defer evil.Close()
		u, err := url.Parse(evil.URL)
		if err != nil {
			t.Fatal(err)
		}
		page.open("http://evil.example.net:" + u.Port() + "/")
		page.wait(`document.querySelectorAll("form").length`, 1.0)
		page.submit(`document.querySelector("form").submit()`, `(document.querySelector("h1") || {}).innerText`, "Forbidden")
		if s := w.silences.Get(firstSilence); s.StateAt(t0) != silence.Active {
			t.Errorf("the silence is %s, want active", s.StateAt(t0))
		}
	})
}
