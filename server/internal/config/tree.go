package config

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parseTree reads the first document of a file into nodes that know their
// positions. An empty file gives an empty mapping.
func parseTree(file string, content []byte) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(content, &doc); err != nil {
		return nil, problem(file, &doc, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 || isNull(doc.Content[0]) {
		return &yaml.Node{Kind: yaml.MappingNode, Line: 1}, nil
	}
	return doc.Content[0], nil
}

// furtherDocuments warns if a file has more YAML documents than the first, which
// is the only one that the parsers read. Empty ones are nothing to warn of.
func furtherDocuments(file string, content []byte) []string {
	documents := yaml.NewDecoder(bytes.NewReader(content))
	for i := 0; ; i++ {
		var doc yaml.Node
		err := documents.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if i == 0 || err == nil && (len(doc.Content) == 0 || isNull(doc.Content[0])) {
			continue
		}
		e := Error{File: file, Reason: "only the first YAML document of the file is used"}
		if err == nil {
			e.Line = doc.Content[0].Line
		}
		return []string{e.Error()}
	}
}

// follow goes through an alias to what it stands for.
func follow(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// isNothing says whether a value asks for nothing: null, or an empty list or mapping.
func isNothing(n *yaml.Node) bool {
	n = follow(n)
	return isNull(n) || n.Kind != yaml.ScalarNode && len(n.Content) == 0
}

// pair is a key of a mapping with its value.
type pair struct{ key, value *yaml.Node }

// pairs are the keys of a mapping, with those that it merges in by "<<"; none
// for anything else.
func pairs(n *yaml.Node) []pair {
	n = follow(n)
	var out []pair
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Value != "<<" {
			out = append(out, pair{key, value})
			continue
		}
		for _, m := range append([]*yaml.Node{value}, elements(value)...) {
			if m := follow(m); m.Kind == yaml.MappingNode && m != n {
				out = append(out, plainPairs(m)...)
			}
		}
	}
	return out
}

// plainPairs are the keys of a mapping as they are written. What is merged into
// something that is merged itself is not followed: it could go in circles.
func plainPairs(n *yaml.Node) []pair {
	var out []pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		out = append(out, pair{n.Content[i], n.Content[i+1]})
	}
	return out
}

// child is the value of a key, or an empty node.
func child(n *yaml.Node, key string) *yaml.Node {
	for _, p := range pairs(n) {
		if p.key.Value == key {
			return follow(p.value)
		}
	}
	return &yaml.Node{}
}

// elements are those of a sequence; none for anything else.
func elements(n *yaml.Node) []*yaml.Node {
	n = follow(n)
	if n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

// columnOf is the column of a key on a line, 0 if it is not found there.
func columnOf(n *yaml.Node, line int, key string) int {
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && c.Line == line && c.Value == key {
			return c.Column
		}
		if column := columnOf(c, line, key); column > 0 {
			return column
		}
	}
	return 0
}
