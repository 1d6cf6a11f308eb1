package config

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/cresset-metrics/cresset/server/internal/document"
)

// parseTree reads the first document of a file into nodes that know their
// positions. It warns if the file has more documents, which the parsers do not read.
func parseTree(file string, content []byte) (root *yaml.Node, warnings []string, err error) {
	root, next, err := document.Parse(content)
	if err != nil {
		return nil, nil, problem(file, &yaml.Node{}, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if next != nil {
		warnings = []string{inLine(file, next.Line, "only the first YAML document of the file is used").Error()}
	}
	return root, warnings, nil
}

// isNothing says whether a value asks for nothing: null, or an empty list or mapping.
func isNothing(n *yaml.Node) bool {
	n = document.Follow(n)
	return document.IsNull(n) || n.Kind != yaml.ScalarNode && len(n.Content) == 0
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
