package alertmanager_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/config"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/api/alertmanager"
	"github.com/cresset-metrics/cresset/server/internal/dispatch"
	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

// An API over its parts takes an alert, and a silence for it.
func Example() {
	store, silences := alert.NewStore(alert.Options{}), silence.New(silence.Options{Retention: time.Hour})
	pipeline := dispatch.New(dispatch.Options{Store: store, Silences: silences})
	c, err := config.Load("route: {receiver: team}\nreceivers: [{name: team}]\n")
	if err != nil {
		panic(err)
	}
	if err := pipeline.Apply(c); err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- pipeline.Run(ctx) }()
	defer func() { cancel(); <-ended }()

	api := alertmanager.New(alertmanager.Options{Store: store, Pipeline: pipeline, Silences: silences, Timeout: time.Minute})
	mux := http.NewServeMux()
	api.Register(mux, "")
	api.RegisterRemoved(mux, "")
	mux.Handle("GET /-/ready", api.Limit(api.Instrument("/-/ready", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))))

	send := func(method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w
	}
	send("POST", "/api/v2/alerts", `[{"labels":{"alertname":"DiskFull","disk":"sda"}}]`)
	send("POST", "/api/v2/silences", `{"matchers":[{"name":"disk","value":"sd.","isRegex":true}],"createdBy":"me","comment":"a new one comes","startsAt":"2026-01-01T00:00:00Z","endsAt":"2096-01-01T00:00:00Z"}`)
	fmt.Print(send("GET", "/api/v2/alerts?silenced=false", "").Body)
	fmt.Print(send("GET", "/api/v2/alerts?filter=disk=~x(", "").Body)
	fmt.Println(send("GET", "/api/v1/alerts", "").Code)
	// Output:
	// []
	// "error parsing regexp: missing closing ): `^(?:x()$`"
	// 410
}

// ExampleCORSOrigin shows that an expression must match the whole of an origin.
func ExampleCORSOrigin() {
	origin, err := alertmanager.CORSOrigin(`https://.*\.example\.com`)
	if err != nil {
		panic(err)
	}
	fmt.Println(origin.MatchString("https://karma.example.com"), origin.MatchString("https://karma.example.com.evil.example"))
	// Output: true false
}
