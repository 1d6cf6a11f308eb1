package app

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v3"

	"github.com/cresset-metrics/cresset/server/internal/config"
)

// settleAddress finds out how the server is reached, by its users and by
// itself.
func (a *App) settleAddress() (self config.Self, err error) {
	protection, err := protectionOf(a.o.WebConfigFile)
	if err != nil {
		return self, err
	}
	a.externalURL = a.o.ExternalURL
	if a.externalURL == nil {
		a.externalURL = externalURL(a.Addr(), protection.tls())
	}
	if a.prefix, err = cleanPrefix(cmp.Or(a.o.RoutePrefix, a.externalURL.Path)); err != nil {
		return self, err
	}
	if a.o.PrometheusFile == "" && protection.credentials() {
		return self, fmt.Errorf("%s asks for credentials that the built-in configuration, which scrapes this server itself, does not have: give a prometheus.yml with --config.file", a.o.WebConfigFile)
	}
	return config.Self{Address: a.Addr().String(), Prefix: a.prefix, TLS: protection.tls()}, nil
}

// externalURL is how users reach what listens there, unless they say otherwise.
func externalURL(addr net.Addr, tls bool) *url.URL {
	u := &url.URL{Scheme: "http", Host: addr.String()}
	if tls {
		u.Scheme = "https"
	}
	host, port, err := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		host = "localhost"
		if name, err := os.Hostname(); err == nil {
			host = name
		}
		u.Host = net.JoinHostPort(host, port)
	}
	return u
}

// portURL is a server's address by the name of the machine and the port it listens
// on, as Alertmanager has it.
func portURL(addr net.Addr) (*url.URL, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return nil, err
	}
	return &url.URL{Scheme: "http", Host: host + ":" + cmp.Or(port, "80")}, nil
}

var prefixPattern = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)*$`)

// cleanPrefix returns a prefix of paths as the parts expect it: empty, or with a
// slash in front and none at the end.
func cleanPrefix(prefix string) (string, error) {
	clean := strings.TrimRight(prefix, "/")
	if clean != "" && !strings.HasPrefix(clean, "/") {
		clean = "/" + clean
	}
	if !prefixPattern.MatchString(clean) {
		return "", fmt.Errorf("the prefix of paths is %q: between single slashes, only letters, digits and . _ ~ - are allowed (see --web.route-prefix and --web.external-url)", prefix)
	}
	return clean, nil
}

// protection is what of a file of TLS settings and credentials has to be known
// outside of the web server.
type protection struct {
	TLS struct {
		Cert           string `yaml:"cert"`
		CertFile       string `yaml:"cert_file"`
		ClientAuthType string `yaml:"client_auth_type"`
	} `yaml:"tls_server_config"`
	Users map[string]string `yaml:"basic_auth_users"`
}

func protectionOf(path string) (protection, error) {
	var p protection
	if path == "" {
		return p, nil
	}
	if err := web.Validate(path); err != nil {
		return p, fmt.Errorf("%s: %w", path, err)
	}
	content, err := os.ReadFile(path)
	if err == nil {
		err = yaml.Unmarshal(content, &p)
	}
	if err != nil {
		return p, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func (p protection) tls() bool { return p.TLS.Cert != "" || p.TLS.CertFile != "" }
func (p protection) credentials() bool {
	return len(p.Users) > 0 || strings.HasPrefix(p.TLS.ClientAuthType, "Require")
}
