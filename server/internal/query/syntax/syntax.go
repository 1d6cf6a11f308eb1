// Package syntax reads expressions of PromQL, within limits.
package syntax

import (
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

// The language sets no limits, but its parser calls itself once for each level
// of nesting, also for each operator of a chain, takes time that grows with the
// square of that, and ends the whole process where the stack is used up. Nobody
// writes expressions that come near these limits.
const (
	maxLength    = 256 << 10
	maxDepth     = 1000
	maxOperators = 1000
)

// Default is the language as the engine understands it: what Prometheus accepts
// when no feature flag is given, arithmetic with durations included.
var Default = parser.Options{ExperimentalDurationExpr: true}

// Features are the names that --enable-feature has for what the language can have
// beyond Default.
var Features = []string{"promql-experimental-functions", "promql-extended-range-selectors", "promql-binop-fill-modifiers"}

// Enable extends a language by one of the Features. It reports whether the name is
// one of them, or is that of a feature which Default has.
func Enable(language *parser.Options, feature string) bool {
	switch feature {
	case "promql-experimental-functions":
		language.EnableExperimentalFunctions = true
	case "promql-extended-range-selectors":
		language.EnableExtendedRangeSelectors = true
	case "promql-binop-fill-modifiers":
		language.EnableBinopFillModifiers = true
	default:
		return feature == "promql-duration-expr"
	}
	return true
}

// NewParser makes a parser of a language that reads up to 256 KiB of text, 1000
// levels of brackets and 1000 operators.
func NewParser(language parser.Options) parser.Parser { return limited{parser.NewParser(language)} }

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
	depth, operators := measure(input)
	if depth > maxDepth {
		return fmt.Errorf("the expression is nested %d levels deep; at most %d are allowed", depth, maxDepth)
	}
	if operators > maxOperators {
		return fmt.Errorf("the expression has %d operators; at most %d are allowed", operators, maxOperators)
	}
	return nil
}

// measure returns how deep the brackets of an expression are nested, and how many
// operators it has, signs and those of selectors included. Neither need be exact
// for text that does not parse.
func measure(input string) (depth, operators int) {
	open := 0
	for i := 0; i < len(input); i++ {
		switch c := input[i]; {
		case strings.IndexByte("([{", c) >= 0:
			open++
			depth = max(depth, open)
		case strings.IndexByte(")]}", c) >= 0:
			open = max(0, open-1)
		case strings.IndexByte("+-*/%^=<>!~", c) >= 0:
			operators++
		case c == '#':
			i += lengthUntil(input[i:], '\n')
		case strings.IndexByte("\"'`", c) >= 0:
			i += quoted(input[i:])
		case isWordByte(c):
			n := wordLength(input[i:])
			if wordOperators[strings.ToLower(input[i:i+n])] {
				operators++
			}
			i += n - 1
		}
	}
	return depth, operators
}

var wordOperators = map[string]bool{"and": true, "or": true, "unless": true, "atan2": true}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == ':' || c >= 0x80
}

func wordLength(s string) int {
	n := 0
	for n < len(s) && isWordByte(s[n]) {
		n++
	}
	return n
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
