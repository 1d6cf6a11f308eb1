package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// parseFunc reads a whole file and says what is wrong with it.
type parseFunc func(content []byte) error

// explain turns the error of a parser into errors with positions.
func explain(file string, root *yaml.Node, parse parseFunc, err error) error {
	if found, ok := problems(file, root, err); ok {
		return errors.Join(found...)
	}
	n := locate(root, parse, err.Error())
	return at(file, n, err.Error())
}

// maxAttempts bounds how often locate parses the file. A search in a file of
// usual size needs a few dozen.
const maxAttempts = 300

// locate finds where in the file the reason lies. The parsers check most values
// after they have forgotten the positions, so the question is put the other way
// round: which is the smallest part without which the reason is gone? The
// parser is asked, with one part after the other taken out.
func locate(root *yaml.Node, parse parseFunc, reason string) *yaml.Node {
	s := search{root: root, parse: parse, reason: reason, left: maxAttempts}
	if s.outcome() != same {
		// The reason is not in this file alone, so nothing can be learned by
		// changing it. What the reason quotes is worth pointing at.
		return s.mentioned()
	}
	if n := s.quoted(); n != nil {
		return n
	}
	return s.narrow(root)
}

type search struct {
	root   *yaml.Node
	parse  parseFunc
	reason string
	left   int // attempts
}

// outcome is what the parser says of the file as it is at the moment.
type outcome int

const (
	same  outcome = iota // the reason is still there
	other                // the file is bad for another reason
	good
)

func (s *search) outcome() outcome {
	if s.left <= 0 {
		return same
	}
	s.left--
	content, err := marshal(s.root)
	if err != nil {
		return same
	}
	switch err := s.parse(content); {
	case err == nil:
		return good
	case err.Error() == s.reason:
		return same
	default:
		return other
	}
}

// marshal writes a tree. The writer panics on trees that no file can hold.
func marshal(n *yaml.Node) (b []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("write YAML: %v", p)
		}
	}()
	return yaml.Marshal(n)
}

// part is something that can be taken out of a mapping or a sequence.
type part struct {
	parent *yaml.Node
	i, n   int        // parent.Content[i : i+n]
	at     *yaml.Node // where it is for people: its key, or itself
	inside *yaml.Node // where a smaller part may be
}

func parts(n *yaml.Node) []part {
	var out []part
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			out = append(out, part{n, i, 2, n.Content[i], n.Content[i+1]})
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			out = append(out, part{n, i, 1, c, c})
		}
	}
	return out
}

// without is the outcome when p is taken out.
func (s *search) without(p part) outcome {
	whole := p.parent.Content
	p.parent.Content = slices.Delete(slices.Clone(whole), p.i, p.i+p.n)
	defer func() { p.parent.Content = whole }()
	return s.outcome()
}

// narrow goes from n down to the smallest part that makes the difference. A part
// without which the file is good is preferred to one without which it is bad for
// another reason. It begins at the end, since of two parts that contradict each
// other the later one is the one that people take for wrong.
func (s *search) narrow(n *yaml.Node) *yaml.Node {
	var second *part
	for _, p := range slices.Backward(parts(n)) {
		switch s.without(p) {
		case good:
			return s.into(p)
		case other:
			if second == nil {
				second = &p
			}
		}
	}
	if second != nil {
		return s.into(*second)
	}
	return n
}

func (s *search) into(p part) *yaml.Node {
	if smaller := s.narrow(p.inside); smaller != p.inside {
		return smaller
	}
	return p.at
}

var quotedText = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// quoted looks for a value that the reason quotes, and without which the reason
// is gone. That is closer than what narrow finds where parts depend on each other.
func (s *search) quoted() *yaml.Node {
	for _, q := range quotedText.FindAllString(s.reason, -1) {
		value, err := strconv.Unquote(q)
		if err != nil || value == "" {
			continue
		}
		for _, p := range slices.Backward(holding(s.root, value)) {
			if s.without(p) != same {
				return p.inside
			}
		}
	}
	return nil
}

// mentioned is the last place that has a value which the reason quotes.
func (s *search) mentioned() *yaml.Node {
	for _, q := range quotedText.FindAllString(s.reason, -1) {
		value, err := strconv.Unquote(q)
		if found := holding(s.root, value); err == nil && len(found) > 0 {
			return found[len(found)-1].inside
		}
	}
	return s.root
}

// holding are the parts below n that have the value, in the order of the file.
func holding(n *yaml.Node, value string) []part {
	var out []part
	for _, p := range parts(n) {
		if p.inside.Kind == yaml.ScalarNode && p.inside.Value == value {
			out = append(out, p)
		}
		out = append(out, holding(p.inside, value)...)
	}
	return out
}

// guarded is parse, but turns a panic into an error: a file must never take
// the process down.
func guarded(parse parseFunc) parseFunc {
	return func(content []byte) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("this part is incomplete or null where the parser needs a value (%v)", p)
			}
		}()
		return parse(content)
	}
}
