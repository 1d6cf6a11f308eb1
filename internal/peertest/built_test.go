package peertest

import (
	"os/exec"
	"strings"
	"testing"
)

func TestBuiltPrograms(t *testing.T) {
	for _, tc := range []struct {
		name  string
		get   func(testing.TB) string
		args  []string
		knows string
	}{
		{"promtool", Promtool, []string{"--help"}, "check rules"},
		{"alertmanager", Alertmanager, []string{"--version"}, "alertmanager, version 0.34.2"},
		{"amtool", Amtool, []string{"--version"}, "amtool, version 0.34.2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := tc.get(t)
			output, err := exec.Command(path, tc.args...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			if !strings.Contains(string(output), tc.knows) {
				t.Errorf("%v: got\n%s\nwant something with %q", tc.args, output, tc.knows)
			}
			if again := tc.get(t); again != path {
				t.Errorf("asked again: got %s, want %s", again, path)
			}
		})
	}
}
