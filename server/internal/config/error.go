package config

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Error is one problem in one file.
type Error struct {
	File   string
	Line   int // from 1; 0 if the file could not be read at all
	Column int // from 1; 0 if it is not known
	Reason string
}

// Error is one line: FILE:LINE:COLUMN: reason.
func (e Error) Error() string {
	switch {
	case e.Line == 0:
		return fmt.Sprintf("%s: %s", e.File, e.Reason)
	case e.Column == 0:
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
	default:
		return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Reason)
	}
}

// at makes an Error at a node.
func at(file string, n *yaml.Node, reason string) Error {
	return Error{File: file, Line: max(1, n.Line), Column: n.Column, Reason: oneLine(reason)}
}

func oneLine(s string) string {
	return strings.Join(strings.Fields(s), " ")
}

// The parsers tell the line of a problem in the text of the error, where they
// know it.
var (
	lineText    = regexp.MustCompile(`^line (\d+): (.*)$`)
	unknownText = regexp.MustCompile(`^field (\S+) not found in type `)
	twiceText   = regexp.MustCompile(`^(?:field (\S+) already set in type |key "(.*)" already set in map)`)
)

// unmarshalErrors is how the parsers begin an error that lists several.
const unmarshalErrors = "yaml: unmarshal errors:\n"

// problems turns an error of a YAML parser that knows lines into Errors, one for
// each line of its text. ok is false for any other error.
func problems(file string, root *yaml.Node, err error) (out []error, ok bool) {
	text := err.Error()
	if i := strings.Index(text, unmarshalErrors); i >= 0 {
		for _, s := range listed(text[i+len(unmarshalErrors):]) {
			out = append(out, problem(file, root, s))
		}
		return out, true
	}
	if rest, ok := strings.CutPrefix(text, "yaml: "); ok {
		return []error{problem(file, root, rest)}, true
	}
	return nil, false
}

// listed returns the errors that a parser lists, each on a line of its own. One
// that quotes a value with line feeds goes on over several.
func listed(text string) []string {
	var all []string
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if len(all) == 0 || lineText.MatchString(line) {
			all = append(all, line)
		} else {
			all[len(all)-1] += " " + line
		}
	}
	return all
}

func problem(file string, root *yaml.Node, text string) Error {
	e := Error{File: file, Line: 1, Reason: oneLine(text)}
	m := lineText.FindStringSubmatch(text)
	if m == nil {
		return e
	}
	e.Line, _ = strconv.Atoi(m[1]) // digits
	e.Reason = m[2]
	if m := unknownText.FindStringSubmatch(e.Reason); m != nil {
		e.Reason = fmt.Sprintf("unknown key %q", m[1])
		e.Column = columnOf(root, e.Line, m[1])
	} else if m := twiceText.FindStringSubmatch(e.Reason); m != nil {
		e.Reason = fmt.Sprintf("key %q is given twice", m[1]+m[2])
		e.Column = columnOf(root, e.Line, m[1]+m[2])
	}
	return e
}

// textPosition is the position in an error of a package that writes it in front.
var textPosition = regexp.MustCompile(`(?s)^(.+?):(\d+)(?::(\d+))?: (.*)$`)

// fromText makes Errors of an error, or of several joined, whose text already
// has the form of an Error.
func fromText(err error) error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, e := range joined.Unwrap() {
			out = append(out, fromText(e))
		}
		return errors.Join(out...)
	}
	m := textPosition.FindStringSubmatch(err.Error())
	if m == nil {
		file, reason, ok := strings.Cut(err.Error(), ": ")
		if !ok {
			return Error{File: file, Reason: "cannot be used"}
		}
		return Error{File: file, Reason: oneLine(reason)}
	}
	line, _ := strconv.Atoi(m[2]) // digits, as is the column, which may be missing
	column, _ := strconv.Atoi(m[3])
	return Error{File: m[1], Line: line, Column: column, Reason: oneLine(m[4])}
}
