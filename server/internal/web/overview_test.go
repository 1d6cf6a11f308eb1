package web

import (
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var cardName = regexp.MustCompile(`<h4><span class="badge [a-z]+">([a-z]+)</span> ([A-Za-z]+)`)

// cardsOf are the alerts on a page, with their states.
func cardsOf(body string) []string {
	var cards []string
	for _, m := range cardName.FindAllStringSubmatch(body, -1) {
		cards = append(cards, m[2]+" "+m[1])
	}
	return cards
}

func TestSelection(t *testing.T) {
	h := aNight().serve("")
	all := []string{"DatabaseDown firing", "DatabaseDown firing", "CheckoutSlow inhibited", "DiskFills muted", "BackupLate silenced", "CheckoutSlow pending"}
	for _, tc := range []struct {
		query string
		code  int
		want  []string
	}{
		{"", 200, all},
		{"?state=firing", 200, all[:2]},
		{"?state=silenced", 200, all[4:5]},
		{"?state=inhibited", 200, all[2:3]},
		{"?state=muted", 200, all[3:4]},
		{"?receiver=archive", 200, all[:1]},
		{"?receiver=team-disk", 200, all[3:5]},
		{"?receiver=team-disk&state=muted", 200, all[3:4]},
		{"?receiver=nobody", 200, nil},
		{"?filter=cluster%3D%22us%22", 200, all[4:5]},
		{"?filter=%7Bcluster%3D%22eu%22%2Cseverity!~%22crit.*%22%7D", 200, all[2:4]},
		{"?silenced=true&unknown=1", 200, all}, // what other pages' links have is no harm
		{"?alert=6200ff0d9f9308d3", 200, all[4:5]},
		{"?alert=0000000000000001", 200, nil},
		{"?alert=x", 400, all},
		{"?state=red", 400, all},
		{"?filter=cluster", 400, all},
	} {
		res := get(t, h, "/"+tc.query)
		if got := cardsOf(res.Body.String()); res.Code != tc.code || !slices.Equal(got, tc.want) {
			t.Errorf("GET /%s: status %d and %q, want %d and %q", tc.query, res.Code, got, tc.code, tc.want)
		}
		if hasError := strings.Contains(res.Body.String(), `class="error"`); hasError != (tc.code == 400) {
			t.Errorf("GET /%s: an error is shown: %v, with status %d", tc.query, hasError, tc.code)
		}
		if want := "4 firing"; !strings.Contains(res.Body.String(), "<title>"+want) {
			t.Errorf("GET /%s: the title does not say %q: whatever is chosen, all of it fires", tc.query, want)
		}
	}
}

// TestSelectionIsKept: the tabs and the filter keep what else is chosen.
func TestSelectionIsKept(t *testing.T) {
	body := html.UnescapeString(get(t, aNight().serve(""), "/?receiver=team-disk&state=muted&filter=severity%3Dinfo").Body.String())
	for _, want := range []string{
		`href="./?filter=severity%3Dinfo&receiver=team-disk&state=silenced"`,
		`href="./?filter=severity%3Dinfo&receiver=team-disk"`,
		`name="receiver" value="team-disk"`, `name="state" value="muted"`, `name="filter" value="severity=info"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in:\n%s", want, body)
		}
	}
}

// TestSilencesFilter: a filter finds silences that have its matchers, not those that
// would match.
func TestSilencesFilter(t *testing.T) {
	h := aNight().serve("")
	for _, tc := range []struct {
		query string
		code  int
		ids   []string
	}{
		{"?filter=job%3D%22batch%22", 200, []string{"2"}},
		{"?filter=alertname%3D%22BackupLate%22,instance%3D~%22db-.%2B%22", 200, []string{"1"}},
		{"?filter=instance%3D%22db-1%22", 200, nil},
		{"?filter=severity%3D%22critical%22", 200, nil}, // one has severity!="critical"
		{"?filter=cluster%3D%22eu%22&state=pending", 200, []string{"3"}},
		{"?filter=cluster%3D%22eu%22&state=active", 200, nil},
		{"?filter=%7B%7D", 200, []string{"2", "1", "3", "4"}},
		{"?filter=cluster", 400, []string{"2", "1", "3", "4"}},
		{"?state=red", 400, nil},
	} {
		res := get(t, h, "/silences"+tc.query)
		var ids []string
		for _, m := range regexp.MustCompile(`<a href="\./silences/[0-9-]+000(\d)">`).FindAllStringSubmatch(res.Body.String(), -1) {
			ids = append(ids, m[1])
		}
		if res.Code != tc.code || !slices.Equal(ids, tc.ids) {
			t.Errorf("GET /silences%s: status %d and %q, want %d and %q", tc.query, res.Code, ids, tc.code, tc.ids)
		}
	}
}

// TestWhatIsNotThere: without a part there are neither its pages nor links to them.
func TestWhatIsNotThere(t *testing.T) {
	everything := []string{"silences", "silences/new", "silences/" + firstSilence, "alerts", "rules", "targets", "graph"}
	for _, tc := range []struct {
		name              string
		alone, unsilenced bool
		missing           []string
	}{
		{"all", false, false, nil},
		{"no engine, rules and targets", true, false, everything[3:]},
		{"no silences", false, true, everything[:3]},
		{"nothing", true, true, everything},
	} {
		w := aNight()
		w.alone, w.unsilenced = tc.alone, tc.unsilenced
		h := w.serve("")
		body := get(t, h, "/").Body.String()
		if got := len(cardsOf(body)); got < 5 {
			t.Errorf("%s: the overview has %d cards, want those of all groups", tc.name, got)
		}
		for _, page := range everything {
			want := http.StatusOK
			if slices.Contains(tc.missing, page) {
				want = http.StatusNotFound
				if strings.Contains(body, `href="./`+page) {
					t.Errorf("%s: the overview links to %s", tc.name, page)
				}
			}
			if got := get(t, h, "/"+page).Code; got != want {
				t.Errorf("%s: GET /%s: status %d, want %d", tc.name, page, got, want)
			}
		}
	}
}
