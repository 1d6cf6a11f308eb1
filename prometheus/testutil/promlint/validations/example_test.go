package validations_test

import (
	"fmt"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/prometheus/testutil/promlint/validations"
)

func ExampleLintMetricUnits() {
	fmt.Println(validations.LintMetricUnits(&dto.MetricFamily{Name: new("voyage_duration_weeks")}))
	// Output:
	// [use base unit "seconds" instead of "weeks"]
}
