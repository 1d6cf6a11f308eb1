package definition

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/prometheus/prometheus/model/rulefmt"
	"go.yaml.in/yaml/v3"

	"github.com/cresset-metrics/cresset/server/internal/document"
)

// document reads the first document of a file. It returns nil if nothing of it can
// be used. An empty file is an empty mapping.
func (l *loader) document(content []byte) *yaml.Node {
	if len(content) > maxBytes {
		l.fail(nil, "the file has more than %d MiB; divide it", maxBytes>>20)
		return nil
	}
	root, next, err := document.Parse(content)
	if err != nil {
		l.failSyntax(content, err)
		return nil
	}
	if next != nil {
		l.warn(next, "only the first YAML document of the file is used")
	}
	if at, reason := tooLarge(root); reason != "" {
		l.fail(at, "%s", reason)
		return nil
	}
	// Whether the file is good is for the decoder of all of it to say: where there is
	// nothing wrong with any part, it must agree. It stops at the first duration that
	// is bad, which says nothing of the rest.
	var all rulefmt.RuleGroups
	whole := yaml.NewDecoder(bytes.NewReader(content))
	whole.KnownFields(!l.options.IgnoreUnknownFields)
	if err := document.Decode(whole, &all); err != nil && !errors.Is(err, io.EOF) && !l.explained(root) {
		l.failYAML(root, err)
		return nil
	}
	return root
}

// explained reports whether the parts of a file, read one by one, explain why it
// cannot be decoded as a whole. They are read again then, to be used.
func (l *loader) explained(root *yaml.Node) bool {
	trial := &loader{path: l.path, options: l.options}
	var body fileBody
	if !trial.decode(root, fileFields, &body) {
		return true
	}
	for _, group := range items(&body.Groups) {
		var head groupHead
		if !trial.decode(group, groupFields, &head) {
			return true
		}
		for _, rule := range items(&head.Rules) {
			if !trial.decode(rule, ruleFields, new(rulefmt.Rule)) {
				return true
			}
		}
	}
	return false
}

// failSyntax notes why a file is not YAML.
func (l *loader) failSyntax(content []byte, err error) {
	for _, m := range document.Messages(err) {
		at := document.Position{File: l.path, Line: max(1, m.Line)}
		if bad, b, ok := document.BadByte(l.path, content, m.Reason); ok {
			at, m.Reason = bad, fmt.Sprintf("byte %#02x: %s; save the file as UTF-8", b, m.Reason)
		}
		l.failAt(at, m.Reason)
	}
}
