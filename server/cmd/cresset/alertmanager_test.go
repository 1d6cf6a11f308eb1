package main

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/internal/peertest"
)

// helpFlag is a flag as help shows it, with its default or a placeholder.
var helpFlag = regexp.MustCompile(`(?m)^ +(?:-\w, )?--(?:\[no-\])?([a-z.-]+)(?:=(\S+))?`)

// flagDefaults are the flags that a help text shows, with what is shown of their
// defaults.
func flagDefaults(help string) map[string]string {
	defaults := map[string]string{}
	for _, m := range helpFlag.FindAllStringSubmatch(help, -1) {
		name, value := m[1], strings.Trim(m[2], `"`)
		if d, err := time.ParseDuration(value); err == nil {
			value = d.String()
		}
		if value == strings.ToUpper(name) { // a placeholder
			value = ""
		}
		defaults[name] = value
	}
	return defaults
}

// Whoever starts Alertmanager by a script starts this instead: each of its flags is
// there, with its default.
func TestFlagsOfAlertmanager(t *testing.T) {
	theirs, err := exec.Command(peertest.Alertmanager(t), "--help").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	var ours bytes.Buffer
	if code := run(t.Context(), []string{"alertmanager", "--help"}, &ours, &ours); code != exitOK {
		t.Fatalf("got exit code %d", code)
	}
	want, got := flagDefaults(string(theirs)), flagDefaults(ours.String())
	if len(want) < 40 {
		t.Fatalf("Alertmanager shows only the flags %v", want)
	}
	for name, value := range want {
		if have, ok := got[name]; !ok || have != value {
			t.Errorf("--%s: got default %q (there: %t), want %q", name, have, ok, value)
		}
		delete(got, name)
	}
	for _, ourOwn := range []string{"config.auto-reload-interval", "notify.resolved-while-muted", "notify.exact-repeat-interval"} {
		if _, ok := got[ourOwn]; !ok {
			t.Errorf("no flag --%s", ourOwn)
		}
		delete(got, ourOwn)
	}
	if len(got) > 0 {
		t.Errorf("Alertmanager does not have %v", got)
	}
}
