package labels

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unsafe"
)

// replacement stands for what is no text: bytes that are not valid UTF-8, and
// values whose MarshalText fails.
const replacement = "\uFFFD"

// Texts returns the texts of the labels in the order of the fields. It calls
// methods of the fields' types.
func (p *Plan) Texts(labels unsafe.Pointer) []string {
	v := p.at(labels)
	texts := make([]string, len(p.fields))
	for i, f := range p.fields {
		texts[i] = strings.ToValidUTF8(text(v.FieldByIndex(f.index), f.form), replacement)
	}
	return texts
}

func text(v reflect.Value, f form) string {
	switch f {
	case formText:
		b, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		if err != nil {
			return replacement
		}
		return string(b)
	case formStrings:
		return v.Interface().(fmt.Stringer).String()
	}
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	default:
		return strconv.FormatUint(v.Uint(), 10)
	}
}
