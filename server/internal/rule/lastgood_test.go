package rule

import (
	"strings"
	"testing"

	"github.com/cresset-metrics/cresset/prometheus"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// What is bad in a file that is loaded leniently stays as it was; everything else
// is taken over.
func TestLastGood(t *testing.T) {
	const before = `
groups:
- name: g
  rules:
  - {record: r, expr: up}
  - {alert: A, expr: up == 0, labels: {severity: warning}}
  - {alert: A, expr: up < 0, labels: {severity: critical}}
  - {alert: B, expr: up == 0}
- name: h
  rules: [{record: s, expr: up}]
`
	for _, test := range []struct {
		name, content, want string
		notLoaded           float64
	}{
		{
			"a bad rule", `
groups:
- name: g
  rules:
  - {record: r, expr: up + 1}
  - {alert: A, expr: up == 1, labels: {severity: warning}}
  - {alert: A, expr: up <, labels: {severity: critical}}
  - {alert: B, expr: up == 2}
- name: h
  rules: [{record: s, expr: up}]
`,
			"g: r=up + 1, A=up == 1, A=up < 0, B=up == 2; h: s=up", 1,
		},
		{
			"a bad rule that is known by its name alone, and one that was not there before", `
groups:
- name: g
  rules:
  - {alert: New, expr: )}
  - {alert: B, expr: (, labels: {new: "1"}}
  - {alert: A, expr: up == 1, labels: {severity: warning}}
`,
			"g: B=up == 0, A=up == 1", 2,
		},
		{
			"rules whose name or kind is not known", `
groups:
- name: g
  rules:
  - {record: r, expr: up + 1}
  - {alret: A, expr: up == 1}
  - {alert: B, record: B, expr: up == 2}
  - {record: t, expr: up}
- name: h
  rules: [{record: s, expr: up}]
`,
			"g: r=up + 1, A=up == 0, A=up < 0, B=up == 0, t=up; h: s=up", 2,
		},
		{"a group whose name is not known", "groups:\n- {nmae: g, rules: [{record: r, expr: up + 1}]}\n- {name: h, rules: [{record: s, expr: up + 1}]}\n", "g: r=up, A=up == 0, A=up < 0, B=up == 0; h: s=up + 1", 1},
		{"a bad group", "groups:\n- {name: g, labels: {__name__: x}}\n- {name: h, rules: [{record: s, expr: up + 1}]}\n", "g: r=up, A=up == 0, A=up < 0, B=up == 0; h: s=up + 1", 1},
		{"a group that is there twice", "groups:\n- {name: h, rules: [{record: s, expr: up + 1}]}\n- {name: h, rules: [{record: s, expr: up + 2}]}\n", "h: s=up + 1", 1},
		{"a broken file", "groups: [", "g: r=up, A=up == 0, A=up < 0, B=up == 0; h: s=up", 1},
		{"an empty file", "", "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var c calls
			registry := prometheus.NewRegistry()
			e := New(Options{Query: c.query, Appendable: &notebook{}, Registerer: registry})
			for _, content := range []string{before, test.content} {
				f, _, _ := definition.Parse("r.yml", []byte(content), definition.Options{Lenient: true})
				apply(t, e, f)
			}
			var groups []string
			for _, g := range e.Groups() {
				var rules []string
				for _, r := range g.Rules {
					rules = append(rules, r.Name+"="+r.Query)
				}
				groups = append(groups, g.Name+": "+strings.Join(rules, ", "))
			}
			if got := strings.Join(groups, "; "); got != test.want {
				t.Errorf("groups:\ngot  %s\nwant %s", got, test.want)
			}
			if got := metricsOf(t, registry)["cresset_rules_not_loaded r.yml"]; got != test.notLoaded {
				t.Errorf("not loaded: got %v, want %v", got, test.notLoaded)
			}
		})
	}
}
