package document

import (
	"iter"

	"go.yaml.in/yaml/v3"
)

// The functions of this file take a node that is nil for one that holds nothing,
// and an alias for what it stands for.

// Follow goes through an alias to what it stands for.
func Follow(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// IsNull reports whether a node is the scalar null.
func IsNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// IsMerge reports whether a key is "<<", which merges other mappings into its own.
func IsMerge(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value == "<<" && (key.Tag == "" || key.Tag == "!" || key.ShortTag() == "!!merge")
}

// Text is the text of a scalar. ok is false for anything else, and for null.
func Text(n *yaml.Node) (text string, ok bool) {
	n = Follow(n)
	if n == nil || n.Kind != yaml.ScalarNode || IsNull(n) {
		return "", false
	}
	return n.Value, true
}

// Elements are those of a sequence, as they are written: aliases may be among
// them. Anything else has none.
func Elements(n *yaml.Node) []*yaml.Node {
	n = Follow(n)
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

// Entries are the keys of a mapping, with their values as they are written: first
// its own, then those of the mappings that it merges in. What is merged into these
// in turn is left out, because it may be much, or go round in circles. Anything
// else has none.
func Entries(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		n := Follow(n)
		var merged []*yaml.Node
		for key, value := range written(n) {
			if IsMerge(key) {
				merged = append(append(merged, value), Elements(value)...)
			} else if !yield(Follow(key), value) {
				return
			}
		}
		for _, m := range merged {
			if m = Follow(m); m == n {
				continue
			}
			for key, value := range written(m) {
				if !yield(Follow(key), value) {
					return
				}
			}
		}
	}
}

// written are the keys and values of a mapping as they stand there.
func written(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

// Child is the value of a key of a mapping, as it is written: it may be an alias.
// It is nil if there is none.
func Child(n *yaml.Node, key string) *yaml.Node {
	for k, value := range Entries(n) {
		if k.Value == key {
			return value
		}
	}
	return nil
}
