package config

import (
	"log/slog"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/config/receiver"
	promconfig "github.com/prometheus/prometheus/config"
)

// moduleDir is the folder of a module that the server depends on.
func moduleDir(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatalf("go list -m %s: %v", module, err)
	}
	return strings.TrimSpace(string(out))
}

var oneError = regexp.MustCompile(`^.+\.ya?ml:\d+(:\d+)?: \S.*$`)

// The files that Prometheus and Alertmanager are tested with are accepted and
// refused as these two do, except for what this server does not support; and
// every error has file, line and reason.
func TestUpstreamFiles(t *testing.T) {
	tests := []struct {
		module string
		theirs func(path string) error
		ours   func(path string) error
	}{
		{
			module: "github.com/prometheus/prometheus",
			theirs: func(path string) error {
				cfg, err := promconfig.LoadFile(path, false, slog.New(slog.DiscardHandler))
				if err == nil {
					_, err = cfg.GetScrapeConfigs()
				}
				return err
			},
			ours: func(path string) error {
				_, err := loadPrometheus(Files{Prometheus: path})
				return err
			},
		},
		{
			module: "github.com/prometheus/alertmanager",
			theirs: func(path string) error {
				cfg, err := amconfig.LoadFile(path)
				if err != nil {
					return err
				}
				for _, r := range cfg.Receivers {
					if _, err := receiver.BuildReceiverIntegrations(r, nil, nil); err != nil {
						return err
					}
				}
				return nil
			},
			ours: func(path string) error { _, err := loadAlertmanager(path); return err },
		},
	}
	for _, test := range tests {
		t.Run(filepath.Base(test.module), func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join(moduleDir(t, test.module), "config", "testdata", "*.yml"))
			if err != nil || len(files) < 20 {
				t.Fatalf("found %d files to test with, err %v", len(files), err)
			}
			for _, path := range files {
				t.Run(filepath.Base(path), func(t *testing.T) {
					theirs, ours := test.theirs(path), test.ours(path)
					if ours == nil {
						if theirs != nil {
							t.Errorf("accepted, upstream says %v", theirs)
						}
						return
					}
					if theirs == nil && !strings.Contains(ours.Error(), "not supported yet") {
						t.Errorf("upstream accepts this, got %v", ours)
					}
					for line := range strings.SplitSeq(ours.Error(), "\n") {
						if !oneError.MatchString(line) {
							t.Errorf("not of the form FILE:LINE: reason: %q", line)
						}
						t.Log(strings.ReplaceAll(line, filepath.Dir(path)+"/", ""))
					}
				})
			}
		})
	}
}
