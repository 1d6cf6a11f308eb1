package simulate_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cresset-metrics/cresset/server/internal/simulate"
)

func ExampleRunRuleTests() {
	dir, err := os.MkdirTemp("", "bakery-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			panic(err)
		}
		return path
	}
	write("rules.yml", `
groups:
  - name: bakery
    rules:
      - alert: OvenCold
        expr: oven_celsius < 180
        for: 5m
`)
	test := write("test.yml", `
rule_files: [rules.yml]
tests:
  - name: the oven cools down
    interval: 1m
    input_series:
      - {series: 'oven_celsius{oven="1"}', values: 200 190 170x10}
    alert_rule_test:
      - {eval_time: 6m, alertname: OvenCold}
      - {eval_time: 7m, alertname: OvenCold, exp_alerts: [{exp_labels: {oven: 1}}]}
`)

	for file := range simulate.RunRuleTests(context.Background(), simulate.Options{}, test) {
		for _, t := range file.Tests {
			fmt.Printf("%s: %d failures\n", t.Name, len(t.Failures))
		}
	}
	// Output: the oven cools down: 0 failures
}
