package integration

import (
	"context"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"maps"
	"net/url"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	texttemplate "text/template"
	syntax "text/template/parse"

	"github.com/prometheus/alertmanager/template"

	"github.com/cresset-metrics/cresset/server/internal/templatetree"
)

// A template can run for ever, and fill the memory: it may range over any number,
// templates may call themselves, and what a function makes of a text can be longer,
// and be given to the function again. Nothing can stop one from outside. So each
// text is expanded with limits, and thrown away, before an integration expands it
// without: each body that can run more than once begins with a call that counts,
// the functions refuse to make too much, and what is written counts.

// Limits of the expansion of one text. They are far above what a notification about
// ten thousand alerts needs.
const (
	maxSteps  = 500_000   // repetitions, and calls of templates
	maxNested = 1_000     // calls of templates within each other
	maxText   = 64 << 20  // bytes that are shown, or that one function makes
	maxMade   = 256 << 20 // bytes that all functions make
)

// Templates are those that the texts of a configuration can use: Alertmanager's
// own, and those of its template files. Any number of goroutines may use them.
type Templates struct {
	*template.Template
	limited *texttemplate.Template // the same, with calls that count
	counted map[*syntax.Tree]bool  // the trees that have them
	custom  bool                   // there are some from files
}

// LoadTemplates reads the files that the patterns match. Links lead to the URL.
func LoadTemplates(patterns []string, external *url.URL) (*Templates, error) {
	var plain *texttemplate.Template
	loaded, err := template.FromGlobs(patterns, func(text *texttemplate.Template, _ *htmltemplate.Template) { plain = text })
	if err != nil {
		return nil, err
	}
	loaded.ExternalURL = external
	t := &Templates{Template: loaded, counted: make(map[*syntax.Tree]bool)}
	for _, p := range patterns {
		if files, err := filepath.Glob(p); err == nil && len(files) > 0 {
			t.custom = true
		}
	}
	t.limited = texttemplate.New("").Option("missingkey=zero").Funcs((&budget{}).funcs())
	for _, one := range plain.Templates() {
		if one.Tree == nil || one.Root == nil {
			continue
		}
		if _, err := t.limited.AddParseTree(one.Name(), one.Tree.Copy()); err != nil {
			return nil, err
		}
	}
	count(t.limited, t.counted)
	return t, nil
}

// count puts calls that count into the trees of a set that do not have them yet.
func count(set *texttemplate.Template, counted map[*syntax.Tree]bool) {
	for _, one := range set.Templates() {
		if one.Tree == nil || one.Root == nil || counted[one.Tree] {
			continue
		}
		counted[one.Tree] = true
		templatetree.CallInRanges(one.Root, spend, nil)
		one.Root.Nodes = slices.Concat(templatetree.Call(enter), one.Root.Nodes, templatetree.Call(leave))
	}
}

// builtin is a text that shows one of Alertmanager's own templates.
var builtin = regexp.MustCompile(`^\{\{ template "[a-z0-9]+\.default\.[a-z_]+" \. \}\}$`)

// Check expands texts, as text and not as HTML, with the data of one notification,
// within limits. One goroutine may use it.
type Check struct {
	templates *Templates
	budget    *budget
	funcs     texttemplate.FuncMap
}

// NewCheck returns a Check that goes on until the context ends.
func (t *Templates) NewCheck(ctx context.Context, data *template.Data) *Check {
	return &Check{templates: t, budget: &budget{ctx: ctx, data: data}}
}

// Text returns why a text cannot be expanded, or nil.
func (c *Check) Text(source string) error {
	if !strings.Contains(source, "{{") || !c.templates.custom && builtin.MatchString(source) {
		return nil
	}
	if c.funcs == nil {
		c.funcs = c.budget.funcs()
	}
	c.budget.reset()
	set, err := c.templates.limited.Clone()
	if err != nil {
		return err
	}
	text, err := set.New("").Funcs(c.funcs).Parse(source)
	if err != nil {
		return err
	}
	counted := maps.Clone(c.templates.counted)
	count(text, counted)
	return text.Execute(c.budget, c.budget.data)
}

// endless is the error of a text that does not come to its end.
type endless struct{ reason string }

func (e *endless) Error() string { return e.reason }

func tooMuch(format string, args ...any) error {
	return &endless{fmt.Sprintf(format, args...)}
}

// isEndless says whether an error of Check means that the text may never come to
// its end.
func isEndless(err error) bool {
	_, ok := errors.AsType[*endless](err)
	return ok
}

// The names of the functions that count.
const (
	spend = "__spend"
	enter = "__enter"
	leave = "__leave"
)

// budget is what one expansion may still spend. It is written to: what is shown is
// counted, and thrown away.
type budget struct {
	ctx    context.Context
	data   *template.Data
	steps  int
	nested int
	made   int // bytes that functions may still make
	shown  int // bytes that may still be shown
}

// reset makes ready for another text.
func (b *budget) reset() {
	b.steps, b.nested, b.made, b.shown = maxSteps, 0, maxMade, maxText
}

func (b *budget) Write(p []byte) (int, error) {
	if b.shown -= len(p); b.shown < 0 {
		return 0, tooMuch("the template shows more than %d bytes", maxText)
	}
	return len(p), nil
}

// spend returns an empty text, which stands where it is called.
func (b *budget) spend() (string, error) {
	if b.steps--; b.steps < 0 {
		return "", tooMuch("the template repeats itself more than %d times", maxSteps)
	}
	if b.steps%1024 == 0 && b.ctx.Err() != nil {
		return "", tooMuch("the template takes too long: %v", b.ctx.Err())
	}
	return "", nil
}

func (b *budget) enter() (string, error) {
	if b.nested++; b.nested > maxNested {
		return "", tooMuch("the templates call each other more than %d deep", maxNested)
	}
	return b.spend()
}

func (b *budget) leave() string {
	b.nested--
	return ""
}

// routeLabels shows a label of the route, which the dispatcher has expanded.
func (b *budget) routeLabels(name string) string { return b.data.RouteLabels[name] }

// funcs are the functions that templates can call.
func (b *budget) funcs() texttemplate.FuncMap {
	all := texttemplate.FuncMap{
		"print": fmt.Sprint, "println": fmt.Sprintln, "printf": fmt.Sprintf,
		"html": texttemplate.HTMLEscaper, "js": texttemplate.JSEscaper, "urlquery": texttemplate.URLQueryEscaper,
	}
	maps.Copy(all, texttemplate.FuncMap(template.DefaultFuncs))
	for name, f := range all {
		all[name] = b.limit(f, costs[name])
	}
	all["routeLabels"] = b.routeLabels
	all[spend], all[enter], all[leave] = b.spend, b.enter, b.leave
	return all
}

// costs are upper bounds of what functions make that can make much of little.
var costs = map[string]func(args []reflect.Value) int{
	"printf": func(args []reflect.Value) int { return widths(args[0].String()) },
	"join":   func(args []reflect.Value) int { return args[0].Len() * args[1].Len() },
	// Matches do not overlap: each $ of the replacement gives at most the whole text.
	"reReplaceAll": func(args []reflect.Value) int {
		replacement, text := args[1].String(), args[2].String()
		return (len(text)+1)*len(replacement) + strings.Count(replacement, "$")*len(text)
	},
}

// limit returns a function that does the same as f, and refuses to make too much.
// The cost, if not nil, is asked beforehand.
func (b *budget) limit(f any, cost func([]reflect.Value) int) any {
	function := reflect.ValueOf(f)
	signature := function.Type()
	var in, out []reflect.Type
	for i := range signature.NumIn() {
		in = append(in, signature.In(i))
	}
	out = append(out, signature.Out(0), reflect.TypeFor[error]())
	refuse := func() []reflect.Value {
		err := tooMuch("the template makes more than %d bytes of text", maxText)
		return []reflect.Value{reflect.Zero(out[0]), reflect.ValueOf(&err).Elem()}
	}
	return reflect.MakeFunc(reflect.FuncOf(in, out, signature.IsVariadic()), func(args []reflect.Value) []reflect.Value {
		if cost != nil && cost(args) > maxText {
			return refuse()
		}
		var results []reflect.Value
		if signature.IsVariadic() {
			results = function.CallSlice(args)
		} else {
			results = function.Call(args)
		}
		n := size(results[0], maxText+1)
		if b.made -= n; n > maxText || b.made < 0 {
			return refuse()
		}
		if len(results) == 1 {
			results = append(results, reflect.Zero(out[1]))
		}
		return results
	}).Interface()
}

// size returns how many bytes a value has when it is shown, about, or most if it
// has more.
func size(v reflect.Value, most int) int {
	n := 1
	switch v.Kind() {
	case reflect.String:
		n = v.Len()
	case reflect.Interface:
		if !v.IsNil() {
			n = size(v.Elem(), most)
		}
	case reflect.Slice:
		for i := 0; i < v.Len() && n < most; i++ {
			n += size(v.Index(i), most-n)
		}
	case reflect.Map:
		for _, value := range v.Seq2() {
			if n += size(value, most-n); n >= most {
				break
			}
		}
	}
	return min(n, most)
}

// widths returns how many bytes the widths and precisions in a format ask for at
// most.
func widths(format string) int {
	const most = 1_000_000 // fmt refuses more
	n := strings.Count(format, "*") * most
	for _, digits := range strings.FieldsFunc(format, func(r rune) bool { return r < '0' || r > '9' }) {
		width, err := strconv.Atoi(digits)
		if err != nil {
			width = most
		}
		n += min(width, most)
	}
	return n
}
