// Package config reads the files that people keep: prometheus.yml with its rule
// files, and alertmanager.yml with its templates.
//
// The files are those of Prometheus and Alertmanager, unchanged, and are parsed
// by the parsers of these two. What is added: every problem is a document.Error
// that names file, line and reason, and whatever the file asks for that this server
// does not do is refused by its name instead of being ignored.
//
// A file is good as a whole or not at all, and nothing of a bad one is used; rule
// files alone can be loaded leniently.
package config

import (
	"errors"
	"io/fs"
	"os"
	"slices"

	amconfig "github.com/prometheus/alertmanager/config"
	promconfig "github.com/prometheus/prometheus/config"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"

	// The kinds of discovery that are linked in, beside static ones: their keys
	// are known to the parser. The other kinds are refused by name.
	_ "github.com/prometheus/prometheus/discovery/dns"
	_ "github.com/prometheus/prometheus/discovery/file"
	_ "github.com/prometheus/prometheus/discovery/http"
)

// Files say where the configuration is. For a file that is not named, the
// built-in one is used: it scrapes and watches this process, and sends its
// alerts nowhere.
type Files struct {
	Prometheus   string // path of prometheus.yml
	Alertmanager string // path of alertmanager.yml

	// AlertmanagerOnly leaves prometheus.yml out, built-in or not.
	AlertmanagerOnly bool

	// LenientRules takes what is good of rule files that are not good as a whole. What
	// is wrong with them is among the warnings then.
	LenientRules bool

	Self Self // needed for the built-in prometheus.yml
}

// Self is where this process answers.
type Self struct {
	Address string // HOST:PORT that it listens on
	Prefix  string // what the paths of all its pages begin with; may be empty
	TLS     bool   // whether it speaks HTTPS
}

// Config is a configuration that was found to be good. It is shared by all
// parts and never written to.
type Config struct {
	Prometheus   *promconfig.Config // nil if it was left out
	Rules        []*definition.File // those that rule_files of Prometheus names
	Alertmanager *amconfig.Config

	// AlertmanagerText is the content of alertmanager.yml as it was read.
	AlertmanagerText []byte

	// Warnings are for people: what is allowed, and perhaps not meant.
	Warnings []string
}

// Load reads the files and everything they refer to. If the error is not nil it
// is one or more document.Errors, joined: one line for each.
func Load(files Files) (*Config, error) {
	var prom promFile
	var promErr error
	if !files.AlertmanagerOnly {
		prom, promErr = loadPrometheus(files)
	}
	am, amErr := loadAlertmanager(files.Alertmanager)
	if err := errors.Join(promErr, amErr); err != nil {
		return nil, err
	}
	return &Config{
		Prometheus:       prom.config,
		Rules:            prom.rules,
		Alertmanager:     am.config,
		AlertmanagerText: am.text,
		Warnings:         slices.Concat(prom.warnings, am.warnings),
	}, nil
}

// read reads a file as a whole.
func read(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, inLine(path, 0, cause(err).Error())
	}
	return content, nil
}

// cause is err without the path, for where the path is told already.
func cause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}
