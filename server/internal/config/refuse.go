package config

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/cresset-metrics/cresset/server/internal/document"
)

// notLinked are the kinds of discovery that Prometheus has and this server does
// not have yet.
var notLinked = setOf(`
	aws azure consul digitalocean docker dockerswarm ec2 ecs elasticache eureka gce
	hetzner ionos kubernetes kuma lightsail linode marathon msk nerve nomad oci
	openstack outscale ovhcloud puppetdb rds scaleway serverset stackit triton uyuni
	vultr`)

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

// What Prometheus and Alertmanager know at the top of their files and this
// server does not act on, with what to do instead.
var (
	notInPrometheus = map[string]string{
		"remote_write": "samples are stored in this server's own storage only",
		"remote_read":  "queries read this server's own storage only",
		"otlp":         "this server does not receive OTLP; let the OpenTelemetry collector expose metrics to be scraped",
		"tracing":      "this server sends no traces",
		"runtime":      "set the environment variable GOGC and the flag --log.level instead",
	}
	notInAlertmanager = map[string]string{
		"event_recorder": "this server records no events",
	}
)

// refusal collects what is refused in one file.
type refusal struct {
	file string
	errs []document.Error
}

// add refuses a key; once, though several mappings may have merged it in.
func (r *refusal) add(key *yaml.Node, instead string) {
	e := at(r.file, key, fmt.Sprintf("%s is not supported yet: %s", key.Value, instead))
	if !slices.Contains(r.errs, e) {
		r.errs = append(r.errs, e)
	}
}

// errors are what was refused, in the order of the file.
func (r *refusal) errors() []error {
	slices.SortFunc(r.errs, func(x, y document.Error) int {
		return x.Compare(y.Position)
	})
	out := make([]error, len(r.errs))
	for i, e := range r.errs {
		out[i] = e
	}
	return out
}

// keys refuses the keys of a mapping that are in table. A key without content
// asks for nothing and may stay.
func (r *refusal) keys(n *yaml.Node, table map[string]string) {
	for key, value := range document.Entries(n) {
		if instead, ok := table[key.Value]; ok && !isNothing(value) {
			r.add(key, instead)
		}
	}
}

// discovery refuses the kinds of discovery that are not linked in.
func (r *refusal) discovery(n *yaml.Node) {
	for key, value := range document.Entries(n) {
		kind, ok := strings.CutSuffix(key.Value, "_sd_configs")
		if ok && notLinked[kind] && !isNothing(value) {
			r.add(key, "use static_configs, file_sd_configs, http_sd_configs or dns_sd_configs")
		}
	}
}

// refusePrometheus refuses what is not supported in a prometheus.yml, or in a
// file that scrape_config_files names.
func refusePrometheus(file string, root *yaml.Node) []error {
	r := refusal{file: file}
	r.keys(root, notInPrometheus)
	for _, job := range document.Elements(document.Child(root, "scrape_configs")) {
		r.discovery(job)
	}
	for _, am := range document.Elements(document.Child(document.Child(root, "alerting"), "alertmanagers")) {
		r.discovery(am)
	}
	return r.errors()
}

func refuseAlertmanager(file string, root *yaml.Node) []error {
	r := refusal{file: file}
	r.keys(root, notInAlertmanager)
	return r.errors()
}
