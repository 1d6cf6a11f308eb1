package config

import (
	"fmt"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/cresset-metrics/cresset/server/internal/document"
	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// Kind is what a file is for.
type Kind string

const (
	KindUnknown      Kind = ""
	KindPrometheus   Kind = "prometheus.yml"
	KindAlertmanager Kind = "alertmanager.yml"
	KindRules        Kind = "rule file"
)

// Checked is what was found out about one file.
type Checked struct {
	Path     string
	Kind     Kind
	Found    string   // what is in it, for people; empty if it is bad
	Warnings []string // what is allowed, and perhaps not meant
	Err      error    // nil if the file is good; else one or more document.Errors, joined
}

// Check tells of each file which kind it is, by its content, and whether it is
// good together with the files that it names.
func Check(paths ...string) []Checked {
	out := make([]Checked, len(paths))
	for i, path := range paths {
		out[i] = check(path)
	}
	return out
}

func check(path string) Checked {
	c := Checked{Path: path}
	content, err := read(path)
	if err != nil {
		c.Err = err
		return c
	}
	root, warnings, err := parseTree(path, content)
	if err != nil {
		c.Err = err
		return c
	}
	switch c.Kind = kindOf(root); c.Kind {
	case KindPrometheus:
		var f promFile
		if f, c.Err = loadPrometheus(Files{Prometheus: path}); c.Err == nil {
			c.Found = fmt.Sprintf("%s, %s with %s", count(len(f.config.ScrapeConfigs), "scrape job"), count(len(f.rules), "rule file"), count(rulesIn(f.rules...), "rule"))
		}
		c.Warnings = f.warnings
	case KindAlertmanager:
		f, err := loadAlertmanager(path)
		if c.Err = err; err == nil {
			cfg := f.config
			c.Found = fmt.Sprintf("%s, %s, %s", count(len(cfg.Receivers), "receiver"), count(len(cfg.InhibitRules), "inhibition rule"), count(len(cfg.Templates), "template pattern"))
		}
		c.Warnings = f.warnings
	case KindRules:
		file, ruleWarnings, err := definition.Parse(path, content, definition.Options{})
		c.Warnings, c.Err = ruleWarnings, fromRules(err)
		if err == nil {
			c.Warnings = append(c.Warnings, file.DuplicateWarnings()...)
			c.Found = fmt.Sprintf("%s with %s", count(len(file.Groups), "group"), count(rulesIn(file), "rule"))
		}
	default:
		c.Warnings = warnings
		c.Err = inLine(path, 1, "this is no prometheus.yml, no alertmanager.yml and no rule file: none of their keys is at the top")
	}
	return c
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func rulesIn(files ...*definition.File) int {
	n := 0
	for _, f := range files {
		for _, g := range f.Groups {
			n += len(g.Rules)
		}
	}
	return n
}

// The keys that only one kind of file has at its top.
var topKeys = map[Kind]map[string]bool{
	KindPrometheus:   setOf("scrape_configs scrape_config_files rule_files alerting storage remote_write remote_read otlp runtime"),
	KindAlertmanager: setOf("route receivers inhibit_rules templates time_intervals mute_time_intervals event_recorder"),
	KindRules:        setOf("groups"),
}

// kindOf tells the kind of a file by the keys at its top. A file without any, or
// with an empty section global alone, is a prometheus.yml that asks for nothing.
func kindOf(root *yaml.Node) Kind {
	top := keys(root)
	if root.Kind == yaml.MappingNode && len(top) == 0 {
		return KindPrometheus
	}
	for _, kind := range []Kind{KindRules, KindAlertmanager, KindPrometheus} {
		if slices.ContainsFunc(top, func(key string) bool { return topKeys[kind][key] }) {
			return kind
		}
	}
	// Both servers have a section global; Prometheus' is about scrapes and queries.
	global := keys(document.Child(root, "global"))
	switch {
	case len(global) == 0 && len(top) == 1 && top[0] == "global":
		return KindPrometheus
	case len(global) == 0:
		return KindUnknown
	case slices.ContainsFunc(global, prometheusGlobal.MatchString):
		return KindPrometheus
	default:
		return KindAlertmanager
	}
}

// keys are those of a mapping, with those that it merges in.
func keys(n *yaml.Node) []string {
	var all []string
	for key := range document.Entries(n) {
		all = append(all, key.Value)
	}
	return all
}

var prometheusGlobal = regexp.MustCompile(`^(scrape_|evaluation_|query_|rule_|external_labels$)`)
