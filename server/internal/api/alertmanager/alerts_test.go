package alertmanager

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// The answer has every field, times in milliseconds, no null, and the alerts are
// sorted by fingerprint.
func TestGetAlertsShape(t *testing.T) {
	f := newFixture(t, testConfig)
	body := `[{"labels":{"alertname":"A","empty":""},"annotations":{"summary":"s"},"startsAt":"2026-03-01T12:00:00.123456Z","endsAt":"2096-03-01T13:00:00+01:00","generatorURL":"http://x/?a=<b>&c"}]`
	if resp := f.do(http.MethodPost, "/api/v2/alerts", body); resp.StatusCode != http.StatusOK || bodyOf(t, resp) != "" {
		t.Fatalf("POST: %d", resp.StatusCode)
	}
	resp := f.do(http.MethodGet, "/api/v2/alerts", "")
	updated := listed[[]jsonAlert](t, f, "/api/v2/alerts")[0].UpdatedAt
	expect(t, bodyOf(t, resp), `[{"annotations":{"summary":"s"},"endsAt":"2096-03-01T13:00:00.000+01:00","fingerprint":"d2c6efc389df0927","receivers":[{"name":"team"}],`+
		`"startsAt":"2026-03-01T12:00:00.123Z","status":{"inhibitedBy":[],"mutedBy":[],"silencedBy":[],"state":"active"},"updatedAt":"`+updated+`",`+
		`"generatorURL":"http://x/?a=\u003cb\u003e\u0026c","labels":{"alertname":"A"}}]`+"\n")
	expect(t, resp.Header.Get("Content-Type")+" "+resp.Header.Get("Cache-Control"), "application/json no-store")

	f.post(t, "alertname=B n=1", "alertname=B n=2", "alertname=B n=3", "alertname=B n=4")
	alerts := listed[[]jsonAlert](t, f, "/api/v2/alerts")
	if len(alerts) != 5 || !slices.IsSortedFunc(alerts, func(a, b jsonAlert) int { return strings.Compare(a.Fingerprint, b.Fingerprint) }) {
		t.Errorf("got %v, want 5 alerts sorted by fingerprint", alerts)
	}
}

func TestGetAlertsFilters(t *testing.T) {
	f := newFixture(t, testConfig)
	expect(t, bodyOf(t, f.do(http.MethodGet, "/api/v2/alerts", "")), "[]\n")
	f.post(t, "alertname=Down cluster=a", "alertname=Slow cluster=a", "alertname=Slow cluster=b n=2", "alertname=Copied copy=yes", "alertname=Quiet muted=yes")
	over := fmt.Sprintf(`[{"labels":{"alertname":"Over"},"startsAt":"2026-03-01T12:00:00Z","endsAt":%q}]`, time.Now().Add(-time.Second).Format(time.RFC3339Nano))
	f.do(http.MethodPost, "/api/v2/alerts", over)

	for _, tc := range []struct {
		name  string
		query []string
		want  []string
	}{
		{"all that are current", nil, []string{"Copied", "Down", "Quiet", "Slow", "Slow2"}},
		{"one matcher", []string{"filter", `alertname="Slow"`}, []string{"Slow", "Slow2"}},
		{"two matchers", []string{"filter", `alertname="Slow"`, "filter", "cluster!=a"}, []string{"Slow2"}},
		{"a regular expression", []string{"filter", "alertname=~Do.*|Quiet"}, []string{"Down", "Quiet"}},
		{"a label that is missing", []string{"filter", `cluster=""`}, []string{"Copied", "Quiet"}},
		{"a label that must be there", []string{"filter", `cluster!=""`}, []string{"Down", "Slow", "Slow2"}},
		{"not inhibited", []string{"inhibited", "false"}, []string{"Copied", "Down", "Quiet", "Slow2"}},
		{"inhibited only", []string{"active", "false"}, []string{"Slow"}},
		{"neither", []string{"active", "false", "inhibited", "no"}, nil},
		{"an empty value is the default", []string{"active", ""}, []string{"Copied", "Down", "Quiet", "Slow", "Slow2"}},
		{"the last value counts", []string{"inhibited", "false", "inhibited", "YES"}, []string{"Copied", "Down", "Quiet", "Slow", "Slow2"}},
		{"silenced and unprocessed exclude nothing", []string{"silenced", "false", "unprocessed", "false"}, []string{"Copied", "Down", "Quiet", "Slow", "Slow2"}},
		{"a receiver", []string{"receiver", "quiet|copies"}, []string{"Copied", "Quiet"}},
		{"the whole receiver's name", []string{"receiver", "qui"}, nil},
		{"a receiver's label", []string{"receiver_matchers", "owner=audit"}, []string{"Copied"}},
		{"a receiver's name as label", []string{"receiver_matchers", "name=~q.*"}, []string{"Quiet"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := strings.Fields(names(listed[[]jsonAlert](t, f, "/api/v2/alerts", tc.query...)))
			slices.Sort(got)
			expect(t, got, tc.want)
		})
	}

	t.Run("status and receivers", func(t *testing.T) {
		slow := listed[[]jsonAlert](t, f, "/api/v2/alerts", "filter", "alertname=Slow", "filter", "cluster=a")[0]
		down := listed[[]jsonAlert](t, f, "/api/v2/alerts", "filter", "alertname=Down")[0]
		expect(t, slow.Status.State+fmt.Sprint(slow.Status.InhibitedBy), "suppressed["+down.Fingerprint+"]")
		copied := listed[[]jsonAlert](t, f, "/api/v2/alerts", "filter", "alertname=Copied")[0]
		expect(t, copied.Receivers, []map[string]string{{"name": "copies"}, {"name": "team"}})
	})
}

func TestGroups(t *testing.T) {
	f := newFixture(t, testConfig)
	expect(t, bodyOf(t, f.do(http.MethodGet, "/api/v2/alerts/groups", "")), "[]\n")
	f.post(t,
		"alertname=Down cluster=b job=y instance=1", "alertname=Slow cluster=b job=x instance=2", "alertname=Up cluster=b job=x instance=1", "alertname=Bare cluster=b",
		"alertname=Down cluster=a", "alertname=Copied cluster=a copy=yes", "alertname=Quiet cluster=q muted=yes")

	describe := func(query ...string) string {
		var s []string
		for _, g := range listed[[]jsonGroup](t, f, "/api/v2/alerts/groups", query...) {
			s = append(s, g.Labels["cluster"]+"/"+g.Receiver["name"]+": "+names(g.Alerts))
		}
		return strings.Join(s, "; ")
	}
	for _, tc := range []struct {
		name  string
		query []string
		want  string
	}{
		// Two routes to one receiver make two groups, here with the same labels.
		{"all, sorted", nil, "a/copies: Copied; a/team: Copied; a/team: Down; b/team: Up Slow Down Bare; q/quiet: Quiet"},
		{"not muted", []string{"muted", "false"}, "a/copies: Copied; a/team: Copied; a/team: Down; b/team: Up Slow Down Bare"},
		{"not inhibited", []string{"inhibited", "false", "filter", "cluster=b"}, "b/team: Up Down Bare"},
		{"inhibited only", []string{"active", "false"}, "b/team: Slow"},
		{"a receiver", []string{"receiver", "copies"}, "a/copies: Copied"},
		{"a receiver's label", []string{"receiver_matchers", "owner!=ops"}, "a/copies: Copied; q/quiet: Quiet"},
	} {
		t.Run(tc.name, func(t *testing.T) { expect(t, describe(tc.query...), tc.want) })
	}

	t.Run("fields", func(t *testing.T) {
		quiet := listed[[]jsonGroup](t, f, "/api/v2/alerts/groups", "receiver", "quiet")[0]
		expect(t, quiet.RouteLabels, map[string]string{"note": "q is quiet"})
		expect(t, quiet.Alerts[0].Status.State+fmt.Sprint(quiet.Alerts[0].Status.MutedBy), "suppressed[always]")
		copied := listed[[]jsonGroup](t, f, "/api/v2/alerts/groups", "filter", "alertname=Copied")
		expect(t, copied[0].Alerts[0].Receivers, []map[string]string{{"name": "copies"}, {"name": "team"}})
		expect(t, copied[0].RouteLabels, map[string]string{})
	})
}

// The valid alerts of a bad batch stay.
func TestPostInvalid(t *testing.T) {
	f := newFixture(t, testConfig)
	resp := f.do(http.MethodPost, "/api/v2/alerts", `[{"labels":{"x":""}},{"labels":{"alertname":"Good"}},{"labels":{"a":"b"},"startsAt":"2030-01-01T00:00:00Z","endsAt":"2029-01-01T00:00:00Z"}]`)
	expect(t, fmt.Sprint(resp.StatusCode, " ", bodyOf(t, resp)), `400 "at least one label pair required\nstart time must be before end time"`+"\n")
	expect(t, names(listed[[]jsonAlert](t, f, "/api/v2/alerts")), "Good")
}

func TestReceivers(t *testing.T) {
	f := newFixture(t, testConfig)
	expect(t, bodyOf(t, f.do(http.MethodGet, "/api/v2/receivers", "")),
		`[{"labels":{"name":"team","owner":"ops"},"name":"team"},{"labels":{"name":"copies","owner":"audit"},"name":"copies"},{"labels":{"name":"quiet"},"name":"quiet"}]`+"\n")
	expect(t, bodyOf(t, f.do(http.MethodGet, "/api/v2/receivers?receiver_matchers=owner%3D~%22a.*%22", "")), `[{"labels":{"name":"copies","owner":"audit"},"name":"copies"}]`+"\n")
}
