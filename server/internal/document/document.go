// Package document reads YAML documents into parts that know where they stand,
// and has the one form of errors that say it.
package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Parse reads the first document of a file. One that is empty or null is an empty
// mapping in line 1. next is what stands in the first document after it that is
// not empty: nil if there is none, a node without a line if it cannot be parsed.
func Parse(content []byte) (root, next *yaml.Node, err error) {
	documents := yaml.NewDecoder(bytes.NewReader(content))
	var first yaml.Node
	switch err := Decode(documents, &first); {
	case errors.Is(err, io.EOF): // comments at most
		return empty(), nil, nil
	case err != nil:
		return nil, nil, err
	}
	if root = inside(&first); root == nil {
		root = empty()
	}
	for {
		var further yaml.Node
		switch err := Decode(documents, &further); {
		case errors.Is(err, io.EOF):
			return root, nil, nil
		case err != nil:
			return root, &yaml.Node{}, nil
		}
		if next = inside(&further); next != nil {
			return root, next, nil
		}
	}
}

func empty() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Line: 1} }

// inside is what a document holds, nil for nothing and for null.
func inside(doc *yaml.Node) *yaml.Node {
	if len(doc.Content) == 0 || IsNull(doc.Content[0]) {
		return nil
	}
	return doc.Content[0]
}

// Decoder is a document that is still text, or a node.
type Decoder interface{ Decode(into any) error }

// Decode decodes a document or a node. A parser that panics fails only that.
func Decode(d Decoder, into any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the YAML parser cannot read it: %v", p)
		}
	}()
	return d.Decode(into)
}

// aboutBytes is how the parsers begin a reason that is about bytes; they do not
// say where.
var aboutBytes = regexp.MustCompile(`^(?:(?:invalid|incomplete) .*UTF-8|invalid Unicode|control characters)`)

// BadByte finds what a parser's reason is about: the first byte that cannot be in
// a file in UTF-8. ok is false if there is none, if the reason is another one, and
// for a file in UTF-16, which YAML allows.
func BadByte(file string, content []byte, reason string) (at Position, b byte, ok bool) {
	if !aboutBytes.MatchString(reason) ||
		bytes.HasPrefix(content, []byte{0xff, 0xfe}) || bytes.HasPrefix(content, []byte{0xfe, 0xff}) {
		return Position{}, 0, false
	}
	at = Position{File: file, Line: 1, Column: 1}
	for i := 0; i < len(content); {
		r, size := utf8.DecodeRune(content[i:])
		control := r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r < 0xa0 && r != 0x85
		if r == utf8.RuneError && size == 1 || control {
			return at, content[i], true
		}
		i += size
		at.Column++
		if r == '\n' {
			at.Line, at.Column = at.Line+1, 1
		}
	}
	return Position{}, 0, false
}
