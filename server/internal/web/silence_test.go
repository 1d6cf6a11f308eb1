package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

func TestExtendSilence(t *testing.T) {
	w := aNight()
	h := w.serve("")
	for _, tc := range []struct {
		id, by string
		code   int
	}{
		{firstSilence, "4h", 303},
		{pendingSilence, "1d", 303},
		{firstSilence, "", 400},
		{firstSilence, "-1h", 400},
		{firstSilence, "0", 400},
		{expiredSilence, "1h", 409},
		{"none", "1h", 404},
	} {
		page := "/silences/" + tc.id + "/extend"
		res := post(t, h, page, "by", tc.by)
		if res.Code != tc.code {
			t.Errorf("extend %s by %q: status %d, want %d", tc.id, tc.by, res.Code, tc.code)
		}
		if tc.code == 303 && landed(t, w, page, res).ID != tc.id {
			t.Errorf("extend %s by %q made another silence", tc.id, tc.by)
		}
	}
	if got, want := w.silences.Get(firstSilence).EndsAt, t0.Add(8*time.Hour); !got.Equal(want) {
		t.Errorf("it ends at %v, want %v", got, want)
	}
}

func TestExpireSilence(t *testing.T) {
	w := aNight()
	h := w.serve("")
	for range 2 { // to end it once more does no harm
		const page = "/silences/" + firstSilence + "/expire"
		if s := landed(t, w, page, post(t, h, page)); s.StateAt(t0) != silence.Expired {
			t.Errorf("it is %s, want expired", s.StateAt(t0))
		}
	}
	if body := get(t, h, "/").Body.String(); strings.Contains(body, "badge silenced") {
		t.Errorf("an alert is silenced still:\n%s", body)
	}
	if res := post(t, h, "/silences/none/expire"); res.Code != http.StatusNotFound {
		t.Errorf("an unknown silence: status %d, want 404", res.Code)
	}
}

// brokenJournal takes nothing.
type brokenJournal struct{}

func (brokenJournal) Append([]silence.Change) func(context.Context) error {
	return func(context.Context) error { return errors.New("disk is full") }
}

// TestNotSaved: a change that is in force and not safe is not offered to be made once
// more.
func TestNotSaved(t *testing.T) {
	w := aNight()
	w.journal = brokenJournal{}
	h := w.serve("")
	for _, tc := range []struct {
		page string
		form []string
	}{
		{"/silences/new", filled()},
		{"/silences/" + firstSilence + "/extend", []string{"by", "1h"}},
		{"/silences/" + firstSilence + "/expire", nil},
	} {
		res := post(t, h, tc.page, tc.form...)
		body := res.Body.String()
		if res.Code != http.StatusInternalServerError || !strings.Contains(body, "The change is in force") || !strings.Contains(body, "disk is full") || strings.Contains(body, "<form") {
			t.Errorf("POST %s: status %d, want 500, and a page that says so and has no form:\n%s", tc.page, res.Code, body)
		}
	}
}

// TestForeignForms: only our own pages change something.
func TestForeignForms(t *testing.T) {
	w := aNight()
	h := w.serve("")
	for _, tc := range []struct {
		site, origin string
		code         int
	}{
		{"same-origin", "http://example.com", 303},
		{"cross-site", "https://evil.example.net", 403},
		{"same-site", "https://evil.example.com", 403},
		{"", "http://evil.example.net", 403},
		{"", "null", 403},
		{"", "http://example.com", 303},        // the host of the request
		{"", "https://watch.example.com", 303}, // the external URL, where a proxy changes the host
		{"", "http://watch.example.com", 403},
		{"", "", 303}, // no browser
	} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/silences/"+firstSilence+"/expire", nil)
		if tc.site != "" {
			req.Header.Set("Sec-Fetch-Site", tc.site)
		}
		if tc.origin != "" {
			req.Header.Set("Origin", tc.origin)
		}
		res := httptest.NewRecorder()
		h.ServeHTTP(res, req)
		if res.Code != tc.code {
			t.Errorf("Sec-Fetch-Site %q, Origin %q: status %d, want %d", tc.site, tc.origin, res.Code, tc.code)
		}
		if res.Code == 403 && res.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("Sec-Fetch-Site %q, Origin %q: the refusal has no Content-Security-Policy", tc.site, tc.origin)
		}
	}
}

func TestBadForms(t *testing.T) {
	h := aNight().serve("")
	if res := post(t, h, "/silences/new", filled("comment", strings.Repeat("x", maxForm))...); res.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a form of more than %d bytes: status %d, want 413", maxForm, res.Code)
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/silences/new", strings.NewReader("matchers=%zz"))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res := httptest.NewRecorder()
	h.ServeHTTP(res, req)
	if res.Code != http.StatusBadRequest {
		t.Errorf("a form with a bad escape: status %d, want 400", res.Code)
	}
	req = httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/silences/new?do=save", strings.NewReader(`{"matchers":"a=b"}`))
	req.Header.Set("Content-Type", "application/json")
	res = httptest.NewRecorder()
	h.ServeHTTP(res, req)
	if res.Code != http.StatusBadRequest {
		t.Errorf("a body that is no form: status %d, want 400", res.Code)
	}
}
