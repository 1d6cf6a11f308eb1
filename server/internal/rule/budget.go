package rule

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	texttemplate "text/template"
	syntax "text/template/parse"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/template"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
	"github.com/cresset-metrics/cresset/server/internal/templatetree"
)

// A template can run for ever, and fill the memory: it may range over any number,
// and templates may call themselves. Nothing can stop one from outside. Therefore
// each body that can run more than once begins with a call that counts, and the
// body of a template that can be called ends with another.

// The names of the functions that count.
const (
	spend = "__spend"
	enter = "__enter"
	leave = "__leave"
)

// The limits of one expansion.
const (
	maxRepetitions = 100_000
	maxRepeated    = 64 << 20 // bytes of the template's text, all repetitions together
	maxNested      = 100      // calls of templates within each other
	maxQueries     = 1000
)

// bounded returns a template that does the same as text, and counts each
// repetition and what is shown. A text that shows nothing twice, or cannot be
// parsed, is returned as it is.
func bounded(text string) string {
	own := strings.TrimPrefix(text, definition.TemplatePrelude)
	if !slices.ContainsFunc(showsOften, func(word string) bool { return strings.Contains(own, word) }) {
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
		templatetree.CallInRanges(t.Root, spend, countShown)
		if name != main {
			t.Root.Nodes = slices.Concat(templatetree.Call(enter), t.Root.Nodes, templatetree.Call(leave))
			fmt.Fprintf(&b, "{{define %q}}%s{{end}}", name, t.Root)
		}
	}
	if t := trees[main]; t != nil && t.Root != nil {
		b.WriteString(t.Root.String())
	}
	return b.String()
}

// budget is what one expansion may still spend.
type budget struct {
	ctx    context.Context
	left   int
	all    int
	nested int
	asked  int // queries
	volume volume
}

func newBudget(ctx context.Context, source string) *budget {
	all := max(min(maxRepetitions, maxRepeated/max(len(source), 1)), 1)
	return &budget{ctx: ctx, left: all, all: all, volume: volume{left: maxVolume}}
}

// The functions return an empty text, which stands where they are called.
func (b *budget) funcs() texttemplate.FuncMap {
	funcs := b.volume.funcs()
	maps.Copy(funcs, texttemplate.FuncMap{
		spend: b.spend,
		enter: func() (string, error) {
			if b.nested++; b.nested > maxNested {
				return "", fmt.Errorf("the templates call each other more than %d deep", maxNested)
			}
			return b.spend()
		},
		leave: func() string {
			b.nested--
			return ""
		},
	})
	return funcs
}

// counting returns a query function that counts.
func (b *budget) counting(query QueryFunc) template.QueryFunc {
	return func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
		if b.asked++; b.asked > maxQueries {
			return nil, fmt.Errorf("the template asks more than %d queries", maxQueries)
		}
		return query(ctx, expr, at)
	}
}

func (b *budget) spend() (string, error) {
	if b.left--; b.left < 0 {
		return "", fmt.Errorf("the template repeats itself more than %d times", b.all)
	}
	return "", b.ctx.Err()
}
