package peertest

import (
	"os/exec"
	"strings"
	"testing"
)

func TestPromtool(t *testing.T) {
	path := Promtool(t)
	output, err := exec.Command(path, "--help").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if !strings.Contains(string(output), "check rules") {
		t.Errorf("help of promtool: got\n%s\nwant one that knows check rules", output)
	}
	if again := Promtool(t); again != path {
		t.Errorf("asked again: got %s, want %s", again, path)
	}
}
