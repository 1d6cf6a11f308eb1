package definition

import (
	"cmp"
	"strings"
	"text/template/parse"
)

// changes says what the expansion of a template depends on that changes while an
// alert lasts: its value, for instance. It returns nothing if there is nothing, or
// if the template cannot be parsed.
//
// The template is walked as it would be executed, but with what is known of each
// operand instead of its value. Every branch is taken; what a condition that
// changes lets be written, or assigned, changes too.
func changes(text string) string {
	if !strings.Contains(text, "{{") || len(text) > maxTemplate {
		return ""
	}
	tree := parse.New("label")
	tree.Mode = parse.SkipFuncCheck
	defined := map[string]*parse.Tree{}
	if _, err := tree.Parse(TemplatePrelude+text, "", "", defined); err != nil {
		return ""
	}
	w := walker{defined: defined, assigned: map[*parse.VariableNode]string{}, visited: map[visit]bool{}}
	// A loop may use what it assigns further down only the next time round.
	for range 3 {
		clear(w.visited)
		w.variables = []variable{{name: "$", operand: data}}
		w.walk(tree.Root, data, "")
	}
	return w.found
}

// operand is what is known of a value in a template.
type operand struct {
	cause string // what it depends on that changes; empty if nothing
	value string // what its field Value depends on, if it has one that changes
}

const (
	causeValue = "the value of the alert"
	causeQuery = "the value of a query"
	causeTime  = "the time"
)

// data is the data of the template, and samples what a query gives.
var (
	data    = operand{value: causeValue}
	samples = operand{value: causeQuery}
)

// anywhere is what the operand as a whole depends on.
func (o operand) anywhere() string { return cmp.Or(o.cause, o.value) }

// field is what is known of a field of the operand.
func (o operand) field(path []string) operand {
	switch {
	case len(path) == 0:
		return o
	case path[0] == "Value":
		return operand{cause: o.anywhere()}
	default:
		return operand{cause: o.cause}
	}
}

// result is what is known of the result of a function, given all its arguments
// joined.
func result(function string, given operand) operand {
	switch function {
	case "query":
		return operand{cause: given.anywhere(), value: samples.value}
	case "first", "sortByLabel", "index", "slice":
		return given
	case "label", "strvalue", "len":
		return operand{cause: given.cause}
	case "now":
		return operand{cause: causeTime}
	default:
		return operand{cause: given.anywhere()}
	}
}

// variable is a variable in scope.
type variable struct {
	name     string
	declared *parse.VariableNode // nil for "$"
	operand  operand
}

// visit is a defined template with what it is given.
type visit struct {
	name  string
	given operand
	under string
}

// walker walks a template.
type walker struct {
	defined   map[string]*parse.Tree
	variables []variable                     // in scope, the innermost last
	assigned  map[*parse.VariableNode]string // what assignments after the declaration depend on
	visited   map[visit]bool
	found     string // what the output depends on first
}

// write notes that something is written that depends on a cause.
func (w *walker) write(cause string) {
	if w.found == "" {
		w.found = cause
	}
}

// walk walks a list of nodes, with what the dot is, under conditions that depend
// on a cause.
func (w *walker) walk(list *parse.ListNode, dot operand, under string) {
	if list == nil {
		return
	}
	for _, n := range list.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			w.write(under)
		case *parse.ActionNode:
			given := w.pipe(n.Pipe, dot, under)
			if len(n.Pipe.Decl) == 0 {
				w.write(cmp.Or(given.anywhere(), under))
			}
		case *parse.IfNode:
			w.branch(&n.BranchNode, dot, under, func(operand) operand { return dot })
		case *parse.WithNode:
			w.branch(&n.BranchNode, dot, under, func(given operand) operand { return given })
		case *parse.RangeNode: // the elements are known as well as the list
			w.branch(&n.BranchNode, dot, under, func(given operand) operand { return given })
		case *parse.BreakNode, *parse.ContinueNode:
			w.write(under) // it decides whether the rest is written
		case *parse.TemplateNode:
			w.call(n, dot, under)
		}
	}
}

// branch walks both lists of an if, a with or a range. Its variables end with it.
func (w *walker) branch(b *parse.BranchNode, dot operand, under string, inner func(given operand) operand) {
	scope := len(w.variables)
	given := w.pipe(b.Pipe, dot, under)
	within := cmp.Or(under, given.cause) // the data as a whole is never empty
	body := inner(given)
	if b.NodeType == parse.NodeRange {
		for i := scope; i < len(w.variables); i++ {
			w.variables[i].operand = body
		}
	}
	outer := len(w.variables)
	w.walk(b.List, body, within)
	w.variables = w.variables[:outer]
	w.walk(b.ElseList, dot, within)
	w.variables = w.variables[:scope]
}

// call walks a defined template, which sees no variable but "$". What it was
// walked with once, it is not walked with again: it may call itself.
func (w *walker) call(n *parse.TemplateNode, dot operand, under string) {
	var given operand
	if n.Pipe != nil {
		given = w.pipe(n.Pipe, dot, under)
	}
	v := visit{n.Name, given, under}
	tree := w.defined[n.Name]
	if tree == nil || w.visited[v] {
		return
	}
	w.visited[v] = true
	callers := w.variables
	w.variables = []variable{{name: "$", operand: given}}
	w.walk(tree.Root, given, under)
	w.variables = callers
}

// pipe returns what is known of the result of a pipeline, and declares or assigns
// its variables.
func (w *walker) pipe(p *parse.PipeNode, dot operand, under string) operand {
	var given operand
	for _, c := range p.Cmds {
		given = w.command(c, given, dot, under)
	}
	for _, d := range p.Decl {
		if p.IsAssign {
			w.assign(d.Ident[0], given, under)
			continue
		}
		declared := given
		declared.cause = cmp.Or(declared.cause, w.assigned[d])
		w.variables = append(w.variables, variable{d.Ident[0], d, declared})
	}
	return given
}

// command returns what is known of the result of a command, which is given the
// result of the command before it as its last argument.
func (w *walker) command(c *parse.CommandNode, last, dot operand, under string) operand {
	function, called := c.Args[0].(*parse.IdentifierNode)
	arguments := c.Args
	if called {
		arguments = c.Args[1:]
	}
	given := last
	for _, a := range arguments {
		o := w.argument(a, dot, under)
		given.cause, given.value = cmp.Or(given.cause, o.cause), cmp.Or(given.value, o.value)
	}
	if !called {
		return given
	}
	return result(function.Ident, given)
}

// assign notes what a variable may hold from now on, beside what it may hold
// already.
func (w *walker) assign(name string, o operand, under string) {
	v := w.variable(name)
	if v == nil {
		return
	}
	v.operand.value = cmp.Or(v.operand.value, o.value)
	v.operand.cause = cmp.Or(v.operand.cause, cmp.Or(o.cause, under))
	if v.declared != nil {
		w.assigned[v.declared] = cmp.Or(w.assigned[v.declared], v.operand.cause)
	}
}

// variable returns the variable that a name means, or nil.
func (w *walker) variable(name string) *variable {
	for i := len(w.variables) - 1; i >= 0; i-- {
		if w.variables[i].name == name {
			return &w.variables[i]
		}
	}
	return nil
}

// argument returns what is known of an operand of a command.
func (w *walker) argument(n parse.Node, dot operand, under string) operand {
	switch n := n.(type) {
	case *parse.DotNode:
		return dot
	case *parse.FieldNode:
		return dot.field(n.Ident)
	case *parse.VariableNode:
		if v := w.variable(n.Ident[0]); v != nil {
			return v.operand.field(n.Ident[1:])
		}
	case *parse.ChainNode:
		return w.argument(n.Node, dot, under).field(n.Field)
	case *parse.PipeNode:
		return w.pipe(n, dot, under)
	case *parse.IdentifierNode:
		return result(n.Ident, operand{}) // without arguments
	}
	return operand{}
}
