package config

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"

	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/template"
	commonconfig "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v3"

	"github.com/cresset-metrics/cresset/server/internal/document"
	"github.com/cresset-metrics/cresset/server/internal/tracing"
)

// amFile is what an alertmanager.yml holds.
type amFile struct {
	text     []byte
	root     *yaml.Node
	config   *amconfig.Config
	warnings []string
}

// loadAlertmanager reads an alertmanager.yml and the files that it names, or
// the built-in one if path is empty.
func loadAlertmanager(path string) (amFile, error) {
	if path == "" {
		return builtinAlertmanager()
	}
	content, err := read(path)
	if err != nil {
		return amFile{}, err
	}
	f, err := parseAlertmanager(path, content)
	if err != nil {
		return amFile{}, err
	}
	if err := checkTemplates(path, f.config.Templates); err != nil {
		return f, err
	}
	if err := tracing.Check(f.config.TracingConfig); err != nil {
		return f, at(path, document.Child(f.root, "tracing"), "tracing: "+err.Error())
	}
	warnings, err := checkReceivers(path, f)
	f.warnings = append(f.warnings, warnings...)
	return f, err
}

// parseAlertmanager reads the content of an alertmanager.yml alone; relative
// paths in it are made to start at its folder.
func parseAlertmanager(path string, content []byte) (amFile, error) {
	root, warnings, err := parseTree(path, content)
	if err != nil {
		return amFile{}, err
	}
	useMatchersUnlessChosen()
	errs := refuseAlertmanager(path, root)
	errs = append(errs, badPatterns(path, document.Child(root, "templates"))...)
	if len(errs) > 0 {
		return amFile{}, errors.Join(errs...)
	}
	var cfg *amconfig.Config
	parse := guarded(func(content []byte) (err error) {
		cfg, err = amconfig.Load(string(content))
		return err
	})
	if err := parse(content); err != nil {
		return amFile{}, explain(path, root, parse, err)
	}
	dir := filepath.Dir(path)
	for i, t := range cfg.Templates {
		cfg.Templates[i] = commonconfig.JoinDir(dir, t)
	}
	setDirectory(reflect.ValueOf(cfg), dir, map[*commonconfig.HTTPClientConfig]bool{})
	return amFile{text: content, root: root, config: cfg, warnings: warnings}, nil
}

// setDirectory makes the relative paths of every HTTP client in v start at dir.
// A client that receivers inherit is shared by them, and must be met once only.
func setDirectory(v reflect.Value, dir string, met map[*commonconfig.HTTPClientConfig]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || !v.CanInterface() {
			return
		}
		if c, ok := v.Interface().(*commonconfig.HTTPClientConfig); ok {
			if !met[c] {
				met[c] = true
				c.SetDirectory(dir)
			}
			return
		}
		setDirectory(v.Elem(), dir, met)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				setDirectory(v.Field(i), dir, met)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			setDirectory(v.Index(i), dir, met)
		}
	}
}

// checkTemplates parses the template files. A pattern that matches nothing is
// allowed.
func checkTemplates(path string, patterns []string) error {
	var errs []error
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return inLine(path, 1, fmt.Sprintf("templates: %q: %v", pattern, err))
		}
		for _, file := range files {
			errs = append(errs, checkTemplate(file))
		}
	}
	return errors.Join(errs...)
}

// checkTemplate parses one template file. Templates that it uses may be in other
// files: that is found out when they are used.
func checkTemplate(file string) error {
	content, err := read(file)
	if err != nil {
		return err
	}
	t, err := template.New()
	if err != nil {
		return fmt.Errorf("make a template: %w", err)
	}
	if err := t.Parse(bytes.NewReader(content)); err != nil {
		// "template: NAME:LINE: reason"; the name is empty here.
		m := templateText.FindStringSubmatch(err.Error())
		if m == nil {
			return inLine(file, 1, oneLine(err.Error()))
		}
		line, _ := strconv.Atoi(m[1]) // digits
		return inLine(file, line, oneLine(m[2]))
	}
	return nil
}

var templateText = regexp.MustCompile(`(?s)^[a-z/]*template: [^:]*:(\d+)(?::\d+)?: (.*)$`)
