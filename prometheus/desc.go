package prometheus

import (
	"strings"

	"github.com/cresset-metrics/cresset/internal/registry"
)

// Desc describes the metrics of one name that share the values of their
// constant labels: name, help, unit and the names of their variable labels. It
// never changes.
//
// Within a registry a name always has the same help and the same label names,
// and a combination of name and constant label values is described once.
//
// The zero value has no name. It can be registered, as what a Collector sends that
// must describe something and has nothing to say, but no metric can have it.
type Desc struct{ d *registry.Desc } // nil in the zero value

// described returns what d says, also if it is the zero value.
func (d *Desc) described() *registry.Desc {
	if d.d == nil {
		return registry.InvalidDesc(nil)
	}
	return d.d
}

// NewDesc describes metrics of the given full name, for which BuildFQName is
// of help. A name or label that is not valid does not make NewDesc fail: the
// Desc then carries an error that comes up when it is registered or used to
// make a metric.
func NewDesc(fqName, help string, variableLabels []string, constLabels Labels) *Desc {
	return newDesc(fqName, help, "", UnconstrainedLabels(variableLabels), constLabels)
}

// newDesc takes nil for no variable labels.
func newDesc(fqName, help, unit string, variableLabels ConstrainableLabels, constLabels Labels) *Desc {
	var names []string
	if variableLabels != nil {
		names = variableLabels.labelNames()
	}
	d := registry.NewDesc(fqName, help, unit, names, constLabels)
	d.Constraints = constraintsOf(variableLabels)
	return &Desc{d}
}

// NewInvalidDesc returns a Desc that cannot be registered, with the error as
// the reason. A Collector sends it from Describe to say that it is not fit for
// use.
func NewInvalidDesc(err error) *Desc { return &Desc{registry.InvalidDesc(err)} }

// Err returns what is wrong with the Desc, nil if nothing is.
func (d *Desc) Err() error { return d.described().Err }

// String shows the Desc as error messages quote it.
func (d *Desc) String() string { return d.described().String() }

// BuildFQName joins the parts of a metric name that are not empty with
// underscores. Without a name there is no full name either.
func BuildFQName(namespace, subsystem, name string) string {
	if name == "" {
		return ""
	}
	parts := make([]string, 0, 3)
	for _, part := range [...]string{namespace, subsystem, name} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "_")
}
