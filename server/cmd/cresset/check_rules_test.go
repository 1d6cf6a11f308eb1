package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cresset-metrics/cresset/internal/peertest"
)

// The exit code is promtool's, whatever files and flags are given.
func TestCheckRulesExitCode(t *testing.T) {
	promtool := peertest.Promtool(t)
	dir := t.TempDir()
	t.Chdir(dir)
	for name, content := range map[string]string{
		"good.yml":  "groups:\n- name: g\n  rules:\n  - {record: r, expr: up}\n",
		"bad.yml":   "groups:\n- name: g\n  rules:\n  - {record: r, expr: up +}\n",
		"twice.yml": "groups:\n- name: g\n  rules:\n  - {record: r, expr: up}\n  - {record: r, expr: down}\n",
		"own.yml":   "groups:\n- name: g\n  owner: me\n  rules:\n  - {record: r, expr: limitk(1, up)}\n",
		"empty.yml": "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range []string{
		"good.yml", "bad.yml", "twice.yml", "empty.yml", "own.yml", "missing.yml", ".",
		"good.yml bad.yml", "bad.yml twice.yml", "good.yml twice.yml",
		"--lint-fatal good.yml", "--lint-fatal bad.yml", "--lint-fatal twice.yml",
		"--lint-fatal twice.yml bad.yml", "--lint-fatal bad.yml twice.yml",
		"--lint=none --lint-fatal twice.yml", "--lint=all --lint-fatal twice.yml", "--lint=all,none --lint-fatal twice.yml",
		"--lint=wrong --lint-fatal twice.yml", "--lint=duplicate-rules,wrong --lint-fatal twice.yml",
		"--ignore-unknown-fields own.yml", "--enable-feature=promql-experimental-functions own.yml",
		"--ignore-unknown-fields --enable-feature=promql-experimental-functions own.yml",
		"--ignore-unknown-fields --enable-feature=wrong,promql-experimental-functions --lint-fatal own.yml twice.yml",
	} {
		all := append([]string{"check", "rules"}, strings.Fields(args)...)
		want := 0
		var exit *exec.ExitError
		if output, err := exec.Command(promtool, all...).CombinedOutput(); errors.As(err, &exit) {
			want = exit.ExitCode()
		} else if err != nil {
			t.Fatalf("promtool %s: %v\n%s", args, err, output)
		}
		var output strings.Builder
		if got := run(t.Context(), all, io.Discard, &output); got != want {
			t.Errorf("check rules %s: got exit code %d, want %d:\n%s", args, got, want, output.String())
		}
	}
}

// Unlike promtool, the command tells a command line that is not understood from a
// file that is bad.
func TestCheckRulesUsage(t *testing.T) {
	for _, args := range []string{"--lnit=none", "--lint"} {
		if got := run(t.Context(), append([]string{"check", "rules"}, args), io.Discard, io.Discard); got != exitUsage {
			t.Errorf("check rules %s: got exit code %d, want %d", args, got, exitUsage)
		}
	}
}
