package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// A machine is where results come from.
type machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	System string `json:"system"`
	Go     string `json:"go"`
}

func thisMachine() machine {
	m := machine{CPU: "unknown processor", Cores: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH, Go: strings.TrimPrefix(runtime.Version(), "go")}
	if model := setting("/proc/cpuinfo", "model name", ":"); model != "" {
		m.CPU = model
	}
	if name := setting("/etc/os-release", "PRETTY_NAME", "="); name != "" {
		m.System = strings.Trim(name, `"`) + ", " + m.System
	}
	return m
}

// setting returns what a file of names and values has for a name.
func setting(path, name, separator string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "" // it is told of Linux only
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, separator); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// modules are those whose versions are told.
var modules = map[string]string{
	"github.com/prometheus/client_golang": theirsName,
	"github.com/VictoriaMetrics/metrics":  victoria,
	"go.opentelemetry.io/otel/sdk/metric": otel,
}

// versions returns which versions of other libraries this program was built with.
func versions(peer *rustPeer) map[string]string {
	found := make(map[string]string)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if library, ok := modules[m.Path]; ok {
				found[library] = strings.TrimPrefix(m.Version, "v")
			}
		}
	}
	if peer != nil {
		found[rust] = peer.version
	}
	return found
}
