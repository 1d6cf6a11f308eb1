package query

import (
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

// The language sets no limits, but its parser calls itself once for each level
// of nesting, takes time that grows with the square of the depth, and ends the
// whole process where the stack is used up. Nobody writes expressions that come
// near these limits.
const (
	maxLength = 256 << 10
	maxDepth  = 1000
)

// NewParser makes a parser for the language as the engine understands it: what
// Prometheus accepts when no feature flag is given, up to 256 KiB of text and
// 1000 levels of nesting.
func NewParser() parser.Parser { return limited{parser.NewParser(parser.Options{})} }

type limited struct{ parser.Parser }

// ParseExpr refuses what is too large, and parses the rest.
func (l limited) ParseExpr(input string) (parser.Expr, error) {
	if err := checkSize(input); err != nil {
		return nil, err
	}
	return l.Parser.ParseExpr(input)
}

func checkSize(input string) error {
	if len(input) > maxLength {
		return fmt.Errorf("the expression has %d bytes; at most %d are allowed", len(input), maxLength)
	}
	if d := depth(input); d > maxDepth {
		return fmt.Errorf("the expression is nested %d levels deep; at most %d are allowed", d, maxDepth)
	}
	return nil
}

// depth is how deep an expression is nested at most: brackets, and signs that
// stand before one another. It need not be exact for text that does not parse.
func depth(input string) int {
	open, signs, deepest := 0, 0, 0
	for i := 0; i < len(input); i++ {
		switch c := input[i]; c {
		case '(', '[', '{':
			open++
			signs = 0
		case ')', ']', '}':
			open = max(0, open-1)
			signs = 0
		case '+', '-':
			signs++
		case ' ', '\t', '\n', '\r':
		case '#':
			i += lengthUntil(input[i:], '\n')
		case '"', '\'', '`':
			i += quoted(input[i:])
			signs = 0
		default:
			signs = 0
		}
		deepest = max(deepest, open+signs)
	}
	return deepest
}

// lengthUntil is how many bytes stand before the first c, or in all.
func lengthUntil(s string, c byte) int {
	if i := strings.IndexByte(s, c); i >= 0 {
		return i
	}
	return len(s)
}

// quoted is how many bytes stand before the quote that ends the string which
// begins here, or in all.
func quoted(s string) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == s[0]:
			return i
		case s[i] == '\\' && s[0] != '`':
			i++
		}
	}
	return len(s)
}
