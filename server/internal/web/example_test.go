package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/dispatch"
	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
	"github.com/cresset-metrics/cresset/server/internal/web"
)

// quiet is a pipeline without alerts.
type quiet struct{}

func (quiet) Groups(time.Time, func(string) bool) []*dispatch.Group { return nil }
func (quiet) InhibitedBy(model.LabelSet, time.Time) (model.Fingerprint, bool) {
	return 0, false
}

// Where only alerts are received, there are no pages of rules, targets and queries.
func ExampleNew() {
	mux := http.NewServeMux()
	web.New(web.Options{
		Pipeline: quiet{},
		Silences: silence.New(silence.Options{}),
	}).Register(mux, "/pager")

	for _, path := range []string{"/pager/", "/pager/silences", "/pager/rules"} {
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		_, title, _ := strings.Cut(answer.Body.String(), "<title>")
		title, _, _ = strings.Cut(title, "</title>")
		fmt.Println(answer.Code, title)
	}
	// Output:
	// 200 Nothing fires · Cresset
	// 200 Silences · Cresset
	// 404 Not Found · Cresset
}
