package integration_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// authority is a certificate authority with one certificate for all.
type authority struct {
	pool      *x509.CertPool
	pair      tls.Certificate
	cert, key string // PEM
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{"service.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{pool: x509.NewCertPool()}
	a.cert = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	a.key = string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}))
	a.pool.AppendCertsFromPEM([]byte(a.cert))
	if a.pair, err = tls.X509KeyPair([]byte(a.cert), []byte(a.key)); err != nil {
		t.Fatal(err)
	}
	return a
}

// Every field of http_config does what it says; relative paths start at the folder of
// the configuration.
func TestHTTPConfig(t *testing.T) {
	var seen *http.Request // the last one; requests come one after the other
	note := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		seen = r
		if r.URL.Path == "/redirect" {
			http.Redirect(w, r, "/target", http.StatusTemporaryRedirect)
		}
	}
	plain := httptest.NewServer(http.HandlerFunc(note))
	defer plain.Close()
	a := newAuthority(t)
	secure := httptest.NewUnstartedServer(http.HandlerFunc(note))
	secure.EnableHTTP2 = true
	secure.TLS = &tls.Config{Certificates: []tls.Certificate{a.pair}, ClientCAs: a.pool, ClientAuth: tls.RequireAndVerifyClientCert}
	secure.StartTLS()
	defer secure.Close()
	var asked string // of the proxy
	var connect http.Header
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, connect = r.Method+" "+r.RequestURI, r.Header
		if r.Method == http.MethodConnect {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		note(w, r)
	}))
	defer proxy.Close()
	var form string
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		id, secret, _ := r.BasicAuth()
		form = fmt.Sprint(r.Form.Encode(), " ", id, ":", secret)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"access_token":"granted","token_type":"Bearer","expires_in":3600}`)
	}))
	defer tokens.Close()

	folder := t.TempDir()
	for name, content := range map[string]string{
		"secret": "of-file\n", "user": "user-of-file\n", "cert.pem": a.cert, "key.pem": a.key, "ca.pem": a.cert,
	} {
		write(t, folder, name, content)
	}
	header := func(name, want string) func(*testing.T, error) {
		return func(t *testing.T, err error) {
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(seen.Header.Values(name), ","); got != want {
				t.Errorf("header %s: got %q, want %q", name, got, want)
			}
		}
	}
	works := func(proto string) func(*testing.T, error) {
		return func(t *testing.T, err error) {
			if err != nil {
				t.Fatal(err)
			}
			if seen.Proto != proto {
				t.Errorf("got protocol %s, want %s", seen.Proto, proto)
			}
		}
	}
	fails := func(want string) func(*testing.T, error) {
		return func(t *testing.T, err error) {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want an error with %q", err, want)
			}
		}
	}
	path := func(want string) func(*testing.T, error) {
		return func(t *testing.T, err error) {
			if seen == nil || seen.URL.Path != want {
				t.Errorf("got %v, %v, want a request of %s", seen, err, want)
			}
		}
	}
	proxied := func(want bool) func(*testing.T, error) {
		return func(t *testing.T, err error) {
			if err != nil {
				t.Fatal(err)
			}
			if (asked != "") != want {
				t.Errorf("the proxy is asked %q, want that: %v", asked, want)
			}
		}
	}
	indented := func(text string) string {
		return strings.ReplaceAll("\n"+strings.TrimSpace(text), "\n", "\n            ")
	}
	const tlsFiles = "ca_file: ca.pem, cert_file: cert.pem, key_file: key.pem, server_name: service.example"
	for _, tc := range []struct {
		name, url, config string
		check             func(*testing.T, error)
	}{
		{"basic_auth", plain.URL, "basic_auth: {username: u, password: p}", header("Authorization", "Basic dTpw")},
		{"basic_auth files", plain.URL, "basic_auth: {username_file: user, password_file: secret}", header("Authorization", "Basic dXNlci1vZi1maWxlOm9mLWZpbGU=")},
		{"authorization", plain.URL, "authorization: {type: Own, credentials: c}", header("Authorization", "Own c")},
		{"authorization file", plain.URL, "authorization: {credentials_file: secret}", header("Authorization", "Bearer of-file")},
		{"bearer_token", plain.URL, "bearer_token: b", header("Authorization", "Bearer b")},
		{"bearer_token_file", plain.URL, "bearer_token_file: secret", header("Authorization", "Bearer of-file")},
		{"oauth2", plain.URL, "oauth2: {client_id: i, client_secret: s, scopes: [a, b], token_url: '" + tokens.URL + "', endpoint_params: {k: v}}", func(t *testing.T, err error) {
			header("Authorization", "Bearer granted")(t, err)
			if want := "grant_type=client_credentials&k=v&scope=a+b i:s"; form != want {
				t.Errorf("asked for a token with %q, want %q", form, want)
			}
		}},
		{"oauth2 file", plain.URL, "oauth2: {client_id: i, client_secret_file: secret, token_url: '" + tokens.URL + "'}", func(t *testing.T, err error) {
			header("Authorization", "Bearer granted")(t, err)
			if want := "grant_type=client_credentials i:of-file"; form != want {
				t.Errorf("asked for a token with %q, want %q", form, want)
			}
		}},
		{"http_headers", plain.URL, "http_headers: {X-A: {values: [a], secrets: [b], files: [secret]}}", header("X-A", "a,b,of-file")},
		{"tls files", secure.URL, "tls_config: {" + tlsFiles + "}", works("HTTP/2.0")},
		{"tls inline", secure.URL, "tls_config:\n  server_name: service.example\n  ca: |" + indented(a.cert) + "\n  cert: |" + indented(a.cert) + "\n  key: |" + indented(a.key), works("HTTP/2.0")},
		{"insecure_skip_verify", secure.URL, "tls_config: {insecure_skip_verify: true, cert_file: cert.pem, key_file: key.pem}", works("HTTP/2.0")},
		{"enable_http2", secure.URL, "enable_http2: false\ntls_config: {" + tlsFiles + "}", works("HTTP/1.1")},
		{"no client certificate", secure.URL, "tls_config: {ca_file: ca.pem, server_name: service.example}", fails("")},
		{"wrong server name", secure.URL, "tls_config: {ca_file: ca.pem, cert_file: cert.pem, key_file: key.pem, server_name: other.example}", fails("other.example")},
		{"max_version", secure.URL, "tls_config: {" + tlsFiles + ", max_version: TLS11, min_version: TLS10}", fails("tls")},
		{"follow_redirects", plain.URL + "/redirect", "follow_redirects: true", path("/target")},
		{"no follow_redirects", plain.URL + "/redirect", "follow_redirects: false", path("/redirect")},
		{"proxy_url", "http://service.example/x", "proxy_url: '" + proxy.URL + "'", proxied(true)},
		{"no_proxy", plain.URL, "proxy_url: '" + proxy.URL + "'\nno_proxy: 127.0.0.1", proxied(false)},
		{"proxy_from_environment", "http://service.example/x", "proxy_from_environment: true", proxied(true)},
		{"proxy_connect_header", "https://service.example/", "proxy_url: '" + proxy.URL + "'\nproxy_connect_header: {X-Proxy: [one]}", func(t *testing.T, err error) {
			fails("Forbidden")(t, err)
			if asked != "CONNECT service.example:443" || connect.Get("X-Proxy") != "one" {
				t.Errorf("the proxy is asked %q with %v, want CONNECT with a header of its own", asked, connect)
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.name == "proxy_from_environment" {
				t.Setenv("HTTP_PROXY", proxy.URL)
			}
			seen, asked, form, connect = nil, "", "", nil
			file := write(t, folder, "alertmanager.yml", "route: {receiver: team}\nreceivers:\n- name: team\n  webhook_configs:\n  - url: '"+tc.url+
				"'\n    http_config:\n      "+strings.ReplaceAll(tc.config, "\n", "\n      ")+"\n")
			r := receiverOf(t, load(t, file))
			_, err := r.all[0].Notify(withGroup(t))
			tc.check(t, err)
		})
	}
	if wd, err := os.Getwd(); err != nil || wd == folder {
		t.Errorf("the test runs in %s, want another folder than that of the configuration; %v", wd, err)
	}
}
