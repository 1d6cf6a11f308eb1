package config

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	promconfig "github.com/prometheus/prometheus/config"
	"go.yaml.in/yaml/v3"

	"github.com/cresset-metrics/cresset/server/internal/document"
	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// promFile is what a prometheus.yml holds.
type promFile struct {
	root     *yaml.Node
	config   *promconfig.Config
	rules    []*definition.File
	warnings []string
}

// job is a scrape job, of a prometheus.yml or of a file that it names.
type job struct {
	config *promconfig.ScrapeConfig
	place  place
}

// loadPrometheus reads the prometheus.yml of files and the files that it names, or
// the built-in ones if there is none.
func loadPrometheus(files Files) (promFile, error) {
	path := files.Prometheus
	if path == "" {
		return builtinPrometheus(files.Self)
	}
	content, err := read(path)
	if err != nil {
		return promFile{}, err
	}
	f, err := parsePrometheus(path, content)
	if err != nil {
		return promFile{}, err
	}
	rules, ruleWarnings, ruleErr := definition.LoadGlobs(f.config.RuleFiles, definition.Options{
		Names:   f.config.GlobalConfig.MetricNameValidationScheme,
		Lenient: files.LenientRules,
	})
	f.rules = rules
	if files.LenientRules && ruleErr != nil {
		ruleWarnings = append(ruleWarnings, strings.Split(ruleErr.Error(), "\n")...)
		ruleErr = nil
	}
	jobs, jobWarnings, jobErr := scrapeJobs(path, f)
	clientWarnings, clientErr := checkPrometheusClients(path, f, jobs)
	f.warnings = slices.Concat(f.warnings, ruleWarnings, jobWarnings, clientWarnings)
	return f, errors.Join(jobErr, clientErr, fromRules(ruleErr))
}

// parsePrometheus reads the content of a prometheus.yml alone; relative paths in
// it are made to start at its folder.
func parsePrometheus(path string, content []byte) (promFile, error) {
	root, warnings, err := parseTree(path, content)
	if err != nil {
		return promFile{}, err
	}
	errs := refusePrometheus(path, root)
	errs = append(errs, badPatterns(path, document.Child(root, "rule_files"))...)
	errs = append(errs, badPatterns(path, document.Child(root, "scrape_config_files"))...)
	if len(errs) > 0 {
		return promFile{}, errors.Join(errs...)
	}
	var cfg *promconfig.Config
	parse := guarded(func(content []byte) (err error) {
		cfg, err = promconfig.Load(string(content), slog.New(slog.DiscardHandler))
		return err
	})
	if err := parse(content); err != nil {
		return promFile{}, explain(path, root, parse, err)
	}
	cfg.SetDirectory(filepath.Dir(path))
	warnings = append(warnings, emptyVariables(path, root)...)
	return promFile{root: root, config: cfg, warnings: warnings}, nil
}

// badPatterns finds the patterns for file names that cannot match any.
func badPatterns(path string, list *yaml.Node) []error {
	var errs []error
	for _, e := range document.Elements(list) {
		if _, err := filepath.Match(document.Follow(e).Value, ""); err != nil {
			errs = append(errs, at(path, e, fmt.Sprintf("bad pattern %q: %v", document.Follow(e).Value, err)))
		}
	}
	return errs
}

// emptyVariables warns of variables in the external labels that are not set; in
// their place stands nothing.
func emptyVariables(path string, root *yaml.Node) []string {
	var warnings []string
	for key, value := range document.Entries(document.Child(document.Child(root, "global"), "external_labels")) {
		os.Expand(document.Follow(value).Value, func(name string) string {
			if name != "$" && os.Getenv(name) == "" {
				warnings = append(warnings, at(path, key, fmt.Sprintf("environment variable %q of external label %q is empty", name, key.Value)).Error())
			}
			return ""
		})
	}
	return warnings
}

// scrapeJobs are the jobs of a prometheus.yml and of the files that its
// scrape_config_files names.
func scrapeJobs(path string, f promFile) (jobs []job, warnings []string, err error) {
	var errs []error
	places := jobPlaces(path, f.root)
	for _, pattern := range f.config.ScrapeConfigFiles {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return nil, nil, inLine(path, 1, fmt.Sprintf("scrape_config_files: %q: %v", pattern, err))
		}
		for _, file := range files {
			content, err := read(file)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			root, further, err := parseTree(file, content)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			errs = append(errs, refusePrometheus(file, root)...)
			warnings = append(warnings, further...)
			maps.Copy(places, jobPlaces(file, root))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, warnings, err
	}
	configs, err := f.config.GetScrapeConfigs()
	if err != nil {
		return nil, warnings, blame(path, err)
	}
	for _, c := range configs {
		p, ok := places[c.JobName]
		if !ok { // the name is written in a way that only the parser understands
			p = place{fmt.Sprintf("job %q", c.JobName), path, []*yaml.Node{f.root}}
		}
		jobs = append(jobs, job{c, p})
	}
	return jobs, warnings, nil
}

// jobPlaces are the places of the jobs of one file, by name.
func jobPlaces(file string, root *yaml.Node) map[string]place {
	places := map[string]place{}
	for _, n := range document.Elements(document.Child(root, "scrape_configs")) {
		name, _ := document.Text(document.Child(n, "job_name"))
		places[name] = place{fmt.Sprintf("job %q", name), file, []*yaml.Node{document.Follow(n)}}
	}
	return places
}

// blame makes errors with positions of an error about scrape_config_files. It
// begins with the quoted name of the file, where it is about one file.
func blame(path string, err error) error {
	quoted := quotedText.FindString(err.Error())
	reason, ok := strings.CutPrefix(err.Error(), quoted+": ")
	file, quoteErr := strconv.Unquote(quoted)
	if !ok || quoteErr != nil {
		return inLine(path, 1, oneLine(err.Error()))
	}
	content, readErr := read(file)
	if readErr != nil {
		return readErr
	}
	root, _, treeErr := parseTree(file, content)
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
