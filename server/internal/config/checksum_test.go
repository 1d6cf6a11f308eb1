package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cresset-metrics/cresset/server/internal/config"
)

// The checksum tells of every change of a file that a configuration is made of,
// also of one that is bad, and of nothing else.
func TestChecksum(t *testing.T) {
	dir := t.TempDir()
	put := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("prometheus.yml", "rule_files: [r*.yml]\nscrape_config_files: [jobs.yml]\n")
	put("alertmanager.yml", "templates: ['*.tmpl']\nroute: {receiver: r}\nreceivers: [{name: r}]\n")
	files := config.Files{Prometheus: filepath.Join(dir, "prometheus.yml"), Alertmanager: filepath.Join(dir, "alertmanager.yml")}
	last := files.Checksum()
	for _, step := range []struct {
		name    string
		change  func()
		changes bool
	}{
		{"nothing", func() {}, false},
		{"a template comes", func() { put("a.tmpl", "a") }, true},
		{"a template changes", func() { put("a.tmpl", "b") }, true},
		{"the same is written", func() { put("a.tmpl", "b") }, false},
		{"a template is renamed", func() { put("b.tmpl", "b"); _ = os.Remove(filepath.Join(dir, "a.tmpl")) }, true},
		{"a rule file comes", func() { put("r1.yml", "groups: []") }, true},
		{"jobs come", func() { put("jobs.yml", "scrape_configs: []") }, true},
		{"another file comes", func() { put("other.yml", "x") }, false},
		{"the file gets bad", func() { put("alertmanager.yml", "route: [") }, true},
		{"the bad file changes", func() { put("alertmanager.yml", "route: [[") }, true},
		{"a file is gone", func() { _ = os.Remove(files.Alertmanager) }, true},
		{"a file is empty", func() { put("alertmanager.yml", "") }, true},
		{"parts are no list", func() { put("alertmanager.yml", "templates: {a: b}") }, true},
	} {
		step.change()
		now := files.Checksum()
		if got := now != last; got != step.changes {
			t.Errorf("%s: changed: got %t, want %t", step.name, got, step.changes)
		}
		last = now
	}
}

func TestLoadAlertmanagerOnly(t *testing.T) {
	text := "route: {receiver: r}\nreceivers: [{name: r}]\n"
	path := filepath.Join(t.TempDir(), "alertmanager.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.Files{Alertmanager: path, AlertmanagerOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Prometheus != nil || string(cfg.AlertmanagerText) != text || cfg.Alertmanager.Route.Receiver != "r" {
		t.Errorf("got %+v, want alertmanager.yml alone, and its text", cfg)
	}
}
