package promhttp_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestClientsSeeWhatIsRecorded has handlers do anything to their responses: the
// code and the size that are recorded are those that the client has got.
func TestClientsSeeWhatIsRecorded(t *testing.T) {
	type step func(w http.ResponseWriter)
	texts := rapid.SampledFrom([]string{"", "a", "some text", strings.Repeat("long ", 5000)})
	steps := rapid.OneOf(
		rapid.Map(rapid.SampledFrom([]int{103, 200, 201, 204, 304, 404, 500, 999}), func(code int) step {
			return func(w http.ResponseWriter) { w.WriteHeader(code) }
		}),
		rapid.Map(texts, func(s string) step { return func(w http.ResponseWriter) { w.Write([]byte(s)) } }),
		rapid.Map(texts, func(s string) step { return func(w http.ResponseWriter) { io.WriteString(w, s) } }),
		rapid.Map(texts, func(s string) step {
			return func(w http.ResponseWriter) { io.Copy(w, struct{ io.Reader }{strings.NewReader(s)}) }
		}),
		rapid.Just[step](func(w http.ResponseWriter) { w.(http.Flusher).Flush() }),
		rapid.Just[step](func(w http.ResponseWriter) { http.NewResponseController(w).Flush() }),
	)
	for name, protocol := range protocols {
		t.Run(name, func(t *testing.T) {
			served := make(chan struct{}, 1)
			var handler http.Handler // set before each request
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer func() { served <- struct{}{} }()
				handler.ServeHTTP(w, r)
			}))
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.EnableHTTP2 = protocol == 2
			s.StartTLS()
			defer s.Close()
			s.Client().Timeout = deadline

			rapid.Check(t, func(t *rapid.T) {
				program := rapid.SliceOfN(steps, 0, 6).Draw(t, "program")
				i := newInstruments()
				handler = i.around(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					for _, step := range program {
						step(w)
					}
				}))
				resp, err := s.Client().Get(s.URL)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				<-served
				code := fmt.Sprint(resp.StatusCode)
				if resp.StatusCode == 999 {
					code = "unknown"
				}
				want := fmt.Sprintf(`requests_total{code=%q,method="get"} 1
response_size_sum{code=%q,method="get"} %d
response_size_count{code=%q,method="get"} 1
`, code, code, len(body), code)
				if got := lines(i.requests, i.responseSize); got != want {
					t.Errorf("got:\n%s\nwant:\n%s", got, want)
				}
			})
		})
	}
}
