package send

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	promconfig "github.com/prometheus/prometheus/config"
)

// The options of an entry that say how its Alertmanagers are reached take effect.
func TestHowAnAlertmanagerIsReached(t *testing.T) {
	seen := make(chan string, 10)
	note := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"access_token": "t", "token_type": "Bearer", "expires_in": 3600}`)
			return
		}
		seen <- fmt.Sprint(r.Proto, " ", r.RequestURI, " ", r.Header.Get("Authorization"), " ", r.Header.Get("X-Tenant"))
	})
	plain := httptest.NewServer(note)
	defer plain.Close()
	secure := httptest.NewUnstartedServer(note)
	secure.EnableHTTP2 = true
	secure.StartTLS()
	defer secure.Close()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	address := plain.Listener.Addr().String()
	for _, test := range []struct{ name, address, settings, want string }{
		{"nothing", address, "", "HTTP/1.1 /api/v2/alerts  "},
		{"TLS", secure.Listener.Addr().String(), "scheme: https, tls_config: {insecure_skip_verify: true}", "HTTP/2.0 /api/v2/alerts  "},
		{
			"TLS without HTTP/2", secure.Listener.Addr().String(),
			"scheme: https, enable_http2: false, tls_config: {insecure_skip_verify: true}", "HTTP/1.1 /api/v2/alerts  ",
		},
		{"a proxy", "alertmanager.example:9093", fmt.Sprintf("proxy_url: %q", plain.URL), "HTTP/1.1 http://alertmanager.example:9093/api/v2/alerts  "},
		{"credentials in a file", address, fmt.Sprintf("authorization: {credentials_file: %q}", secret), "HTTP/1.1 /api/v2/alerts Bearer from a file "},
		{"a header", address, "http_headers: {X-Tenant: {values: [blue]}}", "HTTP/1.1 /api/v2/alerts  blue"},
		{
			"OAuth 2", address, fmt.Sprintf("oauth2: {client_id: c, client_secret: s, token_url: %q}", plain.URL+"/token"),
			"HTTP/1.1 /api/v2/alerts Bearer t ",
		},
		{"a prefix of slashes", address, "path_prefix: prefix//", "HTTP/1.1 /prefix/api/v2/alerts  "},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := New(Options{})
			apply(t, s, oneAlertmanager(test.address, test.settings))
			stop := run(t, s)
			s.Send(alertNamed("A"))
			stop() // when it has been delivered
			select {
			case got := <-seen:
				if got != test.want {
					t.Errorf("got %s, want %s", got, test.want)
				}
			default:
				t.Error("nothing was sent")
			}
		})
	}
}

// The API that Alertmanager no longer has is refused where the file is read.
func TestTheOldAPIIsRefused(t *testing.T) {
	_, err := promconfig.Load(oneAlertmanager("a:1", "api_version: v1"), slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "v1") {
		t.Errorf("got error %v, want one about v1", err)
	}
}
