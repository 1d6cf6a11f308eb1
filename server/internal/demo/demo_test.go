package demo

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.yaml.in/yaml/v3"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// quick is a pace at which nobody waits, and the time is over when the test says
// so.
func quick(timeIsOver <-chan struct{}) pace {
	return pace{poll: time.Millisecond, limit: func(parent context.Context, _ time.Duration) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(parent)
		go func() {
			select {
			case <-timeIsOver:
				cancel()
			case <-ctx.Done():
			}
		}()
		return ctx, cancel
	}}
}

// runQuickly tells the story and checks that no file is left behind.
func runQuickly(t *testing.T, ctx context.Context, o Options, timeIsOver <-chan struct{}) (told string, err error) {
	t.Helper()
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	var out bytes.Buffer
	o.Out = &out
	err = run(ctx, o, quick(timeIsOver))
	left, readErr := os.ReadDir(tmp)
	if readErr != nil {
		t.Fatal(readErr)
	}
	for _, f := range left {
		t.Errorf("%s is left behind", f.Name())
	}
	return out.String(), err
}

// aServer is a server of which each part of the story can be made to happen.
type aServer struct {
	files   Files
	states  chan string // of the alert, one after the other; the last one stays
	shop    string      // URLs
	webhook string
	client  *http.Client
}

// start gives Start; play runs beside the server until it returns, and ctx ends
// when the server is to stop.
func start(t *testing.T, play func(ctx context.Context, s *aServer), stopErr error) func(context.Context, Files) (string, func() error, error) {
	return func(_ context.Context, files Files) (string, func() error, error) {
		if err := os.MkdirAll(filepath.Join(files.Storage, "wal"), 0o700); err != nil {
			t.Error(err)
		}
		transport := &http.Transport{}
		s := &aServer{files: files, states: make(chan string), client: &http.Client{Transport: transport}}
		s.read(t)

		ctx, cancel := context.WithCancel(context.Background())
		state := stateInactive
		address, closeAPI, err := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/api/v1/alerts" {
				t.Errorf("the demo asks for %s", r.URL)
			}
			select { // the story's watcher asks one time after the other
			case state = <-s.states:
			default:
			}
			if state == stateUnknown {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			alerts := `{"labels":{"alertname":"Other"},"state":"firing"}`
			if state != stateInactive {
				alerts += `,{"labels":{"alertname":"CheckoutFails"},"state":"` + state + `"}`
			}
			_, _ = io.WriteString(w, `{"status":"success","data":{"alerts":[`+alerts+`]}}`)
		}))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			play(ctx, s)
		}()
		return address, func() error {
			cancel()
			<-done
			closeAPI()
			transport.CloseIdleConnections()
			return stopErr
		}, nil
	}
}

// read takes the addresses from the files.
func (s *aServer) read(t *testing.T) {
	var prom struct {
		Jobs []struct {
			Static []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	var am struct {
		Receivers []struct {
			Webhooks []struct{ URL string } `yaml:"webhook_configs"`
		}
	}
	for path, into := range map[string]any{s.files.Prometheus: &prom, s.files.Alertmanager: &am} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(content, into); err != nil {
			t.Fatal(err)
		}
	}
	s.shop = "http://" + prom.Jobs[0].Static[0].Targets[0]
	s.webhook = am.Receivers[0].Webhooks[0].URL
}

// tell makes the API answer with a state. When it returns, the story has heard
// of it: the watcher asks again only when it was rid of the answer before.
func (s *aServer) tell(ctx context.Context, state string) {
	for range 2 {
		select {
		case s.states <- state:
		case <-ctx.Done():
		}
	}
}

// notify posts a notification and returns whether it was taken.
func (s *aServer) notify(ctx context.Context, name, status string) bool {
	body := `{"version":"4","status":"` + status + `","alerts":[{"status":"` + status + `","labels":{"alertname":"` + name + `"},` +
		`"annotations":{"summary":"Half of the checkouts fail."},"startsAt":"2026-03-01T12:00:00Z","endsAt":"2026-03-01T12:00:09Z"}]}`
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.webhook, strings.NewReader(body))
	if err != nil {
		return false
	}
	res, err := s.client.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// failures waits until the shop's metrics show failed checkouts.
func (s *aServer) failures(ctx context.Context) {
	failed := regexp.MustCompile(`shop_requests_total\{code="500",path="/checkout"\} [1-9]`)
	for ctx.Err() == nil {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.shop+"/metrics", nil)
		if err != nil {
			return
		}
		res, err := s.client.Do(req)
		if err != nil {
			continue
		}
		page, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if failed.Match(page) {
			return
		}
	}
}

var elapsed = regexp.MustCompile(`(?m)^ *\d+\.\ds`)

func TestStory(t *testing.T) {
	told, err := runQuickly(t, t.Context(), Options{Duration: time.Minute, Start: start(t, func(ctx context.Context, s *aServer) {
		s.failures(ctx) // the fault is real
		s.tell(ctx, stateUnknown)
		s.tell(ctx, stateInactive)
		s.tell(ctx, statePending)
		s.tell(ctx, stateFiring)
		s.notify(ctx, "Other", firing)
		s.notify(ctx, alertName, firing)
		s.tell(ctx, stateInactive)
		s.notify(ctx, alertName, resolved)
	}, nil)}, nil)
	if err != nil {
		t.Errorf("got error %v, want none", err)
	}
	stage := 0
	for _, want := range []string{
		"A shop serves on http://127.0.0.1:", "Look at http://127.0.0.1:", "A fault begins", "is pending", "The alert fires",
		"FIRING    Other", "FIRING    CheckoutFails", "RESOLVED  CheckoutFails after 9s", "Both notifications were delivered",
	} {
		i := strings.Index(told[stage:], want)
		if i < 0 {
			t.Fatalf("the story does not go on with %q:\n%s", want, told)
		}
		stage += i
	}
	if !strings.Contains(told, "The fault heals") {
		t.Errorf("the fault does not heal:\n%s", told)
	}
	if strings.ContainsAny(told, "\x1b\r") {
		t.Errorf("what is no terminal gets terminal sequences:\n%q", told)
	}
	if n := strings.Count(told, "The alert is over"); n != 1 {
		t.Errorf("the alert is over %d times, want once:\n%s", n, told)
	}
	for line := range strings.Lines(told) {
		if !elapsed.MatchString(line) && strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "  ") {
			t.Errorf("a line of the story has no time: %q", line)
		}
	}
}

func TestTimeIsOver(t *testing.T) {
	for _, tc := range []struct {
		name string
		play func(ctx context.Context, s *aServer)
		want string
	}{
		{
			"nothing happens",
			func(context.Context, *aServer) {},
			"missing the firing notification and the resolved notification; it was still waiting for the alert to be pending",
		},
		{
			"nothing is delivered",
			func(ctx context.Context, s *aServer) { s.tell(ctx, statePending) },
			"missing the firing notification and the resolved notification; it was still waiting for the firing notification",
		},
		{
			"another alert is delivered",
			func(ctx context.Context, s *aServer) {
				s.tell(ctx, statePending)
				s.notify(ctx, "Other", firing)
			},
			"missing the firing notification and the resolved notification; it was still waiting for the firing notification",
		},
		{
			"resolved comes first",
			func(ctx context.Context, s *aServer) {
				s.notify(ctx, alertName, resolved)
				s.notify(ctx, alertName, firing)
			},
			"missing the resolved notification; it was still waiting for ",
		},
		{
			"the server is out of order",
			func(ctx context.Context, s *aServer) { s.tell(ctx, stateUnknown) },
			"waiting for the alert to be pending, and the server's API did not answer",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			timeIsOver := make(chan struct{})
			play := func(ctx context.Context, s *aServer) {
				s.failures(ctx)
				tc.play(ctx, s)
				close(timeIsOver)
			}
			told, err := runQuickly(t, t.Context(), Options{Duration: time.Minute, Start: start(t, play, nil)}, timeIsOver)
			if err == nil || !strings.HasPrefix(err.Error(), "the demo did not end within 1m0s: ") || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want one with %q; the story:\n%s", err, tc.want, told)
			}
		})
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := runQuickly(t, ctx, Options{Duration: time.Minute, Start: start(t, func(ctx context.Context, s *aServer) {
		s.notify(ctx, alertName, firing)
		cancel()
	}, nil)}, nil)
	if want := "the demo was interrupted while waiting for "; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got error %v, want %q and what for", err, want)
	}
}

func TestInterruptedAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := runQuickly(t, ctx, Options{Duration: time.Minute, Start: func(ctx context.Context, _ Files) (string, func() error, error) {
		cancel()
		<-ctx.Done()
		return "", nil, ctx.Err()
	}}, nil)
	if want := "the demo was interrupted while the server was starting: context canceled"; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %q", err, want)
	}
}

func TestServerFails(t *testing.T) {
	broken := errors.New("the lamp is out")
	_, err := runQuickly(t, t.Context(), Options{Duration: time.Minute, Start: func(context.Context, Files) (string, func() error, error) {
		return "", nil, broken
	}}, nil)
	if want := "start the server: the lamp is out"; !errors.Is(err, broken) || err.Error() != want {
		t.Errorf("got error %v, want %q", err, want)
	}

	_, err = runQuickly(t, t.Context(), Options{Duration: time.Minute, Start: start(t, func(ctx context.Context, s *aServer) {
		s.notify(ctx, alertName, firing)
		s.notify(ctx, alertName, resolved)
	}, broken)}, nil)
	if want := "stop the server: the lamp is out"; !errors.Is(err, broken) || err.Error() != want {
		t.Errorf("got error %v, want %q", err, want)
	}
}

func TestNoFolder(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	err := run(t.Context(), Options{Duration: time.Minute, Out: io.Discard}, quick(nil))
	if !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "make a folder for the demo: ") {
		t.Errorf("got error %v, want that of the folder", err)
	}
}

func TestTooShort(t *testing.T) {
	for _, d := range []time.Duration{-time.Second, 0, time.Second, MinDuration - 1} {
		err := Run(t.Context(), Options{Duration: d, Out: io.Discard, Start: func(context.Context, Files) (string, func() error, error) {
			t.Error("the server is started")
			return "", nil, errors.New("no")
		}})
		if want := "it needs 25s or more"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a duration of %s: got error %v, want one with %q", d, err, want)
		}
	}
}

func TestColour(t *testing.T) {
	for _, tc := range []struct {
		terminal bool
		noColour string
		want     bool
	}{{true, "", true}, {true, "1", false}, {false, "", false}, {false, "1", false}} {
		t.Setenv("NO_COLOR", tc.noColour)
		if got := inColour(tc.terminal); got != tc.want {
			t.Errorf("terminal %v, NO_COLOR=%q: got %v, want %v", tc.terminal, tc.noColour, got, tc.want)
		}
	}
}

// TestWaiting: only a terminal is told what is waited for, and only for a time.
func TestWaiting(t *testing.T) {
	var out bytes.Buffer
	s := story{out: &out, terminal: true, began: time.Now()}
	s.waiting("the alert", time.Second)
	if out.Len() > 0 {
		t.Errorf("after a second: got %q, want nothing", out.String())
	}
	s.waiting("the alert", 3*time.Second)
	if got, want := out.String(), clearLine+"  0.0s  … waiting for the alert (3s)"; got != want {
		t.Errorf("after three seconds: got %q, want %q", got, want)
	}
	out.Reset()
	s.say("It %s.", "fires")
	s.say("Still.")
	if got, want := out.String(), clearLine+"  0.0s  It fires.\n  0.0s  Still.\n"; got != want {
		t.Errorf("then: got %q, want %q", got, want)
	}
	out.Reset()
	s.terminal = false
	s.waiting("the alert", time.Minute)
	if out.Len() > 0 {
		t.Errorf("no terminal: got %q, want nothing", out.String())
	}
}
