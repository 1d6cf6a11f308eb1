package app

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	clientprometheus "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/notifier"
	"github.com/prometheus/prometheus/rules"
)

// descriptions are the metrics that are registered, as they are described.
type descriptions []string

func (d *descriptions) Register(c clientprometheus.Collector) error {
	ch := make(chan *clientprometheus.Desc)
	go func() {
		defer close(ch)
		c.Describe(ch)
	}()
	for desc := range ch {
		*d = append(*d, desc.String())
	}
	return nil
}

func (d *descriptions) MustRegister(cs ...clientprometheus.Collector) {
	for _, c := range cs {
		_ = d.Register(c) // has no errors
	}
}

func (*descriptions) Unregister(clientprometheus.Collector) bool { return false }

// Every metric that Prometheus has of rules, templates and notifications is on the
// page, with its help, when there are rules and an Alertmanager.
func TestMetricsOfRulesAreServed(t *testing.T) {
	var upstream descriptions
	rules.NewGroupMetrics(&upstream)
	notifier.NewManager(&notifier.Options{Registerer: &upstream}, model.UTF8Validation, nil)
	var help []string
	for _, d := range upstream {
		var name, text string
		if _, err := fmt.Sscanf(d, "Desc{fqName: %q, help: %q", &name, &text); err != nil {
			t.Fatalf("%s: %v", d, err)
		}
		help = append(help, "# HELP "+name+" "+text+"\n")
	}
	if len(help) < 20 {
		t.Fatalf("Prometheus has only the metrics %q", help)
	}
	help = append(help, // registered where no test gets at it
		"# HELP prometheus_template_text_expansions_total The total number of template text expansions.\n",
		"# HELP prometheus_template_text_expansion_failures_total The total number of template text expansion failures.\n")

	alertmanager := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer alertmanager.Close()
	dir := write(t, map[string]string{
		"prometheus.yml": fmt.Sprintf(`
global: {evaluation_interval: 100ms}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}
`, strings.TrimPrefix(alertmanager.URL, "http://")),
		"rules.yml": `
groups:
- name: g
  rules:
  - {alert: Always, expr: "1", annotations: {good: "{{ $value }}", bad: '{{ "x" | humanize }}'}}
`,
	})
	a := serve(t, Options{PrometheusFile: filepath.Join(dir, "prometheus.yml")})
	eventually(t, "the metrics of Prometheus", func() error {
		page, err := fetch(a.base() + "metrics")
		if err != nil {
			return err
		}
		var missing []error
		for _, line := range help {
			if !strings.Contains(page, line) {
				missing = append(missing, errors.New("no "+line))
			}
		}
		for _, zero := range []string{"prometheus_template_text_expansions_total 0\n", "prometheus_template_text_expansion_failures_total 0\n"} {
			if strings.Contains(page, zero) {
				missing = append(missing, errors.New(zero))
			}
		}
		return errors.Join(missing...)
	})
}
