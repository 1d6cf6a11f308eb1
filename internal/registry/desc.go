package registry

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// Desc describes the series that a source exposes under one name with one set
// of constant labels.
//
// A Desc may be wrong; Err says how. It is made all the same, so that the
// error surfaces where the source is registered, which is where somebody looks.
type Desc struct {
	Name, Help, Unit string
	NoHelp           bool // there is no help text at all, not even an empty one
	Const            map[string]string
	Schema           *exposition.Schema
	Err              error
	// Constraints are functions that values of variable labels go through
	// before they are used, by place; nil for none, of one label or of all.
	Constraints []func(string) string
	// Settings are what those who share the source must agree in besides.
	Settings []Setting
	// Base is the desc that this one says the same as, under another name or with
	// more labels; nil for none.
	Base *Desc

	watched atomic.Pointer[[]watch] // who counts the misuse of what has this desc; nil for nobody

	checked bool // nothing was wrong when it was made

	id   string // what may be registered once: name and constant label values
	dims string // what all descs of one name must agree in: help, unit, label names
}

// NewDesc returns a Desc. What is given is copied.
func NewDesc(name, help, unit string, variable []string, constant map[string]string) *Desc {
	d := &Desc{
		Name:  strings.Clone(name),
		Help:  strings.Clone(help),
		Unit:  strings.Clone(unit),
		Const: make(map[string]string, len(constant)),
	}
	for label, value := range constant {
		d.Const[strings.Clone(label)] = strings.Clone(value)
	}
	d.Schema = exposition.NewSchema(d.Const, variable)
	if d.Err = d.check(); d.Err != nil {
		return d
	}
	id, dims := appendKey(nil, d.Name), appendKey(appendKey(nil, d.Help), d.Unit)
	for _, label := range slices.Sorted(maps.Keys(d.Const)) {
		id = appendKey(id, d.Const[label])
		dims = appendKey(dims, label)
	}
	for _, label := range slices.Sorted(slices.Values(d.Schema.Variable())) {
		dims = appendKey(dims, "$"+label) // a dollar sign tells variable labels from constant ones
	}
	d.checked, d.id, d.dims = true, string(id), string(dims)
	return d
}

// InvalidDesc returns a Desc that says nothing but what is wrong.
func InvalidDesc(err error) *Desc {
	return &Desc{Err: err, Schema: exposition.NewSchema(nil, nil)}
}

// Refused returns the desc with what is wrong about it. It is no other's equal.
func (d *Desc) Refused(err error) *Desc {
	return &Desc{
		Name: d.Name, Help: d.Help, Unit: d.Unit, NoHelp: d.NoHelp, Const: d.Const, Schema: d.Schema, Err: err,
		Constraints: d.Constraints, Settings: d.Settings, Base: d.Base, checked: d.checked,
	}
}

// appendKey adds a part to a key. Its length stands in front, so that no two
// different lists of parts make the same key.
func appendKey(key []byte, part string) []byte {
	key = strconv.AppendInt(key, int64(len(part)), 10)
	key = append(key, ':')
	return append(key, part...)
}

func (d *Desc) check() error {
	if d.Name == "" || !utf8.ValidString(d.Name) {
		return fmt.Errorf("%q is not a valid metric name", d.Name)
	}
	constant := slices.Sorted(maps.Keys(d.Const))
	for _, label := range constant {
		if !ValidLabelName(label) {
			return fmt.Errorf("%q is not a valid label name for metric %q", label, d.Name)
		}
	}
	for _, label := range constant {
		if value := d.Const[label]; !utf8.ValidString(value) {
			return fmt.Errorf("label value %q is not valid UTF-8", value)
		}
	}
	seen, variable := maps.Clone(d.Const), d.Schema.Variable()
	for _, label := range variable {
		if !ValidLabelName(label) {
			return fmt.Errorf("%q is not a valid label name for metric %q", label, d.Name)
		}
		seen[label] = ""
	}
	if len(seen) < len(d.Const)+len(variable) {
		return fmt.Errorf("duplicate label names in constant and variable labels for metric %q", d.Name)
	}
	return nil
}

// ValidLabelName tells whether a series may have a label of that name: any
// UTF-8 text that is not empty and does not begin with two underscores.
func ValidLabelName(name string) bool {
	return name != "" && utf8.ValidString(name) && !strings.HasPrefix(name, "__")
}

// Same tells whether both descs describe the same series: what is registered as
// one covers the other.
func (d *Desc) Same(other *Desc) bool {
	return d == other || d.Err == nil && other.Err == nil && d.id == other.id && d.dims == other.dims
}

// SoundConst returns the constant labels, none if something was wrong when the
// desc was made: then they may be what was wrong.
func (d *Desc) SoundConst() map[string]string {
	if !d.checked {
		return nil
	}
	return d.Const
}

// String shows the description as error messages quote it.
func (d *Desc) String() string {
	var constant []string
	labels := d.SoundConst()
	for _, label := range slices.Sorted(maps.Keys(labels)) {
		constant = append(constant, fmt.Sprintf("%s=%q", label, labels[label]))
	}
	variable := slices.Clone(d.Schema.Variable())
	for place, constraint := range d.Constraints {
		if constraint != nil {
			variable[place] = "c(" + variable[place] + ")"
		}
	}
	return fmt.Sprintf("Desc{fqName: %q, help: %q, unit: %q, constLabels: {%s}, variableLabels: {%s}}",
		d.Name, d.Help, d.Unit, strings.Join(constant, ","), strings.Join(variable, ","))
}
