package web

import (
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

const (
	firstSilence   = "00000000-0000-4000-8000-000000000001" // active
	pendingSilence = "00000000-0000-4000-8000-000000000003"
	expiredSilence = "00000000-0000-4000-8000-000000000004"
)

// filled is a form that is good, but for the names and values that replace what it
// has.
func filled(nameValues ...string) []string {
	form := []string{
		"matchers", "cluster=\"eu\"\nseverity!=\"info\"", "start", "", "end", "2h",
		"by", "night shift", "comment", "Known; see the log.", "do", "save",
	}
	return append(form, nameValues...)
}

// landed returns the silence whose page an answer leads to.
func landed(t *testing.T, w *world, from string, res *httptest.ResponseRecorder) *silence.Silence {
	t.Helper()
	location := res.Header().Get("Location")
	if res.Code != http.StatusSeeOther || !strings.HasPrefix(location, "./") {
		t.Fatalf("POST %s: status %d and location %q, want 303 and a relative one:\n%s", from, res.Code, location, res.Body)
	}
	to := path.Join(path.Dir(from), location)
	s := w.silences.Get(path.Base(to))
	if path.Dir(to) != "/silences" || s == nil {
		t.Fatalf("POST %s leads to %s, which is no silence", from, to)
	}
	return s
}

func TestCreateSilence(t *testing.T) {
	w := aNight()
	h := w.serve("")
	s := landed(t, w, "/silences/new", post(t, h, "/silences/new", filled()...))

	if got, want := matcherLines(s.Matchers[0]), "cluster=\"eu\"\nseverity!=\"info\""; got != want || len(s.Matchers) != 1 {
		t.Errorf("matchers: got %s in %d sets, want %s in one", got, len(s.Matchers), want)
	}
	if !s.StartsAt.Equal(t0) || !s.EndsAt.Equal(t0.Add(2*time.Hour)) {
		t.Errorf("it lasts from %v to %v, want two hours from %v", s.StartsAt, s.EndsAt, t0)
	}
	if s.CreatedBy != "night shift" || s.Comment != "Known; see the log." {
		t.Errorf("it is by %q because of %q", s.CreatedBy, s.Comment)
	}
	body := get(t, h, "/silences/"+s.ID).Body.String()
	if !strings.Contains(body, "Silences 2 of 4 alerts now") {
		t.Errorf("its page does not say that it silences two alerts:\n%s", body)
	}
	body = get(t, h, "/?state=silenced").Body.String()
	if got := strings.Count(body, `<span class="badge silenced">`); got != 4 { // DatabaseDown is in two groups
		t.Errorf("the overview has %d silenced cards, want 4:\n%s", got, body)
	}
	if want := `href="./silences/` + s.ID + `">silenced until 2026-03-01 05:12:00Z by night shift: Known; see the log.`; !strings.Contains(body, want) {
		t.Errorf("the overview has no %q:\n%s", want, body)
	}
}

// TestSilenceTimes: both ends are given as durations or as times.
func TestSilenceTimes(t *testing.T) {
	utc := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, time.UTC) }
	for _, tc := range []struct {
		start, end         string
		wantStart, wantEnd time.Time
	}{
		{"", "90m", t0, t0.Add(90 * time.Minute)},
		{" ", " 1d12h ", t0, t0.Add(36 * time.Hour)},
		{"", "04:00", t0, utc(1, 4, 0)},
		{"", "03:12", t0, utc(2, 3, 12)}, // not at once
		{"", "03:00", t0, utc(2, 3, 0)},
		{"", "2026-03-02", t0, utc(2, 0, 0)},
		{"", "2026-03-02 07:30", t0, utc(2, 7, 30)},
		{"", "2026-03-02T07:30:00+02:00", t0, utc(2, 5, 30)},
		{"1h", "30m", t0.Add(time.Hour), t0.Add(90 * time.Minute)},
		{"22:00", "06:00", utc(1, 22, 0), utc(2, 6, 0)},
		{"2026-03-03 00:00", "1w", utc(3, 0, 0), utc(10, 0, 0)},
		{"2026-02-01 00:00", "1h", t0, t0.Add(time.Hour)}, // nothing is silenced in the past
		{"0", "1s", t0, t0.Add(time.Second)},
	} {
		w := aNight()
		s := landed(t, w, "/silences/new", post(t, w.serve(""), "/silences/new", filled("start", tc.start, "end", tc.end)...))
		if !s.StartsAt.Equal(tc.wantStart) || !s.EndsAt.Equal(tc.wantEnd) {
			t.Errorf("from %q until %q: got %v to %v, want %v to %v", tc.start, tc.end, s.StartsAt, s.EndsAt, tc.wantStart, tc.wantEnd)
		}
	}
}

// TestNothingIsLost: whatever is wrong, the form comes back with what was typed and
// what is wrong, and no silence is made.
func TestNothingIsLost(t *testing.T) {
	w := aNight()
	h := w.serve("")
	before := len(w.silences.All())
	for _, tc := range []struct {
		name, value string
		want        string
	}{
		{"matchers", "", "at least one matcher is needed"},
		{"matchers", " \n ", "at least one matcher is needed"},
		{"matchers", "{}", "at least one matcher is needed"},
		{"matchers", "cluster", "cluster: bad matcher format: cluster"},
		{"matchers", "a=\"b\"\n\nc=~\"(\"", "c=~\"(\": error parsing regexp: missing closing ): `^(?:()$`"},
		{"matchers", `cluster=""`, "invalid silence: matcher set 0: at least one matcher must not match the empty string"}, // the store's
		{"start", "soon", `"soon" is neither a duration`},
		{"end", "", "Say for how long, or until when."},
		{"end", "-2h", `"-2h" is neither a duration`},
		{"end", "25:00", `"25:00" is neither a duration`},
		{"end", "9999-12-31 23:59:59-01:00", "is not in the years that can be written"},
		{"end", "0", "It would end at 2026-03-01 03:12:00Z, and not start before 2026-03-01 03:12:00Z"},
		{"end", "2026-03-01 03:00", "It would end at 2026-03-01 03:00:00Z, and not start before"},
		{"by", "  ", "Say who you are"},
		{"comment", "", "Say why"},
	} {
		form := filled(tc.name, tc.value)
		res := post(t, h, "/silences/new", form...)
		body := html.UnescapeString(res.Body.String())
		if res.Code != http.StatusBadRequest || !strings.Contains(body, tc.want) {
			t.Errorf("%s %q: status %d, want 400, and %q in:\n%s", tc.name, tc.value, res.Code, tc.want, body)
		}
		typed := map[string]string{}
		for i := 0; i < len(form); i += 2 {
			typed[form[i]] = form[i+1]
		}
		for _, want := range []string{
			">\n" + typed["matchers"] + "</textarea>", `name="start" value="` + typed["start"] + `"`, `name="end" value="` + typed["end"] + `"`,
			`name="by" value="` + typed["by"] + `"`, ">\n" + typed["comment"] + "</textarea>",
		} {
			if !strings.Contains(body, want) {
				t.Errorf("%s %q: the form has no %q", tc.name, tc.value, want)
			}
		}
	}
	if got := len(w.silences.All()); got != before {
		t.Errorf("there are %d silences, want the %d that there were", got, before)
	}
}

// TestPreview: unless the button that saves was used, as when a person types Enter,
// nothing is made, and the page tells what would be.
func TestPreview(t *testing.T) {
	w := aNight()
	h := w.serve("")
	before := len(w.silences.All())
	for _, do := range []string{"preview", ""} {
		res := post(t, h, "/silences/new", filled("do", do, "start", "1h")...)
		body := res.Body.String()
		for _, want := range []string{"It matches <b>2</b> of 4 alerts", "DatabaseDown", "CheckoutSlow", "2026-03-01 04:12:00Z", "2026-03-01 06:12:00Z", "lasts <b>2h 0m</b>"} {
			if res.Code != http.StatusOK || !strings.Contains(body, want) {
				t.Errorf("do %q: status %d, want 200, and %q in:\n%s", do, res.Code, want, body)
			}
		}
	}
	body := post(t, h, "/silences/new", filled("do", "preview", "comment", "")...).Body.String()
	if !strings.Contains(body, "It matches <b>2</b>") || !strings.Contains(body, "Say why") {
		t.Errorf("without a comment there is no preview that asks for one:\n%s", body)
	}
	if got := len(w.silences.All()); got != before {
		t.Errorf("there are %d silences, want the %d that there were", got, before)
	}
	// The first button is the one that Enter means.
	if preview, save := strings.Index(body, `value="preview"`), strings.Index(body, `value="save"`); preview < 0 || save < preview {
		t.Error("the button that saves comes before the one that previews")
	}
}

// TestEditSilence: what nobody touched stays as it was, to the nanosecond.
func TestEditSilence(t *testing.T) {
	const page = "/silences/" + firstSilence + "/edit"
	fresh := func() *world {
		w := aNight()
		old := w.silenced[0]
		old.StartsAt, old.EndsAt = old.StartsAt.Add(123456789), old.EndsAt.Add(987654321)
		old.Annotations = map[string]string{"ticket": "17"}
		return w
	}
	untouched := []string{
		"matchers", "instance=~\"db-.+\"\r\nalertname=\"BackupLate\"", "start", "2026-03-01 01:12:00Z", "end", "2026-03-01 07:12:00Z",
		"by", "night shift", "comment", "The tape robot is being repaired.\r\nLook again in the morning.", "do", "save",
	}
	t.Run("comment", func(t *testing.T) {
		w := fresh()
		h := w.serve("")
		s := landed(t, w, page, post(t, h, page, append(untouched, "comment", "Repaired?\r\nNo.\r\n")...))
		old := w.silenced[0]
		if s.ID != firstSilence || !s.StartsAt.Equal(old.StartsAt) || !s.EndsAt.Equal(old.EndsAt) || s.Comment != "Repaired?\nNo." || s.Annotations["ticket"] != "17" {
			t.Errorf("got %+v, want the silence as it was with another comment", s)
		}
	})
	t.Run("end", func(t *testing.T) {
		w := fresh()
		s := landed(t, w, page, post(t, w.serve(""), page, append(untouched, "end", "1h")...))
		if s.ID != firstSilence || !s.EndsAt.Equal(t0.Add(time.Hour)) {
			t.Errorf("silence %s ends at %v, want %s at %v: an hour from now", s.ID, s.EndsAt, firstSilence, t0.Add(time.Hour))
		}
	})
	t.Run("matchers", func(t *testing.T) {
		w := fresh()
		s := landed(t, w, page, post(t, w.serve(""), page, append(untouched, "matchers", `alertname="BackupLate"`)...))
		if s.ID == firstSilence || !s.StartsAt.Equal(t0) || s.Annotations["ticket"] != "17" {
			t.Errorf("got silence %s from %v, want another one from %v", s.ID, s.StartsAt, t0)
		}
		if old := w.silences.Get(firstSilence); old.StateAt(t0) != silence.Expired {
			t.Errorf("the old one is %s, want expired", old.StateAt(t0))
		}
	})
	t.Run("start after the end", func(t *testing.T) {
		w := fresh()
		body := post(t, w.serve(""), page, append(untouched, "start", "2026-03-01 08:00")...).Body.String()
		if want := "It would end at 2026-03-01 07:12:00Z, and not start before 2026-03-01 08:00:00Z."; !strings.Contains(body, want) {
			t.Errorf("no %q in:\n%s", want, body)
		}
	})
	t.Run("again", func(t *testing.T) {
		w := fresh()
		h := w.serve("")
		const page = "/silences/" + expiredSilence + "/edit"
		s := landed(t, w, page, post(t, h, page, filled("matchers", `path="C:\\ \"x\""`)...))
		if s.ID == expiredSilence || s.StateAt(t0) != silence.Active || s.Matchers[0][0].Value != `C:\ "x"` {
			t.Errorf("got %+v, want a new one that is active", s)
		}
	})
	t.Run("several sets", func(t *testing.T) {
		w := fresh()
		w.silenced[0].Matchers = append(w.silenced[0].Matchers, labels.Matchers{{Type: labels.MatchEqual, Name: "x", Value: "y"}})
		h := w.serve("")
		for _, res := range []*httptest.ResponseRecorder{get(t, h, page), post(t, h, page, untouched...)} {
			if res.Code != http.StatusConflict {
				t.Errorf("status %d, want 409: the form would lose a set", res.Code)
			}
		}
		if body := get(t, h, "/silences/"+firstSilence).Body.String(); strings.Contains(body, "/edit") || !strings.Contains(body, "<small>or</small>") {
			t.Errorf("its page offers to edit it, or does not show that there are two sets:\n%s", body)
		}
	})
}

// TestSilenceLinks: what links of notifications and of Alertmanager's clients carry
// is in the form.
func TestSilenceLinks(t *testing.T) {
	h := aNight().serve("")
	for query, want := range map[string]string{
		"filter=%7Bcluster%3D%22eu%22%2C+a%3D~%22x%7Cy%22%2C%7D": "\ncluster=\"eu\"\na=~\"x|y\"</textarea>",
		"filter=cluster%3D%22eu%22":                              "\ncluster=\"eu\"</textarea>",
		"filter=%7Bcluster":                                      "\n{cluster</textarea>", // as it is, to be mended
		"filter=&comment=so%20it+is":                             "\nso it is</textarea>",
	} {
		if body := html.UnescapeString(get(t, h, "/silences/new?"+query).Body.String()); !strings.Contains(body, want) {
			t.Errorf("%s: no %q in:\n%s", query, want, body)
		}
	}
	if body := get(t, h, "/silences/new?filter=%7Bcluster").Body.String(); !strings.Contains(body, `id="matchers-error"`) {
		t.Error("that the matchers of a link cannot be read is not said")
	}

	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/silences/new", nil)
	req.SetBasicAuth("night-shift", "secret")
	res := httptest.NewRecorder()
	h.ServeHTTP(res, req)
	if body := res.Body.String(); !strings.Contains(body, `name="by" value="night-shift"`) || strings.Contains(body, "secret") {
		t.Errorf("the form does not know who is logged in, or knows too much:\n%s", body)
	}
}

// An empty form is nothing to warn of.
func TestEmptyFormIsNotLogged(t *testing.T) {
	var log strings.Builder
	compat.InitFromFlags(slog.New(slog.NewTextHandler(&log, nil)), featurecontrol.NoopFlags{})
	t.Cleanup(func() { compat.InitFromFlags(slog.New(slog.DiscardHandler), featurecontrol.NoopFlags{}) })
	h := aNight().serve("")
	for _, path := range []string{"/silences/new", "/silences/new?filter=", "/silences/new?filter=%7B%7D"} {
		if res := get(t, h, path); res.Code != http.StatusOK || log.Len() > 0 {
			t.Errorf("%s: got status %d and log %q, want 200 and none", path, res.Code, log.String())
		}
	}
}

// FuzzSilenceForm: whatever is typed, the form comes back or a silence is made; and the
// form of that silence, sent as it is, leaves it as it is.
func FuzzSilenceForm(f *testing.F) {
	f.Add("cluster=\"eu\"\nseverity!=\"info\"", "", "2h", "night shift", "Known")
	f.Add("{a=~\"b|c\", d!~\"e\\n\"},\n\n", "2026-03-01 04:00", "04:30", "x", "y\r\nz")
	f.Add("a=b", "1h", "2026-03-02T00:00:00.5Z", "\xff", "</textarea>")
	f.Add("a=\"\\\"", "0", "1e9", "x", "y")
	f.Fuzz(func(t *testing.T, matchers, start, end, by, comment string) {
		w := aNight()
		h := w.serve("")
		res := post(t, h, "/silences/new", "matchers", matchers, "start", start, "end", end, "by", by, "comment", comment, "do", "save")
		if res.Code == http.StatusBadRequest {
			if body := res.Body.String(); !strings.Contains(body, `class="error"`) || !strings.HasSuffix(body, "</html>\n") {
				t.Fatalf("it is refused without a reason, or the page is not whole:\n%s", body)
			}
			return
		}
		made := landed(t, w, "/silences/new", res)
		if made.StartsAt.Before(t0) || !made.EndsAt.After(made.StartsAt) {
			t.Fatalf("it lasts from %v to %v", made.StartsAt, made.EndsAt)
		}
		texts, page := textsOf(made, t0), "/silences/"+made.ID+"/edit"
		if code := get(t, h, page).Code; code != http.StatusOK {
			t.Fatalf("its form has status %d", code)
		}
		again := landed(t, w, page, post(t, h, page, "matchers", texts.Matchers, "start", texts.Start, "end", texts.End, "by", texts.By, "comment", texts.Comment, "do", "save"))
		if again.ID != made.ID || !again.StartsAt.Equal(made.StartsAt) || !again.EndsAt.Equal(made.EndsAt) || again.CreatedBy != made.CreatedBy {
			t.Fatalf("sent as it is, the form makes of\n%+v\nthis:\n%+v", made, again)
		}
	})
}
