package rule

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"text/template"
	syntax "text/template/parse"

	"github.com/prometheus/prometheus/util/strutil"
)

// A template can also fill the memory without repeating itself much: what printf
// makes of a text can be ten times as long, and be given to printf again. So the
// functions that can make a text longer are replaced by ones that refuse before it
// is too long, and in templates that can show a text many times, what is shown
// counts, too.

// shown is the name of the function that counts what is shown.
const shown = "__shown"

// maxVolume is how many bytes the functions of one expansion may make, and how
// many may be shown where that counts.
const maxVolume = 4 << 20

// showsOften are the words without which a template shows each text once.
var showsOften = []string{"range", "define", "block", "with", ":="}

// countShown makes an action count what it shows.
func countShown(n *syntax.ActionNode) {
	if len(n.Pipe.Decl) > 0 {
		return // shows nothing
	}
	tree := syntax.New("")
	tree.Mode = syntax.SkipFuncCheck
	if _, err := tree.Parse("{{0 | "+shown+"}}", "", "", make(map[string]*syntax.Tree)); err != nil {
		panic(err) // a constant
	}
	n.Pipe.Cmds = append(n.Pipe.Cmds, tree.Root.Nodes[0].(*syntax.ActionNode).Pipe.Cmds[1])
}

// volume is how many bytes one expansion may still make.
type volume struct{ left int }

// allows refuses to make a text of n bytes if that is too much.
func (v *volume) allows(n int) error {
	if n > v.left {
		return fmt.Errorf("the template makes more than %d bytes of text", maxVolume)
	}
	return nil
}

// made counts a text that was made.
func (v *volume) made(text string) (string, error) {
	v.left -= len(text)
	return text, nil
}

// funcs are the functions of text/template, and of Prometheus, that can make a
// text longer.
func (v *volume) funcs() template.FuncMap {
	// longer returns a function that makes at most factor bytes of each of its arguments'.
	longer := func(factor int, f func(...any) string) func(...any) (string, error) {
		return func(args ...any) (string, error) {
			if err := v.allows(factor * sizes(args)); err != nil {
				return "", err
			}
			return v.made(f(args...))
		}
	}
	// escaped returns a function that makes at most three bytes of each of its argument's,
	// and a few around them.
	escaped := func(f func(string) string) func(string) (string, error) {
		return func(text string) (string, error) {
			if err := v.allows(3 * len(text)); err != nil {
				return "", err
			}
			return v.made(f(text))
		}
	}
	return template.FuncMap{
		"graphLink":      escaped(strutil.GraphLinkForExpression),
		"tableLink":      escaped(strutil.TableLinkForExpression),
		"urlQueryEscape": escaped(url.QueryEscape),

		"print":    longer(1, fmt.Sprint),
		"println":  longer(1, fmt.Sprintln),
		"html":     longer(5, template.HTMLEscaper), // " becomes &#34;
		"js":       longer(6, template.JSEscaper),   // < becomes \u003C
		"urlquery": longer(3, template.URLQueryEscaper),
		"printf": func(format string, args ...any) (string, error) {
			if err := v.allows(formatted(format, args)); err != nil {
				return "", err
			}
			return v.made(fmt.Sprintf(format, args...))
		},
		"reReplaceAll": func(pattern, replacement, text string) (string, error) {
			// Matches do not overlap: each $ gives at most the whole text.
			if err := v.allows((len(text)+1)*(len(replacement)+1) + strings.Count(replacement, "$")*len(text)); err != nil {
				return "", err
			}
			return v.made(regexp.MustCompile(pattern).ReplaceAllString(text, replacement))
		},
		shown: func(value any) (any, error) {
			n := size(value)
			if err := v.allows(n); err != nil {
				return nil, err
			}
			v.left -= n
			return value, nil
		},
	}
}

// formatted returns more bytes than the formatting of args can give.
func formatted(format string, args []any) int {
	const (
		maxWidth = 1_000_000 // of one argument; fmt refuses more
		quoted   = 10        // at most so many bytes for each of an argument's
		number   = 400       // bytes of the longest without width and precision
	)
	longest := number
	for _, a := range args {
		longest = max(longest, quoted*size(a))
	}
	n := len(format) + strings.Count(format, "%")*longest + strings.Count(format, "*")*maxWidth
	digits := 0
	for _, c := range format + " " {
		if '0' <= c && c <= '9' {
			digits = min(10*digits+int(c-'0'), maxWidth)
			continue
		}
		n += digits
		digits = 0
	}
	// What no verb asks for is shown at the end.
	return n + 2*quoted*sizes(args)
}

func sizes(values []any) int {
	n := 0
	for _, v := range values {
		n += size(v) + 1
	}
	return n
}

// size returns how many bytes a value has when it is shown, about.
func size(value any) int {
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.String:
		return v.Len()
	case reflect.Invalid, reflect.Bool, reflect.Int, reflect.Int64, reflect.Uint, reflect.Uint64, reflect.Float64:
		return 32
	default:
		return len(fmt.Sprint(value))
	}
}
