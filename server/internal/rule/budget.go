package rule

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/template"
	syntax "text/template/parse"
)

// A template can run for ever, and fill the memory: it may range over any number,
// and templates may call themselves. Nothing can stop one from outside. Therefore
// each body that can run more than once begins with a call that counts.

// spend is the name of the function that counts.
const spend = "__spend"

// The limits of one expansion.
const (
	maxRepetitions = 100_000
	maxRepeated    = 64 << 20 // bytes of the template's text, all repetitions together
)

// bounded returns a template that does the same as text, and calls spend at the
// beginning of each repetition. A text that repeats nothing, or cannot be parsed,
// is returned as it is.
func bounded(text string) string {
	if !slices.ContainsFunc([]string{"range", "define", "block"}, func(word string) bool { return strings.Contains(text, word) }) {
		return text
	}
	const main = "main"
	trees := make(map[string]*syntax.Tree)
	root := syntax.New(main)
	root.Mode = syntax.SkipFuncCheck
	if _, err := root.Parse(text, "", "", trees); err != nil {
		return text
	}
	var b strings.Builder
	for name, t := range trees {
		if t.Root == nil {
			continue
		}
		boundRanges(t.Root)
		if name != main {
			prepend(t.Root)
			fmt.Fprintf(&b, "{{define %q}}%s{{end}}", name, t.Root)
		}
	}
	if t := trees[main]; t != nil && t.Root != nil {
		b.WriteString(t.Root.String())
	}
	return b.String()
}

// boundRanges makes each repetition of the ranges below a node spend.
func boundRanges(n syntax.Node) {
	switch n := n.(type) {
	case *syntax.ListNode:
		if n != nil {
			for _, child := range n.Nodes {
				boundRanges(child)
			}
		}
	case *syntax.IfNode:
		boundRanges(n.List)
		boundRanges(n.ElseList)
	case *syntax.WithNode:
		boundRanges(n.List)
		boundRanges(n.ElseList)
	case *syntax.RangeNode:
		boundRanges(n.List)
		boundRanges(n.ElseList)
		prepend(n.List)
	}
}

// prepend puts a call of spend before what is in the list.
func prepend(list *syntax.ListNode) {
	tree := syntax.New("")
	tree.Mode = syntax.SkipFuncCheck
	if _, err := tree.Parse("{{"+spend+"}}", "", "", make(map[string]*syntax.Tree)); err != nil {
		panic(err) // a constant
	}
	list.Nodes = slices.Insert(list.Nodes, 0, tree.Root.Nodes...)
}

// budget is what one expansion may still spend.
type budget struct {
	ctx  context.Context
	left int
	all  int
}

func newBudget(ctx context.Context, source string) *budget {
	all := max(min(maxRepetitions, maxRepeated/max(len(source), 1)), 1)
	return &budget{ctx: ctx, left: all, all: all}
}

func (b *budget) funcs() template.FuncMap {
	return template.FuncMap{spend: func() (string, error) {
		if b.left--; b.left < 0 {
			return "", fmt.Errorf("the template repeats itself more than %d times", b.all)
		}
		return "", b.ctx.Err()
	}}
}
