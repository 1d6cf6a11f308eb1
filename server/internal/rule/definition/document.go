package definition

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/rulefmt"
	"go.yaml.in/yaml/v3"
)

// document reads the first document of a file. It returns nil if nothing of it can
// be used. An empty file is an empty mapping.
func (l *loader) document(content []byte) *yaml.Node {
	if len(content) > maxBytes {
		l.failAt(l.path+":1", fmt.Sprintf("the file has more than %d MiB; divide it", maxBytes>>20))
		return nil
	}
	var first yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(content))
	switch err := decode(documents, &first); {
	case errors.Is(err, io.EOF): // comments at most
		return &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1}
	case err != nil:
		l.failSyntax(content, err)
		return nil
	}
	l.warnOfFurtherDocuments(documents)

	root := resolve(&first)
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" {
		return &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1}
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
	if err := decode(whole, &all); err != nil && !l.explained(root) {
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

// decoder is a document that is still text, or a node.
type decoder interface{ Decode(into any) error }

// decode decodes a document or a node. A parser that fails in a way of its own
// fails only that.
func decode(d decoder, into any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the YAML parser cannot read it: %v", p)
		}
	}()
	return d.Decode(into)
}

// warnOfFurtherDocuments says that documents are not used, unless they are empty.
func (l *loader) warnOfFurtherDocuments(documents *yaml.Decoder) {
	for {
		var further yaml.Node
		err := decode(documents, &further)
		if errors.Is(err, io.EOF) {
			return
		}
		node := resolve(&further)
		if err == nil && node.ShortTag() == "!!null" {
			continue
		}
		if err != nil {
			node = nil
		}
		l.warn(node, "only the first YAML document of the file is used")
		return
	}
}

// failSyntax notes why a file is not YAML.
func (l *loader) failSyntax(content []byte, err error) {
	reason := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(reason); m != nil {
		l.failAt(l.path+":"+m[1], m[2])
		return
	}
	if offset := badByte(content); offset >= 0 {
		line := 1 + bytes.Count(content[:offset], []byte("\n"))
		column := 1 + utf8.RuneCount(content[bytes.LastIndexByte(content[:offset], '\n')+1:offset])
		l.failAt(fmt.Sprintf("%s:%d:%d", l.path, line, column), fmt.Sprintf("byte %#02x: %s; save the file as UTF-8", content[offset], reason))
		return
	}
	l.failAt(l.path+":1", reason)
}

// badByte is where the first byte stands that cannot be in a file in UTF-8, or -1,
// also for a file in UTF-16, which YAML allows.
func badByte(content []byte) int {
	if bytes.HasPrefix(content, []byte{0xff, 0xfe}) || bytes.HasPrefix(content, []byte{0xfe, 0xff}) {
		return -1
	}
	for i := 0; i < len(content); {
		r, size := utf8.DecodeRune(content[i:])
		control := r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r < 0xa0 && r != 0x85
		if r == utf8.RuneError && size == 1 || control {
			return i
		}
		i += size
	}
	return -1
}
