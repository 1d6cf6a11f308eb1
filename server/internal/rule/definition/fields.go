package definition

import (
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"github.com/cresset-metrics/cresset/server/internal/document"
)

// fieldKind is what the value of a field is.
type fieldKind int

const (
	fieldString fieldKind = iota
	fieldInt
	fieldDuration
	fieldStrings // a mapping of strings
	fieldGroups  // a list of groups
	fieldRules   // a list of rules
)

// target is what a value of the kind is decoded into.
func (k fieldKind) target() any {
	switch k {
	case fieldString:
		return new(string)
	case fieldInt:
		return new(int)
	case fieldDuration:
		return new(model.Duration)
	case fieldStrings:
		return new(map[string]string)
	default:
		return new([]yaml.Node)
	}
}

// schema is a kind of mapping in rule files: what it is called, and its fields.
type schema struct {
	name   string
	fields map[string]fieldKind
}

var (
	fileFields  = schema{"a rule file", map[string]fieldKind{"groups": fieldGroups}}
	groupFields = schema{"a group", map[string]fieldKind{
		"name": fieldString, "interval": fieldDuration, "query_offset": fieldDuration, "limit": fieldInt,
		"labels": fieldStrings, "rules": fieldRules,
	}}
	ruleFields = schema{"a rule", map[string]fieldKind{
		"record": fieldString, "alert": fieldString, "expr": fieldString, "for": fieldDuration, "keep_firing_for": fieldDuration,
		"labels": fieldStrings, "annotations": fieldStrings,
	}}
)

// decode decodes a mapping into what has the fields of the schema. It reports
// whether that is all that is there. The decoder knows lines at best, and stops at
// some errors: so each field that may be wrong is decoded alone too.
func (l *loader) decode(n *yaml.Node, s schema, into any) bool {
	before := len(l.problems)
	if !l.options.IgnoreUnknownFields {
		l.unknownFields(n, s, map[*yaml.Node]bool{})
	}
	known := len(l.problems)
	err := document.Decode(n, into)
	for key, kind := range s.fields {
		list := kind == fieldGroups || kind == fieldRules
		if value := child(n, key); value != nil && (list || err != nil) {
			l.decodeField(key, value, kind)
		}
	}
	if err != nil && len(l.problems) == known {
		l.failYAML(n, err)
	}
	l.sortProblems(before)
	return len(l.problems) == before
}

// decodeAlone decodes one field of a mapping, if it is there and good.
func decodeAlone(n *yaml.Node, key string, into any) {
	if value := child(n, key); value != nil {
		_ = document.Decode(value, into) // what is wrong with it is known
	}
}

// decodeField notes what is wrong with the value of a field.
func (l *loader) decodeField(key string, value *yaml.Node, kind fieldKind) {
	err := document.Decode(value, kind.target())
	if err == nil {
		return
	}
	if kind == fieldStrings && value.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(value.Content); i += 2 {
			name, entry := value.Content[i], document.Follow(value.Content[i+1])
			if err := document.Decode(entry, new(string)); err != nil {
				l.failValue(entry, key+": "+name.Value, err)
			}
		}
		return
	}
	l.failValue(value, key, err)
}

// failValue notes that the value of a field cannot be decoded.
func (l *loader) failValue(value *yaml.Node, field string, err error) {
	for _, m := range document.Messages(err) {
		l.fail(value, "%s: %s", field, inYAMLTerms.Replace(m.Reason))
	}
}

// unknownFields notes the keys of a mapping, and of those that are merged into it,
// that the schema does not have.
func (l *loader) unknownFields(n *yaml.Node, s schema, seen map[*yaml.Node]bool) {
	n = document.Follow(n)
	if n == nil || n.Kind != yaml.MappingNode || seen[n] {
		return
	}
	seen[n] = true
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := document.Follow(n.Content[i]), n.Content[i+1]
		switch {
		case document.IsMerge(n.Content[i]):
			l.unknownFields(value, s, seen)
			for _, merged := range document.Elements(value) {
				l.unknownFields(merged, s, seen)
			}
		case key.Kind == yaml.ScalarNode && key.ShortTag() != "!!null":
			var name string
			if err := document.Decode(key, &name); err != nil {
				continue // the decoder will say it
			}
			if _, ok := s.fields[name]; !ok {
				l.fail(key, "unknown field %s in %s", name, s.name)
			}
		}
	}
}
