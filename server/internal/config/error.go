package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/cresset-metrics/cresset/server/internal/document"
)

// at makes an error at a node.
func at(file string, n *yaml.Node, reason string) document.Error {
	return document.Error{Position: document.At(file, n), Reason: oneLine(reason)}
}

// inLine makes an error in a line, 0 if the file could not be read at all.
func inLine(file string, line int, reason string) document.Error {
	return document.Error{Position: document.Position{File: file, Line: line}, Reason: reason}
}

func oneLine(s string) string {
	return strings.Join(strings.Fields(s), " ")
}

var (
	unknownText = regexp.MustCompile(`^field (\S+) not found in type `)
	twiceText   = regexp.MustCompile(`^(?:field (\S+) already set in type |key "(.*)" already set in map)`)
)

// unmarshalErrors is how the parsers begin an error that lists several.
const unmarshalErrors = "yaml: unmarshal errors:\n"

// problems turns an error of a YAML parser that knows lines into errors, one for
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
		if len(all) == 0 || document.ParseMessage(line).Line > 0 {
			all = append(all, line)
		} else {
			all[len(all)-1] += " " + line
		}
	}
	return all
}

func problem(file string, root *yaml.Node, text string) document.Error {
	m := document.ParseMessage(text)
	if m.Line == 0 {
		return inLine(file, 1, oneLine(text))
	}
	e := inLine(file, m.Line, strings.ReplaceAll(m.Reason, "\n", " "))
	if m := unknownText.FindStringSubmatch(e.Reason); m != nil {
		e.Reason = fmt.Sprintf("unknown key %q", m[1])
		e.Column = columnOf(root, e.Line, m[1])
	} else if m := twiceText.FindStringSubmatch(e.Reason); m != nil {
		e.Reason = fmt.Sprintf("key %q is given twice", m[1]+m[2])
		e.Column = columnOf(root, e.Line, m[1]+m[2])
	}
	return e
}

// fromRules makes an error about rule files one with the reasons of this package,
// without runs of white space.
func fromRules(err error) error {
	var out []error
	for _, err := range flatten(err) {
		e, ok := errors.AsType[document.Error](err)
		if !ok { // FILE: reason, of a file that cannot be read
			e.File, e.Reason, _ = strings.Cut(err.Error(), ": ")
		}
		e.Reason = oneLine(e.Reason)
		out = append(out, e)
	}
	return errors.Join(out...)
}
