package config

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	promconfig "github.com/prometheus/prometheus/config"
	"go.yaml.in/yaml/v3"

	"github.com/cresset-metrics/cresset/server/internal/rule"
)

// promFile is what a prometheus.yml holds.
type promFile struct {
	config   *promconfig.Config
	rules    []*rule.File
	warnings []string
}

// loadPrometheus reads a prometheus.yml and the files that it names, or the
// built-in ones if path is empty.
func loadPrometheus(path, listenAddress string) (promFile, error) {
	if path == "" {
		return builtinPrometheus(listenAddress)
	}
	content, err := read(path)
	if err != nil {
		return promFile{}, err
	}
	cfg, warnings, err := parsePrometheus(path, content)
	if err != nil {
		return promFile{}, err
	}
	f := promFile{config: cfg, warnings: warnings}
	rules, ruleWarnings, ruleErr := rule.LoadGlobs(cfg.RuleFiles, cfg.GlobalConfig.MetricNameValidationScheme)
	f.rules = rules
	f.warnings = append(f.warnings, ruleWarnings...)
	return f, errors.Join(checkScrapeFiles(path, cfg), fromText(ruleErr))
}

// parsePrometheus reads the content of a prometheus.yml alone; relative paths in
// it are made to start at its folder.
func parsePrometheus(path string, content []byte) (*promconfig.Config, []string, error) {
	root, err := parseTree(path, content)
	if err != nil {
		return nil, nil, err
	}
	errs := refusePrometheus(path, root)
	errs = append(errs, badPatterns(path, child(root, "rule_files"))...)
	errs = append(errs, badPatterns(path, child(root, "scrape_config_files"))...)
	if len(errs) > 0 {
		return nil, nil, errors.Join(errs...)
	}
	var cfg *promconfig.Config
	parse := guarded(func(content []byte) (err error) {
		cfg, err = promconfig.Load(string(content), slog.New(slog.DiscardHandler))
		return err
	})
	if err := parse(content); err != nil {
		return nil, nil, explain(path, root, parse, err)
	}
	cfg.SetDirectory(filepath.Dir(path))
	return cfg, emptyVariables(path, root), nil
}

// badPatterns finds the patterns for file names that cannot match any.
func badPatterns(path string, list *yaml.Node) []error {
	var errs []error
	for _, e := range elements(list) {
		if _, err := filepath.Match(follow(e).Value, ""); err != nil {
			errs = append(errs, at(path, e, fmt.Sprintf("bad pattern %q: %v", follow(e).Value, err)))
		}
	}
	return errs
}

// emptyVariables warns of variables in the external labels that are not set; in
// their place stands nothing.
func emptyVariables(path string, root *yaml.Node) []string {
	var warnings []string
	for _, p := range pairs(child(child(root, "global"), "external_labels")) {
		os.Expand(follow(p.value).Value, func(name string) string {
			if name != "$" && os.Getenv(name) == "" {
				warnings = append(warnings, at(path, p.key, fmt.Sprintf("environment variable %q of external label %q is empty", name, p.key.Value)).Error())
			}
			return ""
		})
	}
	return warnings
}

// checkScrapeFiles reads the files that scrape_config_files names, as scraping
// will do later.
func checkScrapeFiles(path string, cfg *promconfig.Config) error {
	var errs []error
	for _, pattern := range cfg.ScrapeConfigFiles {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return Error{File: path, Line: 1, Reason: fmt.Sprintf("scrape_config_files: %q: %v", pattern, err)}
		}
		for _, file := range files {
			errs = append(errs, refuseIn(file)...)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if _, err := cfg.GetScrapeConfigs(); err != nil {
		return blame(path, err)
	}
	return nil
}

func refuseIn(file string) []error {
	content, err := read(file)
	if err != nil {
		return []error{err}
	}
	root, err := parseTree(file, content)
	if err != nil {
		return []error{err}
	}
	return refusePrometheus(file, root)
}

// blame makes Errors of an error about scrape_config_files. It begins with the
// quoted name of the file, where it is about one file.
func blame(path string, err error) error {
	quoted := quotedText.FindString(err.Error())
	reason, ok := strings.CutPrefix(err.Error(), quoted+": ")
	file, quoteErr := strconv.Unquote(quoted)
	if !ok || quoteErr != nil {
		return Error{File: path, Line: 1, Reason: oneLine(err.Error())}
	}
	content, readErr := read(file)
	if readErr != nil {
		return readErr
	}
	root, treeErr := parseTree(file, content)
	if treeErr != nil {
		return treeErr
	}
	// The file alone is a prometheus.yml too, with the usual defaults.
	alone := guarded(func(content []byte) error {
		_, err := promconfig.Load(string(content), slog.New(slog.DiscardHandler))
		return err
	})
	return explain(file, root, alone, errors.New(reason))
}
