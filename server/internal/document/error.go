package document

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	yamlv2 "go.yaml.in/yaml/v2"
	"go.yaml.in/yaml/v3"
)

// Position is a place in a file.
type Position struct {
	File   string
	Line   int // from 1; 0 if it is not known
	Column int // from 1, in characters; 0 if it is not known
}

// At is where a node stands, or line 1 if that is not known.
func At(file string, n *yaml.Node) Position {
	if n == nil {
		return Position{File: file, Line: 1}
	}
	return Position{File: file, Line: max(1, n.Line), Column: n.Column}
}

// String is FILE:LINE:COLUMN, as far as it is known.
func (p Position) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	default:
		return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
	}
}

// Compare orders the places of one file as they stand there.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
}

// Error is one problem in one file.
type Error struct {
	Position
	Reason string // one line
}

// Error is one line: FILE:LINE:COLUMN: reason.
func (e Error) Error() string { return e.Position.String() + ": " + e.Reason }

// Message is one thing that a parser says.
type Message struct {
	Line   int // 0 if it is not told
	Reason string
}

var lineText = regexp.MustCompile(`(?s)^line (\d+): (.*)$`)

// ParseMessage takes the line off the text of a message.
func ParseMessage(text string) Message {
	m := lineText.FindStringSubmatch(text)
	if m == nil {
		return Message{Reason: text}
	}
	line, _ := strconv.Atoi(m[1]) // digits
	return Message{Line: line, Reason: m[2]}
}

// Messages is all that an error of the YAML parsers says.
func Messages(err error) []Message {
	texts := []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	if v3, ok := errors.AsType[*yaml.TypeError](err); ok {
		texts = v3.Errors
	} else if v2, ok := errors.AsType[*yamlv2.TypeError](err); ok {
		texts = v2.Errors
	}
	messages := make([]Message, len(texts))
	for i, text := range texts {
		messages[i] = ParseMessage(text)
	}
	return messages
}
