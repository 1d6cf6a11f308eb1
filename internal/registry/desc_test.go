package registry_test

import (
	"errors"
	"strings"
	"testing"
	"unsafe"

	"github.com/cresset-metrics/cresset/internal/registry"
)

func TestDescErrors(t *testing.T) {
	tests := []struct {
		name     string
		desc     string
		variable []string
		constant map[string]string
		want     string
	}{
		{"good", "a_total", []string{"x"}, map[string]string{"y": "z"}, ""},
		{"any UTF-8", "a.b c", []string{"größe", "1"}, map[string]string{"\n": "ß"}, ""},
		{"no name", "", nil, nil, `"" is not a valid metric name`},
		{"name not UTF-8", "a\xff", nil, nil, `"a\xff" is not a valid metric name`},
		{"label without name", "a", []string{""}, nil, `"" is not a valid label name for metric "a"`},
		{"label name not UTF-8", "a", []string{"\xff"}, nil, `"\xff" is not a valid label name for metric "a"`},
		{"reserved label", "a", []string{"__x"}, nil, `"__x" is not a valid label name for metric "a"`},
		{"one underscore is free", "a", []string{"_x"}, nil, ""},
		{"constant label without name", "a", nil, map[string]string{"": "x"}, `"" is not a valid label name for metric "a"`},
		{"constant reserved label", "a", nil, map[string]string{"__name__": "x"}, `"__name__" is not a valid label name for metric "a"`},
		{"constant value not UTF-8", "a", nil, map[string]string{"x": "\xff"}, `label value "\xff" is not valid UTF-8`},
		{"constant before variable", "a", []string{""}, map[string]string{"x": "\xff"}, `label value "\xff" is not valid UTF-8`},
		{"twice variable", "a", []string{"x", "y", "x"}, nil, `duplicate label names in constant and variable labels for metric "a"`},
		{"both kinds", "a", []string{"x"}, map[string]string{"x": "1"}, `duplicate label names in constant and variable labels for metric "a"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if err := registry.NewDesc(test.desc, "help", "", test.variable, test.constant).Err; err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got error %q, want %q", got, test.want)
			}
		})
	}
}

func TestDescString(t *testing.T) {
	tests := []struct {
		desc *registry.Desc
		want string
	}{
		{registry.NewDesc("n", "h", "", nil, nil), `Desc{fqName: "n", help: "h", unit: "", constLabels: {}, variableLabels: {}}`},
		{
			registry.NewDesc("n", "h \"x\"\n", "seconds", []string{"z", "a"}, map[string]string{"y": "1", "b": "\n"}),
			`Desc{fqName: "n", help: "h \"x\"\n", unit: "seconds", constLabels: {b="\n",y="1"}, variableLabels: {z,a}}`,
		},
		{registry.NewDesc("n", "h", "", []string{"a"}, map[string]string{"__b": "1"}), `Desc{fqName: "n", help: "h", unit: "", constLabels: {}, variableLabels: {a}}`},
		{registry.InvalidDesc(errors.New("no")), `Desc{fqName: "", help: "", unit: "", constLabels: {}, variableLabels: {}}`},
	}
	for _, test := range tests {
		if got := test.desc.String(); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestSameDescs(t *testing.T) {
	constant := map[string]string{"c": "1"}
	d := registry.NewDesc("n", "h", "u", []string{"a", "b"}, constant)
	invalid := registry.InvalidDesc(errors.New("no"))
	tests := map[string]struct {
		other *registry.Desc
		want  bool
	}{
		"itself":                  {d, true},
		"made alike":              {registry.NewDesc("n", "h", "u", []string{"a", "b"}, constant), true},
		"labels in another order": {registry.NewDesc("n", "h", "u", []string{"b", "a"}, constant), true},
		"another name":            {registry.NewDesc("m", "h", "u", []string{"a", "b"}, constant), false},
		"another help":            {registry.NewDesc("n", "", "u", []string{"a", "b"}, constant), false},
		"another unit":            {registry.NewDesc("n", "h", "", []string{"a", "b"}, constant), false},
		"another label":           {registry.NewDesc("n", "h", "u", []string{"a", "d"}, constant), false},
		"another value":           {registry.NewDesc("n", "h", "u", []string{"a", "b"}, map[string]string{"c": "2"}), false},
		"no constant label":       {registry.NewDesc("n", "h", "u", []string{"a", "b", "c"}, nil), false},
		"something invalid":       {d.Refused(errors.New("no")), false},
	}
	for name, test := range tests {
		if got := d.Same(test.other); got != test.want {
			t.Errorf("%s: got %t, want %t", name, got, test.want)
		}
	}
	if !invalid.Same(invalid) || invalid.Same(registry.InvalidDesc(errors.New("no"))) {
		t.Error("something invalid is the same as itself and nothing else")
	}
}

func TestDescKeepsNothingOfTheCallers(t *testing.T) {
	buf := []byte("name help unit const value var")
	all := unsafe.String(&buf[0], len(buf))
	part := strings.Fields(all)
	d := registry.NewDesc(part[0], part[1], part[2], part[5:], map[string]string{part[3]: part[4]})
	want := d.String()
	for i := range buf {
		buf[i] = '!'
	}
	clear(part)
	if got := d.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	labels := d.Schema.Labels([]string{"x"})
	if got, want := labels.Text(), `const="value",var="x"`; got != want {
		t.Errorf("got labels {%s}, want {%s}", got, want)
	}
}
