// Package templatetree puts calls of functions into the trees of text templates, so
// that whoever expands one can count what it does, and end it: nothing can stop a
// template from outside.
package templatetree

import (
	"slices"
	"text/template/parse"
)

// Call returns the nodes of a call of a function without arguments. What the function
// returns is shown there. It panics if that is no name of a function.
func Call(function string) []parse.Node {
	tree := parse.New("")
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse("{{"+function+"}}", "", "", make(map[string]*parse.Tree)); err != nil {
		panic(err)
	}
	return tree.Root.Nodes
}

// CallInRanges has each repetition of each range below a node begin with a call of the
// function. If action is not nil, it is given every action below the node, but not
// those that were put there.
func CallInRanges(n parse.Node, function string, action func(*parse.ActionNode)) {
	below := func(n parse.Node) { CallInRanges(n, function, action) }
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, child := range n.Nodes {
				below(child)
			}
		}
	case *parse.ActionNode:
		if action != nil {
			action(n)
		}
	case *parse.IfNode:
		below(n.List)
		below(n.ElseList)
	case *parse.WithNode:
		below(n.List)
		below(n.ElseList)
	case *parse.RangeNode:
		below(n.List)
		below(n.ElseList)
		n.List.Nodes = slices.Concat(Call(function), n.List.Nodes)
	}
}
