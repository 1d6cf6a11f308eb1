// Package labels reads labels from the fields of structs: which labels a struct
// type has, how a value of it is told from others, and the texts of its fields.
// It also keeps an index from such values to what belongs to them.
package labels

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unsafe"

	"github.com/cresset-metrics/cresset/internal/registry"
)

// tag is what names the label of a field.
const tag = "label"

// Plan says how the labels of one struct type are read. It is made once by
// reflection and then used by the offsets of the fields, because reading a value
// must cost no more than its memory.
type Plan struct {
	of     reflect.Type
	fields []field
	parts  []part // all memory of a value that counts, in a fixed order

	strings int // among the parts
}

// field is one label.
type field struct {
	name  string
	path  string // as people write it in Go
	index []int  // for reflect
	form  form

	offset   uintptr
	verbatim bool // it is a string, which is its own text
}

// form is how a field becomes text.
type form uint8

const (
	formValue   form = iota // by its kind
	formText                // by its MarshalText
	formStrings             // by its String
)

var (
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	stringer      = reflect.TypeFor[fmt.Stringer]()
)

// FieldError says what is wrong with a field of a struct of labels.
type FieldError struct {
	Type   string // of the struct
	Field  string // "" if it is the struct itself
	Reason string
}

func (e *FieldError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("labels of type %s: %s", e.Type, e.Reason)
	}
	return fmt.Sprintf("field %s of label type %s: %s", e.Field, e.Type, e.Reason)
}

// NewPlan returns the plan of a struct type. Names that are reserved must not be
// used; they are mapped to the reason. The error is a *FieldError.
func NewPlan(of reflect.Type, reserved map[string]string) (*Plan, error) {
	p := &Plan{of: of}
	if of.Kind() != reflect.Struct {
		return nil, &FieldError{Type: of.String(), Reason: "labels are the fields of a struct type"}
	}
	if err := p.addFields(of, nil, ""); err != nil {
		return nil, err
	}
	if len(p.fields) == 0 {
		return nil, &FieldError{Type: of.String(), Reason: "there is no field; a metric without labels needs no vector"}
	}
	seen := make(map[string]string)
	for _, f := range p.fields {
		reason := ""
		switch other, twice := seen[f.name]; {
		case !registry.ValidLabelName(f.name):
			reason = fmt.Sprintf("%q is not a valid label name: it must be UTF-8 text and not begin with two underscores", f.name)
		case twice:
			reason = fmt.Sprintf("label %q is that of field %s already", f.name, other)
		case reserved[f.name] != "":
			reason = fmt.Sprintf("label %q is reserved: %s", f.name, reserved[f.name])
		}
		if reason != "" {
			return nil, &FieldError{of.String(), f.path, reason}
		}
		seen[f.name] = f.path
	}
	return p, nil
}

// addFields adds the fields of a struct type that is the labels' or embedded in
// them.
func (p *Plan) addFields(t reflect.Type, index []int, path string) error {
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(index[:len(index):len(index)], i)
		name, tagged := f.Tag.Lookup(tag)
		if f.Anonymous && !tagged && f.Type.Kind() == reflect.Struct {
			if err := p.addFields(f.Type, at, path+f.Name+"."); err != nil {
				return err
			}
			continue
		}
		refuse := func(format string, args ...any) error {
			return &FieldError{p.of.String(), path + f.Name, fmt.Sprintf(format, args...)}
		}
		switch {
		case !f.IsExported():
			return refuse("it is not exported")
		case !tagged:
			return refuse("it has no name; give it one with the tag `label:%q`", snakeCase(f.Name))
		case name == "":
			return refuse("the name in its tag is empty")
		}
		form := formOf(f.Type)
		if reason := unfit(f.Type, form); reason != "" {
			return refuse("%s", reason)
		}
		place := offset(p.of, at)
		p.fields = append(p.fields, field{
			name: strings.Clone(name), path: path + f.Name, index: at, form: form,
			offset: place, verbatim: form == formValue && f.Type.Kind() == reflect.String,
		})
		p.addParts(f.Type, place)
	}
	return nil
}

func offset(t reflect.Type, index []int) uintptr {
	var sum uintptr
	for _, i := range index {
		f := t.Field(i)
		sum, t = sum+f.Offset, f.Type
	}
	return sum
}

func formOf(t reflect.Type) form {
	switch {
	case t.Implements(textMarshaler):
		return formText
	case t.Implements(stringer):
		return formStrings
	default:
		return formValue
	}
}

// unfit returns why a field of this type cannot be a label, "" if it can.
func unfit(t reflect.Type, f form) string {
	switch kind := t.Kind(); {
	case isPlain(kind):
		return ""
	case f != formValue && isFlat(t):
		return ""
	case f != formValue:
		return fmt.Sprintf("type %s has a text, but holds more than texts, booleans and integers, by which its values could be told from each other", t)
	case kind == reflect.Float32 || kind == reflect.Float64:
		return fmt.Sprintf("type %s is a floating-point number, of which no two need be equal", t)
	default:
		return fmt.Sprintf("type %s is not supported; labels are strings, booleans, integers, and types made of those with a String or MarshalText method", t)
	}
}

// isPlain tells whether values of that kind have a text by themselves.
func isPlain(k reflect.Kind) bool {
	switch k {
	case reflect.String, reflect.Bool,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	}
	return false
}

// isFlat tells whether a type is made of plain kinds alone.
func isFlat(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return isFlat(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !isFlat(t.Field(i).Type) {
				return false
			}
		}
		return true
	}
	return isPlain(t.Kind())
}

// Names returns the names of the labels in the order of the fields.
func (p *Plan) Names() []string {
	names := make([]string, len(p.fields))
	for i, f := range p.fields {
		names[i] = f.name
	}
	return names
}

// at returns the value that a pointer to the struct points to.
func (p *Plan) at(labels unsafe.Pointer) reflect.Value { return reflect.NewAt(p.of, labels).Elem() }

// snakeCase suggests a label name for a field.
func snakeCase(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 {
			startsWord := unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if startsWord {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
