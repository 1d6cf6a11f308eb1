package promlint_test

import (
	"errors"
	"fmt"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/prometheus/testutil/promlint"
)

func ExampleLinter() {
	problems, err := promlint.New(strings.NewReader(`
# HELP way_kilometers Way that was walked.
# TYPE way_kilometers counter
way_kilometers 12
`)).Lint()
	if err != nil {
		panic(err)
	}
	for _, p := range problems {
		fmt.Printf("%s: %s\n", p.Metric, p.Text)
	}
	// Output:
	// way_kilometers: counter metrics should have "_total" suffix
	// way_kilometers: use base unit "meters" instead of "kilometers"
}

// Rules of the house join those that everybody has.
func ExampleLinter_AddCustomValidations() {
	l := promlint.NewWithMetricFamilies([]*dto.MetricFamily{{
		Name: new("lamps"),
		Help: new("Lamps that shine."),
		Type: dto.MetricType_GAUGE.Enum(),
	}})
	l.AddCustomValidations(func(mf *dto.MetricFamily) []error {
		if !strings.HasPrefix(mf.GetName(), "lighthouse_") {
			return []error{errors.New(`names begin with "lighthouse_"`)}
		}
		return nil
	})
	problems, err := l.Lint()
	fmt.Println(problems, err)
	// Output:
	// [{lamps names begin with "lighthouse_"}] <nil>
}
