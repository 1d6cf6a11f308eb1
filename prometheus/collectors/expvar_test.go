package collectors

import (
	"expvar"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cresset-metrics/cresset/prometheus"
)

// text is a variable that says what it is told to.
type text string

func (t text) String() string { return string(t) }

// Variables cannot be taken back, so all tests share them.
func init() {
	expvar.NewInt("expvar_test_queue").Set(-7)
	expvar.NewString("expvar_test_name").Set("seven")
	for name, json := range map[string]text{
		"expvar_test_up":     `true`,
		"expvar_test_down":   `false`,
		"expvar_test_null":   `null`,
		"expvar_test_hits":   `{"GET":12,"PUT":0.5,"list":[1],"text":"1","deep":{"a":1},"on":true}`,
		"expvar_test_errors": `{"GET":{"404":1,"500":2},"PUT":{"500":3},"POST":4,"":{"":{"deeper":1}}}`,
		"expvar_test_broken": `{"GET":`,
		"expvar_test_large":  `1e999`,
	} {
		expvar.Publish(name, json)
	}
}

// untyped returns the samples of untyped metrics, and the error of the gather.
func untyped(t *testing.T, c prometheus.Collector) ([]string, error) {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(c)
	families, err := reg.Gather()
	var samples []string
	for _, mf := range families {
		for _, m := range mf.GetMetric() {
			var labels []string
			for _, pair := range m.GetLabel() {
				labels = append(labels, pair.GetName()+"="+pair.GetValue())
			}
			if m.Untyped == nil {
				t.Errorf("%s is not untyped: %v", mf.GetName(), m)
			}
			samples = append(samples, fmt.Sprintf("%s{%s} %v", mf.GetName(), strings.Join(labels, ","), m.GetUntyped().GetValue()))
		}
	}
	return samples, err
}

func TestExpvar(t *testing.T) {
	desc := func(labels ...string) *prometheus.Desc { return prometheus.NewDesc("v", "A variable.", labels, nil) }
	tests := []struct {
		variable string
		desc     *prometheus.Desc
		want     []string
	}{
		{"expvar_test_queue", desc(), []string{"v{} -7"}},
		{"expvar_test_up", desc(), []string{"v{} 1"}},
		{"expvar_test_down", desc(), []string{"v{} 0"}},
		{"expvar_test_name", desc(), nil},
		{"expvar_test_null", desc(), nil},
		{"expvar_test_no_such", desc(), nil},
		{"expvar_test_queue", desc("method"), nil},
		{"expvar_test_hits", desc(), nil},
		{"expvar_test_hits", desc("method"), []string{"v{method=GET} 12", "v{method=PUT} 0.5", "v{method=on} 1"}},
		{"expvar_test_hits", desc("method", "code"), []string{"v{code=a,method=deep} 1"}},
		{
			"expvar_test_errors", desc("method", "code"),
			[]string{"v{code=404,method=GET} 1", "v{code=500,method=GET} 2", "v{code=500,method=PUT} 3"},
		},
		{"expvar_test_errors", desc("method", "code", "depth"), []string{"v{code=,depth=deeper,method=} 1"}},
		{"expvar_test_hits", prometheus.NewDesc("v", "", []string{"method"}, prometheus.Labels{"app": "shop"}), []string{
			"v{app=shop,method=GET} 12", "v{app=shop,method=PUT} 0.5", "v{app=shop,method=on} 1",
		}},
	}
	for _, test := range tests {
		got, err := untyped(t, NewExpvarCollector(map[string]*prometheus.Desc{test.variable: test.desc}))
		if err != nil {
			t.Errorf("%s as %s: %v", test.variable, test.desc, err)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s as %s: got %q, want %q", test.variable, test.desc, got, test.want)
		}
	}
}

// A variable that is no JSON costs only itself.
func TestExpvarErrors(t *testing.T) {
	got, err := untyped(t, NewExpvarCollector(map[string]*prometheus.Desc{
		"expvar_test_broken": prometheus.NewDesc("broken", "", []string{"method"}, nil),
		"expvar_test_large":  prometheus.NewDesc("large", "", nil, nil),
		"expvar_test_queue":  prometheus.NewDesc("queue", "", nil, nil),
	}))
	if want := []string{"queue{} -7"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, want := range []string{"2 error(s) occurred", "unexpected end of JSON input", "cannot unmarshal number 1e999"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %q", err, want)
		}
	}
}

func TestExpvarMapIsCopied(t *testing.T) {
	exports := map[string]*prometheus.Desc{"expvar_test_queue": prometheus.NewDesc("queue", "", nil, nil)}
	c := NewExpvarCollector(exports)
	clear(exports)
	if got, err := untyped(t, c); err != nil || len(got) != 1 {
		t.Errorf("got %q, %v, want the one sample", got, err)
	}
}
