package config

import (
	"embed"
	"errors"
	"net"
	"path"
	"strconv"
	"strings"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// The built-in files are ordinary ones, so that they can be read as examples.
//
//go:embed builtin
var builtinFiles embed.FS

const (
	builtinPrometheusFile   = "built-in/prometheus.yml"
	builtinRulesFile        = "built-in/rules.yml"
	builtinAlertmanagerFile = "built-in/alertmanager.yml"
)

// builtinPrometheus scrapes this process.
func builtinPrometheus(self Self) (promFile, error) {
	if self.Address == "" {
		return promFile{}, errors.New("no prometheus.yml is given, and no address for the built-in one to scrape")
	}
	scheme := "http"
	if self.TLS {
		scheme = "https"
	}
	text := strings.NewReplacer(
		"SELF_SCHEME", scheme,
		"SELF_METRICS_PATH", strconv.Quote(path.Join("/", self.Prefix, "metrics")),
		"SELF_TLS", strconv.FormatBool(self.TLS),
		"SELF_ADDRESS", strconv.Quote(reachable(self.Address)),
	).Replace(builtin("prometheus.yml"))
	f, err := parsePrometheus(builtinPrometheusFile, []byte(text))
	if err != nil {
		return promFile{}, err
	}
	rules, _, err := definition.Parse(builtinRulesFile, []byte(builtin("rules.yml")), definition.Options{})
	if err != nil {
		return promFile{}, err
	}
	f.rules = []*definition.File{rules}
	return f, nil
}

func builtinAlertmanager() (amFile, error) {
	return parseAlertmanager(builtinAlertmanagerFile, []byte(builtin("alertmanager.yml")))
}

func builtin(name string) string {
	b, err := builtinFiles.ReadFile("builtin/" + name)
	if err != nil { // cannot be: the files are part of the binary
		panic(err)
	}
	return string(b)
}

// reachable is an address under which this machine reaches what listens on
// listen: the loopback, where it listens on all interfaces.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
