package config

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/config/receiver"
	"github.com/prometheus/alertmanager/template"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/cresset-metrics/cresset/internal/peertest"
)

// What amtool check-config and the start of Alertmanager 0.34.2 accept is accepted,
// what they refuse is refused with its place.
func TestCatalogueAgainstAmtool(t *testing.T) {
	catalogue, err := txtar.ParseFile("testdata/catalogue.txtar")
	if err != nil {
		t.Fatal(err)
	}
	amtool := peertest.Amtool(t)
	folder := t.TempDir()
	var paths []string
	for i, f := range catalogue.Files {
		path := filepath.Join(folder, fmt.Sprintf("%03d.yml", i))
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	verdicts := verdictsOf(t, amtool, paths)
	refused := 0
	for i, f := range catalogue.Files {
		t.Run(f.Name, func(t *testing.T) {
			theirs := fmt.Errorf("%s", verdicts[i])
			if strings.Contains(verdicts[i], "  SUCCESS") {
				theirs = startAlertmanager(paths[i])
			}
			_, ours := loadAlertmanager(paths[i])
			if ours != nil {
				refused++
				for line := range strings.SplitSeq(ours.Error(), "\n") {
					if !oneError.MatchString(line) {
						t.Errorf("not of the form FILE:LINE: reason: %q", line)
					}
				}
			}
			if (ours == nil) != (theirs == nil) {
				t.Errorf("got %v, Alertmanager says %v", ours, theirs)
			}
		})
	}
	if accepted := len(paths) - refused; refused < 100 || accepted < 60 {
		t.Errorf("%d are refused and %d accepted: the catalogue is no longer about both", refused, accepted)
	}
}

// verdictsOf returns what amtool says of each file. It panics with some, and says no
// more: it is asked of the rest again.
func verdictsOf(t *testing.T, amtool string, paths []string) []string {
	t.Helper()
	var all []string
	for len(all) < len(paths) {
		// It fails because some are bad; what it says of each counts.
		output, _ := exec.Command(amtool, append([]string{"check-config"}, paths[len(all):]...)...).CombinedOutput()
		verdicts := strings.Split(string(output), "Checking '")[1:]
		if len(verdicts) == 0 {
			t.Fatalf("amtool says nothing of %s:\n%s", paths[len(all)], output)
		}
		all = append(all, verdicts...)
	}
	return all
}

// startAlertmanager does what its start does with a configuration that could be read.
func startAlertmanager(path string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	c, err := amconfig.LoadFile(path)
	if err != nil {
		return err
	}
	templates, err := template.FromGlobs(c.Templates)
	if err != nil {
		return err
	}
	for _, r := range c.Receivers {
		if _, err := receiver.BuildReceiverIntegrations(r, templates, slog.New(slog.DiscardHandler)); err != nil {
			return err
		}
	}
	return nil
}
