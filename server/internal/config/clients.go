package config

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/config/receiver"
	"github.com/prometheus/alertmanager/template"
	commonconfig "github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/http"
	"go.yaml.in/yaml/v3"

	"github.com/cresset-metrics/cresset/server/internal/document"
)

// A certificate or key that cannot be loaded is found only by making the client
// that uses it. So every client that a configuration describes is made once
// while it is loaded, and thrown away.
//
// Most secrets are different: they are read with every request, and may be put
// in place later. For a missing one there is a warning.

// place is a part of a file that describes clients.
type place struct {
	who  string // for people: job "a"
	file string
	// nodes are searched for the name of a file, one after the other: the part
	// itself, and what it inherits from.
	nodes []*yaml.Node
}

// find is where the place names a file that match accepts, or else the place itself.
func (p place) find(match func(file string) bool) *yaml.Node {
	dir := filepath.Dir(p.file)
	for _, n := range p.nodes {
		for _, name := range fileNames(n, map[*yaml.Node]bool{}) {
			if name.Value != "" && (match(name.Value) || match(commonconfig.JoinDir(dir, name.Value))) {
				return name
			}
		}
	}
	return p.nodes[0]
}

// fileNames are the values below n that name files.
func fileNames(n *yaml.Node, met map[*yaml.Node]bool) []*yaml.Node {
	n = document.Follow(n)
	if met[n] {
		return nil
	}
	met[n] = true
	var out []*yaml.Node
	for key, value := range document.Entries(n) {
		switch {
		case strings.HasSuffix(key.Value, "_file"):
			out = append(out, document.Follow(value))
		case key.Value == "files":
			for _, e := range document.Elements(value) {
				out = append(out, document.Follow(e))
			}
		default:
			out = append(out, fileNames(value, met)...)
		}
	}
	for _, e := range document.Elements(n) {
		out = append(out, fileNames(e, met)...)
	}
	return out
}

// clientCheck collects what is wrong with the clients of one configuration.
type clientCheck struct {
	errs     []document.Error
	warnings []document.Error
}

func (c *clientCheck) result() (warnings []string, err error) {
	for _, w := range c.warnings {
		warnings = append(warnings, w.Error())
	}
	var errs []error
	for _, e := range c.errs {
		errs = append(errs, e)
	}
	return warnings, errors.Join(errs...)
}

// try calls a function that makes clients, and takes down the errors.
func (c *clientCheck) try(p place, build func() error) {
	err := guarded(func([]byte) error { return build() })(nil)
	for _, err := range flatten(err) {
		reason := err.Error()
		n := p.find(func(file string) bool { return mentions(reason, file) })
		// Several clients may inherit the same.
		if e := at(p.file, n, p.who+": "+reason); !slices.Contains(c.errs, e) {
			c.errs = append(c.errs, e)
		}
	}
}

// flatten takes joined errors apart.
func flatten(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	switch {
	case err == nil:
		return nil
	case !ok:
		return []error{err}
	}
	var out []error
	for _, e := range joined.Unwrap() {
		out = append(out, flatten(e)...)
	}
	return out
}

// mentions says whether the reason why a client cannot be made is about the file.
func mentions(reason, file string) bool {
	_, rest, ok := strings.Cut(reason+":", " "+file)
	return ok && (strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, ")"))
}

// secrets warns of the secrets in v that are not there, unless an error tells of
// them already.
func (c *clientCheck) secrets(p place, v any) {
	for _, file := range secretFiles(reflect.ValueOf(v)) {
		_, err := os.Stat(file)
		if err == nil {
			continue
		}
		n := p.find(func(name string) bool { return name == file })
		w := at(p.file, n, fmt.Sprintf("%s: file %q cannot be read yet (%v); until it can, requests fail", p.who, file, cause(err)))
		told := slices.ContainsFunc(c.errs, func(e document.Error) bool { return e.Position == w.Position })
		if !told && !slices.Contains(c.warnings, w) {
			c.warnings = append(c.warnings, w)
		}
	}
}

// http makes an HTTP client.
func (c *clientCheck) http(p place, cfg commonconfig.HTTPClientConfig, name string) {
	c.try(p, func() error {
		client, err := commonconfig.NewClientFromConfig(cfg, name)
		if err == nil {
			client.CloseIdleConnections()
		}
		return err
	})
	c.secrets(p, cfg)
}

// discovery makes the clients of service discovery.
func (c *clientCheck) discovery(p place, configs discovery.Configs) {
	for _, sd := range configs {
		if sd, ok := sd.(*http.SDConfig); ok {
			c.http(p, sd.HTTPClientConfig, "http")
		}
	}
}

// receiver makes the integrations of a receiver.
func (c *clientCheck) receiver(p place, r amconfig.Receiver, templates *template.Template) {
	for _, mail := range r.EmailConfigs {
		if mail.TLSConfig != nil {
			c.try(p, func() error {
				_, err := commonconfig.NewTLSConfig(mail.TLSConfig)
				return err
			})
		}
	}
	// Mail has no HTTP client, and making it would fill in headers of r, which is
	// not to be changed.
	withoutMail := r
	withoutMail.EmailConfigs = nil
	c.try(p, func() error {
		_, err := receiver.BuildReceiverIntegrations(withoutMail, templates, slog.New(slog.DiscardHandler))
		return err
	})
	c.secrets(p, r)
}

// checkPrometheusClients makes the clients of scrape jobs, of Alertmanagers and
// of the discovery of both.
func checkPrometheusClients(path string, f promFile, jobs []job) ([]string, error) {
	var c clientCheck
	for _, j := range jobs {
		c.http(j.place, j.config.HTTPClientConfig, j.config.JobName)
		c.discovery(j.place, j.config.ServiceDiscoveryConfigs)
	}
	nodes := document.Elements(document.Child(document.Child(f.root, "alerting"), "alertmanagers"))
	for i, am := range f.config.AlertingConfig.AlertmanagerConfigs {
		p := place{fmt.Sprintf("alertmanagers[%d]", i), path, []*yaml.Node{element(nodes, i)}}
		c.http(p, am.HTTPClientConfig, "alertmanager")
		c.discovery(p, am.ServiceDiscoveryConfigs)
	}
	return c.result()
}

// checkReceivers makes the integrations of all receivers.
func checkReceivers(path string, f amFile) ([]string, error) {
	templates, err := template.FromGlobs(f.config.Templates)
	if err != nil {
		return nil, at(path, document.Child(f.root, "templates"), fmt.Sprintf("templates: %v", err))
	}
	var c clientCheck
	nodes := document.Elements(document.Child(f.root, "receivers"))
	for i, r := range f.config.Receivers {
		p := place{fmt.Sprintf("receiver %q", r.Name), path, []*yaml.Node{element(nodes, i), document.Child(f.root, "global")}}
		c.receiver(p, r, templates)
	}
	return c.result()
}

// element is the node of an element that the parser has read.
func element(nodes []*yaml.Node, i int) *yaml.Node {
	if i < len(nodes) {
		return document.Follow(nodes[i])
	}
	return &yaml.Node{}
}

// secretFiles are the files in v that are read when a request is made: those
// that keys ending in _file name, and those with the values of headers.
func secretFiles(v reflect.Value) []string {
	var out []string
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			out = secretFiles(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			out = append(out, secretFiles(v.Index(i))...)
		}
	case reflect.Map:
		for _, value := range v.Seq2() {
			out = append(out, secretFiles(value)...)
		}
	case reflect.Struct:
		if header, ok := v.Interface().(commonconfig.Header); ok {
			return header.Files
		}
		_, lazy := v.Interface().(commonconfig.OAuth2) // reads certificates with a request too
		for i := range v.NumField() {
			field, value := v.Type().Field(i), v.Field(i)
			key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
			switch {
			case !field.IsExported() || field.Name == "TLSConfig" && !lazy:
			case value.Kind() != reflect.String:
				out = append(out, secretFiles(value)...)
			case strings.HasSuffix(key, "_file") && value.String() != "":
				out = append(out, value.String())
			}
		}
	}
	return out
}
