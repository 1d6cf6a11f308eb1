package config

import (
	"embed"
	"errors"
	"net"
	"strconv"
	"strings"

	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/rule"
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

// builtinPrometheus scrapes this process, which answers on listenAddress.
func builtinPrometheus(listenAddress string) (promFile, error) {
	if listenAddress == "" {
		return promFile{}, errors.New("no prometheus.yml is given, and no listen address for the built-in one to scrape")
	}
	target := strconv.Quote(reachable(listenAddress))
	text := strings.ReplaceAll(builtin("prometheus.yml"), "LISTEN_ADDRESS", target)
	cfg, _, err := parsePrometheus(builtinPrometheusFile, []byte(text))
	if err != nil {
		return promFile{}, err
	}
	rules, _, err := rule.Parse(builtinRulesFile, []byte(builtin("rules.yml")), model.UTF8Validation)
	if err != nil {
		return promFile{}, err
	}
	return promFile{config: cfg, rules: []*rule.File{rules}}, nil
}

func builtinAlertmanager() (*amconfig.Config, error) {
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
