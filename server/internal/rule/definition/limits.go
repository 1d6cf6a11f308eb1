package definition

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Limits, which keep the memory and the time that a file takes within bounds. The
// parser makes about a hundred bytes of each of a file, and compares each key of a
// mapping with each other. Aliases make a few lines as large as one likes, and as
// deep: the decoder calls itself for each mapping that is merged into another.
const (
	maxBytes    = 8 << 20
	maxKeys     = 1000
	maxAliased  = 4_000_000 // nodes that aliases add; the decoder has a limit like it
	maxDepth    = 10_000    // nodes within each other; the parser has it too, aliases left aside
	maxProblems = 10_000    // after which nothing more is looked for
)

// tooLarge says what of a document is too large to be decoded, and where, or
// nothing.
func tooLarge(root *yaml.Node) (at *yaml.Node, reason string) {
	m := measurer{anchored: map[*yaml.Node]extent{}}
	all := m.measure(root)
	if m.large != nil {
		return m.large, fmt.Sprintf("a mapping of %d keys; at most %d are allowed", len(m.large.Content)/2, maxKeys)
	}
	groups := child(root, "groups") // what else there is nobody looks at
	if groups == nil {
		return nil, ""
	}
	nodes := m.nodes
	switch all = m.measure(groups); {
	case all.size > nodes+maxAliased:
		return groups, "document contains excessive aliasing"
	case all.depth > maxDepth:
		return groups, fmt.Sprintf("aliases within each other make it %d levels deep; at most %d are allowed", all.depth, maxDepth)
	}
	return nil, ""
}

// extent is how large a node is with all that it holds, what is behind aliases
// included each time.
type extent struct{ size, depth int }

// measurer measures nodes in the order in which they stand in the document: there,
// an alias comes after what it stands for, or within it.
type measurer struct {
	anchored map[*yaml.Node]extent // of the nodes that aliases may stand for
	nodes    int                   // that were measured, aliases not followed
	large    *yaml.Node            // the first mapping with too many keys
}

func (m *measurer) measure(n *yaml.Node) extent {
	m.nodes++
	if n.Kind == yaml.AliasNode {
		return m.anchored[n.Alias]
	}
	if n.Kind == yaml.MappingNode && len(n.Content)/2 > maxKeys && m.large == nil {
		m.large = n
	}
	const enough = 1 << 40 // sums of more could overflow
	e := extent{size: 1, depth: 1}
	for _, c := range n.Content {
		inner := m.measure(c)
		e.size = min(enough, e.size+inner.size)
		e.depth = max(e.depth, 1+inner.depth)
	}
	if n.Anchor != "" {
		m.anchored[n] = e
	}
	return e
}
