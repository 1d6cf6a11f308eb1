package exposition

import (
	"testing"
	"unsafe"
)

func TestSchemaRendersLabels(t *testing.T) {
	tests := []struct {
		name     string
		constant map[string]string
		variable []string
		values   []string
		want     string
	}{
		{"no labels", nil, nil, nil, ``},
		{"constant only", map[string]string{"b": "2", "a": "1"}, nil, nil, `a="1",b="2"`},
		{"declared order is not name order", nil, []string{"z", "a"}, []string{"1", "2"}, `a="2",z="1"`},
		{"both kinds", map[string]string{"m": "c"}, []string{"z", "a"}, []string{"1", "2"}, `a="2",m="c",z="1"`},
		{"empty values", map[string]string{"m": ""}, []string{"a"}, []string{""}, `a="",m=""`},
		{"a name twice", nil, []string{"a", "a"}, []string{"1", "2"}, `a="1",a="2"`},
		{"a name of both kinds", map[string]string{"a": "c"}, []string{"a"}, []string{"1"}, `a="c",a="1"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := NewSchema(test.constant, test.variable)
			labels := s.Labels(test.values)
			if got := labels.Text(); got != test.want {
				t.Errorf("got {%s}, want {%s}", got, test.want)
			}
			if !s.Matches(&labels) {
				t.Errorf("the schema does not match its own series {%s}", labels.Text())
			}
		})
	}
}

func TestSchemaMatchesOnlyItsOwnSeries(t *testing.T) {
	s := NewSchema(map[string]string{"zone": "a"}, []string{"code"})
	tests := []struct {
		name     string
		constant map[string]string
		want     bool
	}{
		{"same", map[string]string{"zone": "a", "code": "200"}, true},
		{"any value of a variable label", map[string]string{"zone": "a", "code": ""}, true},
		{"another constant value", map[string]string{"zone": "b", "code": "200"}, false},
		{"a label too few", map[string]string{"zone": "a"}, false},
		{"a label too many", map[string]string{"zone": "a", "code": "200", "x": ""}, false},
		{"another name", map[string]string{"zone": "a", "cod": "200"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			labels := NewSchema(test.constant, nil).Labels(nil)
			if got := s.Matches(&labels); got != test.want {
				t.Errorf("got %t for {%s}, want %t", got, labels.Text(), test.want)
			}
		})
	}
}

// reusable returns a string whose bytes the caller goes on changing, as code
// that avoids copies hands them out.
func reusable(s string) (text string, buf []byte) {
	buf = []byte(s)
	return unsafe.String(unsafe.SliceData(buf), len(buf)), buf
}

func TestSchemaKeepsNothingOfTheCallers(t *testing.T) {
	constName, b1 := reusable("const")
	constValue, b2 := reusable("fixed")
	varName, b3 := reusable("var")
	value, b4 := reusable("value")
	constant := map[string]string{constName: constValue}
	variable := []string{varName}

	s := NewSchema(constant, variable)
	labels := s.Labels([]string{value})
	for _, buf := range [][]byte{b1, b2, b3, b4} {
		for i := range buf {
			buf[i] = '!'
		}
	}
	clear(constant)
	variable[0] = "other"

	if got, want := labels.Text(), `const="fixed",var="value"`; got != want {
		t.Errorf("got {%s}, want {%s}", got, want)
	}
	if got, _ := labels.Get("var"); got != "value" {
		t.Errorf("got value %q, want %q", got, "value")
	}
	again := s.Labels([]string{"2"})
	if got, want := again.Text(), `const="fixed",var="2"`; got != want {
		t.Errorf("next series: got {%s}, want {%s}", got, want)
	}
	if got := s.Variable(); got[0] != "var" {
		t.Errorf("got variable labels %q, want %q", got, "var")
	}
}
