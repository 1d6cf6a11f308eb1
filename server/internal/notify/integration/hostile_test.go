package integration_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
	amconfig "github.com/prometheus/alertmanager/config"
	amnotify "github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/internal/peertest"
	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/config"
	"github.com/cresset-metrics/cresset/server/internal/notify"
	"github.com/cresset-metrics/cresset/server/internal/notify/integration"
)

// receiver is one receiver, without the rest of the pipeline.
type receiver struct {
	*notify.Receiver
	rig // for its metrics
	all []notify.Integration
}

// newReceiver builds the receiver "team" of which the text has the keys.
func newReceiver(t *testing.T, keys string) *receiver {
	t.Helper()
	file := write(t, t.TempDir(), "alertmanager.yml", "route: {receiver: team}\nreceivers:\n- name: team\n"+keys)
	return receiverOf(t, load(t, file))
}

func load(t *testing.T, file string) *amconfig.Config {
	t.Helper()
	c, err := config.Load(config.Files{Alertmanager: file, Self: config.Self{Address: "localhost:9090"}})
	if err != nil {
		t.Fatal(err)
	}
	return c.Alertmanager
}

func receiverOf(t *testing.T, c *amconfig.Config) *receiver {
	t.Helper()
	templates, err := integration.LoadTemplates(c.Templates, &url.URL{})
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{rig: rig{registry: prometheus.NewRegistry()}}
	metrics := notify.NewMetrics(r.registry, false)
	r.all, err = integration.Build(c.Receivers[0], integration.Options{Templates: templates, TemplateErrors: metrics.TemplateErrors, Logger: logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	log := notify.NewLog(notify.LogOptions{})
	r.Receiver = notify.NewReceiver("team", r.all, &notify.Shared{Log: log, Logger: logger(t), Metrics: metrics, Now: time.Now})
	return r
}

// deliver tells of an alert that fires in a group.
func (r *receiver) deliver(ctx context.Context, group string) error {
	_, err := r.Deliver(ctx, batch(group))
	return err
}

func batch(group string) notify.Batch {
	now := time.Now()
	return notify.Batch{
		GroupKey:       group,
		GroupLabels:    model.LabelSet{"group": model.LabelValue(group)},
		RepeatInterval: time.Hour,
		GroupInterval:  time.Minute,
		At:             now,
		Alerts:         []*alert.Alert{{Alert: model.Alert{Labels: model.LabelSet{"alertname": "A"}, StartsAt: now.Add(-time.Minute)}}},
	}
}

// hang waits until the client has gone, which is seen once its request is read.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(code)
		fmt.Fprint(w, "because")
	}
}

// endless writes for as long as somebody reads.
func endless(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		chunk := make([]byte, 1<<16)
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
}

func drip(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
			_, _ = w.Write([]byte(".")) // until the client goes
			_ = http.NewResponseController(w).Flush()
		}
	}
}

const webhook = `  webhook_configs: [{url: 'URL'}]`

// What a receiver does that is hostile, or out of order: how often it is asked, what
// is counted, and that it costs its own notification alone.
func TestHostileReceivers(t *testing.T) {
	for _, tc := range []struct {
		name     string
		answer   http.HandlerFunc
		receiver string
		reason   string // empty: it works
		again    bool   // asked more than once
		hangs    bool   // until the deadline
	}{
		{"hangs before its head", hang, webhook, "contextDeadlineExceeded", false, true},
		{"hangs after its head", func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			hang(w, r)
		}, webhook, "", false, true},
		{"hangs, with a timeout of its own", hang, `  webhook_configs: [{url: 'URL', timeout: 50ms}]`, "other", true, false},
		{"429, webhook", status(429), webhook, "rateLimited", false, false},
		{"429, opsgenie", status(429), `  opsgenie_configs: [{api_url: 'URL', api_key: k}]`, "rateLimited", true, false},
		{"429, pagerduty", status(429), `  pagerduty_configs: [{url: 'URL', routing_key: k}]`, "rateLimited", true, false},
		{"429, jira", status(429), `  jira_configs: [{api_url: 'URL', project: p, issue_type: t}]`, "rateLimited", true, false},
		{"429, incidentio", status(429), `  incidentio_configs: [{url: 'URL', alert_source_token: t}]`, "rateLimited", true, false},
		{"400", status(400), webhook, "clientError", false, false},
		{"401", status(401), webhook, "authError", false, false},
		{"403", status(403), webhook, "authError", false, false},
		{"500", status(500), webhook, "serverError", true, false},
		{"503, slack", status(503), `  slack_configs: [{api_url: 'URL', channel: c}]`, "serverError", true, false},
		{"endless answer", endless(200), webhook, "", false, false},
		{"endless error", endless(400), webhook, "clientError", false, false},
		{"endless answer that is kept", endless(200), `  slack_configs: [{api_url: 'URL', channel: c}]`, "clientError", true, false},
		{"endless answer without context", endless(200), `  telegram_configs: [{api_url: 'URL', bot_token: t, chat_id: 1}]`, "other", true, false},
		{"drips", drip, webhook, "", false, true},
		{"head too large", func(w http.ResponseWriter, _ *http.Request) {
			for i := range 80 {
				w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 1<<16))
			}
		}, webhook, "other", true, false},
		{"redirects for ever", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusTemporaryRedirect) }, webhook, "other", true, false},
		{"closes at once", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, webhook, "other", true, false},
		{"answers no HTTP", func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				panic(err)
			}
			_, _ = io.WriteString(c, "hello\r\n\r\n") // the client may have gone
			c.Close()
		}, webhook, "other", true, false},
		{"hangs without context", hang, `  telegram_configs: [{api_url: 'URL', bot_token: t, chat_id: 1}]`, "contextDeadlineExceeded", false, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(tc.answer)
			good := make(chan string, 10)
			neighbour := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { good <- r.Header.Get("User-Agent") }))
			defer neighbour.Close()
			kind, _, _ := strings.Cut(strings.TrimSpace(tc.receiver), "_configs")
			r := newReceiver(t, strings.ReplaceAll(tc.receiver, "URL", server.URL)+"\n  discord_configs: [{webhook_url: '"+neighbour.URL+"'}]\n")
			most := 20 * time.Second
			deadline := 2 * most
			if tc.hangs {
				deadline = 300 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			begin := time.Now()
			ended := make(chan error, 1)
			go func() { ended <- r.deliver(ctx, "g") }()
			<-good // while the other is still at it, or not: it does not matter
			if tc.again {
				peertest.Wait(t, func() bool { return r.value(t, "alertmanager_notification_requests_total", kind) > 1 }, "it is asked only once")
				cancel()
			}
			err := <-ended
			took := time.Since(begin)
			server.CloseClientConnections()
			server.Close()

			if (err == nil) != (tc.reason == "") {
				t.Errorf("got error %v, want reason %q", err, tc.reason)
			}
			if tc.reason != "" {
				if n := r.value(t, "alertmanager_notifications_failed_total", kind, tc.reason); n != 1 {
					t.Errorf("%q is counted %v times, want once; the error is %v", tc.reason, n, err)
				}
			}
			if n := r.value(t, "alertmanager_notification_requests_total", kind); (n > 1) != tc.again {
				t.Errorf("asked %v times, want again %v; the error is %v", n, tc.again, err)
			}
			if n := r.value(t, "alertmanager_notifications_failed_total", "discord"); n != 0 {
				t.Errorf("the neighbour failed %v times", n)
			}
			if took > most {
				t.Errorf("took %v, want at most %v", took, most)
			}
			peertest.Wait(t, func() bool { return hanging(r) == 0 }, "attempts go on")
		})
	}
}

// hanging counts integrations that refuse to try because too much hangs.
func hanging(r *receiver) int {
	n := 0
	for _, in := range r.all {
		if s, ok := in.(interface{ Hanging() int }); ok {
			n += s.Hanging()
		}
	}
	return n
}

// A server that hangs where nothing can be told that time is up, as with SMTP, holds
// up its group no longer than that has time, and is not asked without end.
func TestHangingMailServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex // guards open
	var open []net.Conn
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
		}
	})
	r := newReceiver(t, `  email_configs: [{to: a@example.com, from: b@example.com, smarthost: '`+l.Addr().String()+`', require_tls: false}]`)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	var groups sync.WaitGroup
	for i := range 5 {
		groups.Go(func() {
			if err := r.deliver(ctx, fmt.Sprint(i)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want the deadline", err)
			}
		})
	}
	groups.Wait()
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %v, want about a second", took)
	}
	again, err := r.all[0].Notify(amnotify.WithGroupKey(t.Context(), "g"))
	if !again || err == nil || !strings.Contains(err.Error(), "5 earlier attempts still wait") {
		t.Errorf("got %v, %v, want it refused", again, err)
	}
	l.Close()
	accepting.Wait()
	for _, c := range open {
		c.Close()
	}
	peertest.Wait(t, func() bool { return hanging(r) == 0 }, "attempts go on")
}

// A group is told although another one of the same receiver hangs.
func TestOtherGroupGoesOn(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bad" {
			hang(w, r)
		}
	}))
	defer server.Close()
	r := newReceiver(t, `  webhook_configs: [{url: '`+server.URL+`/{{ .GroupLabels.group }}'}]`)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.deliver(ctx, "bad") }()
	if err := r.deliver(ctx, "good"); err != nil {
		t.Errorf("got %v, want the good group told", err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the bad one given up", err)
	}
}

// Names that cannot be resolved, certificates that nobody signed.
func TestUnreachableReceivers(t *testing.T) {
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	secure.Config.ErrorLog = nil
	secure.StartTLS()
	defer secure.Close()
	for _, tc := range []struct{ name, url, want string }{
		{"name", "http://nowhere.invalid/", "nowhere.invalid"},
		{"certificate", secure.URL, "certificate"},
		{"port", "http://127.0.0.1:1/", "connect"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newReceiver(t, `  webhook_configs: [{url: '`+tc.url+`'}]`)
			again, err := r.all[0].Notify(withGroup(t))
			if !again || err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, %v, want to try again, and an error with %q", again, err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), tc.url) {
				t.Errorf("got %v, want the URL left out: it may be secret", err)
			}
		})
	}
}

func withGroup(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	ctx = amnotify.WithReceiverName(amnotify.WithGroupKey(ctx, "g"), "team")
	return amnotify.WithNotificationReason(amnotify.WithGroupLabels(ctx, model.LabelSet{}), amnotify.ReasonFirstNotification)
}

// Discord and Webex leave the answer open: the connection is given up with the
// attempt.
func TestConnectionsAreClosed(t *testing.T) {
	var mu sync.Mutex // guards open
	open := make(map[net.Conn]bool)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100000")
		_, _ = w.Write(make([]byte, 100000)) // the client may have gone
	}))
	server.Config.ConnState = func(c net.Conn, s http.ConnState) {
		mu.Lock()
		defer mu.Unlock()
		open[c] = s == http.StateActive || s == http.StateNew || s == http.StateIdle
	}
	server.Start()
	defer server.Close()
	r := newReceiver(t, `  discord_configs: [{webhook_url: '`+server.URL+`'}]`)
	for range 10 {
		if _, err := r.all[0].Notify(withGroup(t)); err != nil {
			t.Fatal(err)
		}
	}
	peertest.Wait(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		n := 0
		for _, is := range open {
			if is {
				n++
			}
		}
		return n <= 1
	}, "connections stay open")
}

// What a receiver's failure says is logged: it has no secret in it.
func TestErrorsHaveNoSecrets(t *testing.T) {
	r := newReceiver(t, `
  webhook_configs:
  - {url: 'http://u:hidden@127.0.0.1:1/hidden?t=hidden'}
  - {url: 'http://127.0.0.1:1', http_config: {authorization: {credentials: hidden}, proxy_url: 'http://u:hidden@127.0.0.1:1'}}
  slack_configs: [{api_url: 'http://127.0.0.1:1/hidden', channel: c}]
  discord_configs: [{webhook_url: 'http://127.0.0.1:1/hidden'}]
  telegram_configs: [{api_url: 'http://127.0.0.1:1', bot_token: hidden, chat_id: 1}]
  opsgenie_configs: [{api_url: 'http://127.0.0.1:1', api_key: hidden}]
  victorops_configs: [{api_url: 'http://127.0.0.1:1', api_key: hidden, routing_key: r}]
  wechat_configs: [{api_url: 'http://127.0.0.1:1', api_secret: hidden, corp_id: c}]
  msteams_configs: [{webhook_url: 'http://127.0.0.1:1/hidden'}]
  mattermost_configs: [{webhook_url: 'http://127.0.0.1:1/hidden'}]
`)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // for one attempt of each at least
	defer cancel()
	err := r.deliver(ctx, "g")
	if err == nil {
		t.Fatal("got no error, want that all are refused")
	}
	told := strings.Split(err.Error(), "\n")
	if len(told) != 10 {
		t.Errorf("got %d errors, want 10: %v", len(told), err)
	}
	for _, text := range told {
		if !strings.Contains(text, "connection refused") || strings.Contains(text, "hidden") {
			t.Errorf("got error %q, want one that the connection is refused and that says nothing hidden", text)
		}
	}
}
