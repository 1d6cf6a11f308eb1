package web

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/prometheus/prometheus/scrape"
)

var update = flag.Bool("update", false, "write the golden pages anew")

// volatile is what a page has that no test can know beforehand.
var volatile = []struct {
	pattern *regexp.Regexp
	as      string
}{
	{regexp.MustCompile(`took <b>[^<]*</b></span></p>\n(<div class="scroll">|<p class="empty">)`), "took <b>TIME</b></span></p>\n$1"}, // of a query
	{regexp.MustCompile(`(style\.css|icon\.svg|fragment\.js)\?[0-9a-f]+`), "$1?VERSION"},
}

// TestPages compares whole pages with testdata. After a change that is meant:
// go test -run TestPages -update, and read the difference.
func TestPages(t *testing.T) {
	quiet := aNight()
	quiet.groups, quiet.rules = nil, quiet.rules[:1]
	quiet.rules[0].Rules = quiet.rules[0].Rules[:2]
	quiet.active = map[string][]*scrape.Target{"shop": quiet.active["shop"]}

	alone := aNight() // as where there are alerts and silences only
	alone.alone = true
	const first, third, fourth = "/silences/00000000-0000-4000-8000-000000000001", "/silences/00000000-0000-4000-8000-000000000003", "/silences/00000000-0000-4000-8000-000000000004"

	for _, tc := range []struct {
		name  string
		world *world
		path  string
		code  int
	}{
		{"overview", aNight(), "/", 200},
		{"overview_quiet", quiet, "/", 200},
		{"overview_empty", &world{}, "/", 200},
		{"overview_alone", alone, "/", 200},
		{"overview_receiver", aNight(), "/?receiver=team-disk&state=silenced", 200},
		{"overview_filter", aNight(), "/?filter=%7Bcluster%3D%22us%22%7D", 200},
		{"overview_bad_filter", quiet, "/?filter=%7Bcluster", 400},
		{"silences", aNight(), "/silences", 200},
		{"silences_none", &world{}, "/silences?state=active", 200},
		{"silence", aNight(), first, 200},
		{"silence_pending", aNight(), third, 200},
		{"silence_expired", aNight(), fourth, 200},
		{"silence_new", aNight(), "/silences/new", 200},
		{"silence_new_filled", aNight(), "/silences/new?filter=%7Bcluster%3D%22eu%22%7D&comment=Known", 200},
		{"silence_edit", aNight(), first + "/edit", 200},
		{"silence_again", aNight(), fourth + "/edit", 200},
		{"alerts", aNight(), "/alerts", 200},
		{"alerts_firing", aNight(), "/alerts?state=firing", 200},
		{"rules", aNight(), "/rules", 200},
		{"rules_failing", aNight(), "/rules?health=err", 200},
		{"targets", aNight(), "/targets", 200},
		{"targets_empty", &world{}, "/targets", 200},
		{"graph_form", aNight(), "/graph", 200},
		{"graph", aNight(), "/graph?g0.expr=latency_seconds+%3E+0.5&g0.tab=1", 200},
		{"graph_past", aNight(), "/graph?g0.expr=nothing&g0.tab=0&g0.end_input=2026-03-01+01%3A00%3A00", 200},
		{"graph_error", aNight(), "/graph?g0.expr=lag_a+-+lag_b&g0.tab=1", 422},
		{"not_found", aNight(), "/classic/graph", 404},
		{"not_found_alone", alone, "/graph", 404},
	} {
		t.Run(tc.name, func(t *testing.T) {
			res := get(t, tc.world.serve(""), tc.path)
			if res.Code != tc.code {
				t.Errorf("GET %s: status %d, want %d", tc.path, res.Code, tc.code)
			}
			got := res.Body.String()
			for _, v := range volatile {
				got = v.pattern.ReplaceAllString(got, v.as)
			}
			file := filepath.Join("testdata", tc.name+".html")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("GET %s differs from %s:\n%s", tc.path, file, got)
			}
		})
	}
}
