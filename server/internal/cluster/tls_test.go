package cluster_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/internal/peertest"
)

// tlsFile writes a certificate for 127.0.0.1, which is its own authority, and a
// file for --cluster.tls-config where both sides show it and trust it alone.
func tlsFile(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "cluster"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	write(t, filepath.Join(folder, "cert.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})))
	write(t, filepath.Join(folder, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	file := filepath.Join(folder, "tls.yml")
	write(t, file, `
tls_server_config:
  cert_file: cert.pem
  key_file: key.pem
  client_ca_file: cert.pem
  client_auth_type: RequireAndVerifyClientCert
tls_client_config:
  cert_file: cert.pem
  key_file: key.pem
  ca_file: cert.pem
`)
	return file
}

func write(t testing.TB, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// With TLS, copies with a good certificate share what others share without, and
// nobody else can take part.
func TestTLS(t *testing.T) {
	file := tlsFile(t)
	o := options("a")
	o.TLSConfigFile = file
	a := newMember(t, o).run(t)
	o.PeerName, o.Peers = "b", []string{a.Addr()}
	b := newMember(t, o).run(t)
	meet(t, "ab", a, b)
	large := strings.Repeat("x", 50_000)
	a.words.Add("small")
	b.words.Add(large)
	peertest.Wait(t, func() bool { return b.words.has("small") && a.words.has(large) }, "not all was heard by both")
	if n := a.counter(t, "alertmanager_tls_transport_packet_bytes_received_total"); n == 0 {
		t.Error("no packets came over TLS")
	}

	o.PeerName, o.TLSConfigFile = "c", tlsFile(t) // of somebody else
	strange := newMember(t, o).run(t)
	plain := start(t, "d", a)
	for _, m := range []*member{strange, plain} {
		peertest.Wait(t, func() bool { return m.log.has("failed to join cluster") }, "it is not said that it could not join")
		if m.words.has("small") {
			t.Errorf("%s heard what was shared", m.Status().Name)
		}
	}
	if got := a.names(); got != "ab" {
		t.Errorf("the members are %s, want ab", got)
	}
}

// An Alertmanager with the same file is one of them.
func TestTLSWithAlertmanager(t *testing.T) {
	o := options("a")
	o.TLSConfigFile = tlsFile(t)
	a := newMember(t, o).run(t)
	folder := t.TempDir()
	file := filepath.Join(folder, "alertmanager.yml")
	write(t, file, "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
	peertest.Start(t, peertest.Alertmanager(t), func(address string) []string {
		return []string{
			"--config.file=" + file, "--storage.path=" + folder, "--web.listen-address=" + address,
			"--cluster.listen-address=127.0.0.1:0", "--cluster.peer-name=b", "--cluster.peer=" + a.Addr(), "--cluster.tls-config=" + o.TLSConfigFile,
			"--cluster.gossip-interval=20ms",
		}
	}, "/-/ready")
	meet(t, "ab", a)
}
