package labels_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/cresset-metrics/cresset/internal/labels"
)

type (
	method string
	level  uint8
	id     [4]byte
	secret struct {
		a, b int16
		c    string
	}
	broken int

	base struct {
		Region string `label:"region"`
	}
	Exported struct {
		base
		Zone string `label:"zone"`
	}
)

func (l level) String() string                { return [...]string{"low", "high"}[l%2] }
func (i id) MarshalText() ([]byte, error)     { return fmt.Appendf(nil, "%x", i[:]), nil }
func (s secret) String() string               { return fmt.Sprintf("%d %d %s", s.a, s.b, s.c) }
func (b broken) MarshalText() ([]byte, error) { return nil, errors.New("no text") }

func TestTexts(t *testing.T) {
	type all struct {
		S  string `label:"s"`
		B  bool   `label:"b"`
		I  int    `label:"i"`
		I8 int8   `label:"i8"`
		U  uint64 `label:"u"`
		M  method `label:"m"`
		L  level  `label:"l"`
		ID id     `label:"id"`
		X  secret `label:"x"`
		E  broken `label:"e"`
		Exported
	}
	p, err := labels.NewPlan(reflect.TypeFor[all](), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"s", "b", "i", "i8", "u", "m", "l", "id", "x", "e", "region", "zone"}
	if got := p.Names(); !slices.Equal(got, want) {
		t.Errorf("names are %q, want %q", got, want)
	}
	v := all{
		S: "a\xffb", B: true, I: -3, I8: -128, U: 1 << 63, M: "GET", L: 1, ID: id{1, 2, 3, 255}, X: secret{1, 2, "z"}, E: 7,
		Exported: Exported{base{"eu"}, "1"},
	}
	want = []string{"a\uFFFDb", "true", "-3", "-128", "9223372036854775808", "GET", "high", "010203ff", "1 2 z", "\uFFFD", "eu", "1"}
	if got := p.Texts(unsafe.Pointer(&v)); !slices.Equal(got, want) {
		t.Errorf("texts are %q, want %q", got, want)
	}
}

func TestWhatCannotBeLabels(t *testing.T) {
	type pair struct{ A, B string }
	for _, tt := range []struct {
		of   any
		want string
	}{
		{struct{}{}, "there is no field"},
		{"text", "labels of type string: labels are the fields of a struct type"},
		{struct{ Method string }{}, "field Method of label type struct { Method string }: it has no name; give it one with the tag `label:\"method\"`"},
		{struct{ HTTPCode int }{}, "`label:\"http_code\"`"},
		{struct {
			m string `label:"m"`
		}{}, "field m of label type struct { m string \"label:\\\"m\\\"\" }: it is not exported"},
		{struct {
			M string `label:""`
		}{}, "the name in its tag is empty"},
		{struct {
			M string `label:"__m"`
		}{}, `"__m" is not a valid label name`},
		{struct {
			M string `label:"\xff"`
		}{}, `is not a valid label name`},
		{struct {
			A string `label:"a"`
			B string `label:"a"`
		}{}, `field B of`},
		{struct {
			A string `label:"a"`
			B string `label:"a"`
		}{}, `label "a" is that of field A already`},
		{struct {
			Exported
			Z string `label:"zone"`
		}{}, `label "zone" is that of field Exported.Zone already`},
		{struct {
			Le string `label:"le"`
		}{}, `label "le" is reserved: of buckets`},
		{struct {
			F float64 `label:"f"`
		}{}, "type float64 is a floating-point number, of which no two need be equal"},
		{struct {
			P *string `label:"p"`
		}{}, "type *string is not supported"},
		{struct {
			P any `label:"p"`
		}{}, "type interface {} is not supported"},
		{struct {
			P pair `label:"p"`
		}{}, "type labels_test.pair is not supported"},
		{struct {
			P [2]string `label:"p"`
		}{}, "type [2]string is not supported"},
		{struct {
			T time.Time `label:"t"`
		}{}, "type time.Time has a text, but holds more than texts, booleans and integers"},
		{struct{ *Exported }{}, "field Exported of"},
	} {
		_, err := labels.NewPlan(reflect.TypeOf(tt.of), map[string]string{"le": "of buckets"})
		var field *labels.FieldError
		if !errors.As(err, &field) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%T: error is %v, want one with %q", tt.of, err, tt.want)
		}
	}
}

func TestOwnedValuesHaveMemoryOfTheirOwn(t *testing.T) {
	type labelled struct {
		A string `label:"a"`
		N int    `label:"n"`
		X secret `label:"x"`
	}
	p, err := labels.NewPlan(reflect.TypeFor[labelled](), nil)
	if err != nil {
		t.Fatal(err)
	}
	buffer := []byte("before")
	borrowed := unsafe.String(&buffer[0], len(buffer))
	v := labelled{borrowed, 1, secret{c: borrowed}}
	p.Own(unsafe.Pointer(&v))
	copy(buffer, "after!")
	if want := (labelled{"before", 1, secret{c: "before"}}); v != want {
		t.Errorf("the value is %+v, want %+v", v, want)
	}
}
