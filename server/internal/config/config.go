// Package config reads the files that people keep: prometheus.yml with its rule
// files, and alertmanager.yml with its templates.
//
// The files are those of Prometheus and Alertmanager, unchanged, and are parsed
// by the parsers of these two. What is added: every problem is an Error that
// names file, line and reason, and whatever the file asks for that this server
// does not do is refused by its name instead of being ignored.
//
// A file is good as a whole or not at all. Nothing of a bad one is used.
package config

import (
	"errors"
	"io/fs"
	"os"

	amconfig "github.com/prometheus/alertmanager/config"
	promconfig "github.com/prometheus/prometheus/config"

	"github.com/cresset-metrics/cresset/server/internal/rule"

	// The kinds of discovery that are linked in, beside static ones: their keys
	// are known to the parser. The other kinds are refused by name.
	_ "github.com/prometheus/prometheus/discovery/dns"
	_ "github.com/prometheus/prometheus/discovery/file"
	_ "github.com/prometheus/prometheus/discovery/http"
)

// Files say where the configuration is. For a file that is not named, the
// built-in one is used; see Default.
type Files struct {
	Prometheus   string // path of prometheus.yml
	Alertmanager string // path of alertmanager.yml

	// ListenAddress is where this process answers, for the built-in
	// configuration, which scrapes it. It is needed if Prometheus is empty.
	ListenAddress string
}

// Config is a configuration that was found to be good. It is shared by all
// parts and never written to.
type Config struct {
	Prometheus   *promconfig.Config
	Rules        []*rule.File // those that rule_files of Prometheus names
	Alertmanager *amconfig.Config

	// Warnings are for people: what is allowed, and perhaps not meant.
	Warnings []string
}

// Load reads the files and everything they refer to. If the error is not nil it
// is one or more Errors, joined: one line for each.
func Load(files Files) (*Config, error) {
	prom, promErr := loadPrometheus(files.Prometheus, files.ListenAddress)
	am, amErr := loadAlertmanager(files.Alertmanager)
	if err := errors.Join(promErr, amErr); err != nil {
		return nil, err
	}
	return &Config{
		Prometheus:   prom.config,
		Rules:        prom.rules,
		Alertmanager: am,
		Warnings:     prom.warnings,
	}, nil
}

// Default is the configuration of a process that is given no file: it scrapes
// and watches itself, answering on listenAddress, and sends its alerts nowhere.
func Default(listenAddress string) (*Config, error) {
	return Load(Files{ListenAddress: listenAddress})
}

// read reads a file as a whole.
func read(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err // the path is told by Error
	}
	if err != nil {
		return nil, Error{File: path, Reason: err.Error()}
	}
	return content, nil
}
