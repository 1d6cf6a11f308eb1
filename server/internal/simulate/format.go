package simulate

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// testFile is a test file as it is written.
type testFile struct {
	RuleFiles          []string       `yaml:"rule_files"`
	EvaluationInterval model.Duration `yaml:"evaluation_interval"`
	GroupEvalOrder     []string       `yaml:"group_eval_order"`
	FuzzyCompare       bool           `yaml:"fuzzy_compare"`
	Tests              []testItem     `yaml:"tests"`
}

// testItem is one test: series, and what is expected of the rules over them.
type testItem struct {
	Name           string         `yaml:"name"`
	Interval       model.Duration `yaml:"interval"` // between two samples of a series
	StartTimestamp startTimestamp `yaml:"start_timestamp"`
	ExternalLabels labels.Labels  `yaml:"external_labels"`
	ExternalURL    string         `yaml:"external_url"`
	InputSeries    []seriesItem   `yaml:"input_series"`
	AlertRuleTest  []alertItem    `yaml:"alert_rule_test"`
	PromQLExprTest []exprItem     `yaml:"promql_expr_test"`
}

type seriesItem struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

// alertItem says which alerts of one name are there at one time. Only firing
// ones count, unless it asks for more: by a pending alert that it expects, or
// with compare_pending, so that it can also say that none is pending.
type alertItem struct {
	EvalTime       model.Duration  `yaml:"eval_time"`
	Alertname      string          `yaml:"alertname"`
	ExpAlerts      []expectedAlert `yaml:"exp_alerts"`
	ComparePending *bool           `yaml:"compare_pending"`
}

type expectedAlert struct {
	State       string            `yaml:"exp_state"` // pending or firing; empty is firing
	Labels      map[string]string `yaml:"exp_labels"`
	Annotations map[string]string `yaml:"exp_annotations"`
}

// exprItem says what an expression gives at one time.
type exprItem struct {
	Expr       string           `yaml:"expr"`
	EvalTime   model.Duration   `yaml:"eval_time"`
	ExpSamples []expectedSample `yaml:"exp_samples"`
}

type expectedSample struct {
	Labels    string  `yaml:"labels"`
	Value     float64 `yaml:"value"`
	Histogram string  `yaml:"histogram"` // in the notation of series
}

// startTimestamp is the time of the first samples and of the first evaluation:
// Unix seconds, or RFC 3339.
type startTimestamp struct{ time.Time }

func (t *startTimestamp) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	parsed, err := parseStart(text)
	if err != nil {
		return err
	}
	t.Time = parsed
	return nil
}

// The storage counts milliseconds and groups of rules nanoseconds since 1970;
// what lies further away than the latter reach cannot be told.
var (
	earliest = time.Unix(0, math.MinInt64).UTC()
	latest   = time.Unix(0, math.MaxInt64).UTC()
)

func parseStart(text string) (time.Time, error) {
	parsed, err := time.Parse(time.RFC3339Nano, text)
	if seconds, floatErr := strconv.ParseFloat(text, 64); floatErr == nil {
		if !(math.Abs(seconds) < math.MaxInt64/1e9) {
			return time.Time{}, fmt.Errorf("start_timestamp %s is out of range", text)
		}
		whole, fraction := math.Modf(seconds)
		return time.Unix(int64(whole), int64(fraction*1e9)).UTC(), nil
	}
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("cannot parse %q to a valid timestamp", text)
	case parsed.IsZero(): // the zero time stands for no time
		return time.Time{}, nil
	case parsed.Before(earliest) || parsed.After(latest):
		return time.Time{}, fmt.Errorf("start_timestamp %s is out of range", text)
	}
	return parsed, nil
}

// start is when the test begins.
func (t *testItem) start() time.Time {
	if t.StartTimestamp.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return t.StartTimestamp.Time
}

// length is how long the test takes: until the last thing that it looks at.
func (t *testItem) length() time.Duration {
	var longest model.Duration
	for _, a := range t.AlertRuleTest {
		longest = max(longest, a.EvalTime)
	}
	for _, e := range t.PromQLExprTest {
		longest = max(longest, e.EvalTime)
	}
	return time.Duration(longest)
}
