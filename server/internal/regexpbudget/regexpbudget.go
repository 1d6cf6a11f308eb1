// Package regexpbudget bounds the regular expressions that clients bring: what they
// compile to may not cost much more than their length.
package regexpbudget

import (
	"fmt"
	"regexp/syntax"
)

// A Budget bounds the regular expressions that one request brings: what
// they compile to may be a few times as long as their text, and freeSteps more.
// That only limits counted repetitions: with those, a few kilobytes could become
// hundreds of megabytes. The zero value is ready for a request, and one goroutine may
// use it.
type Budget struct {
	steps, text int
}

const (
	freeSteps    = 10_000
	stepsPerByte = 4
)

// Spend takes an expression into account, and refuses what is none or too large.
func (b *Budget) Spend(expr string) error {
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return err
	}
	b.steps += regexpSteps(parsed)
	b.text += len(expr)
	if b.steps > freeSteps+stepsPerByte*b.text {
		return fmt.Errorf("counted repetitions make it too large: %d steps, and at most %d are allowed", b.steps, freeSteps+stepsPerByte*b.text)
	}
	return nil
}

// regexpSteps estimates how many steps the program of an expression has.
func regexpSteps(re *syntax.Regexp) int {
	steps := 1
	if re.Op == syntax.OpLiteral {
		steps = len(re.Rune)
	}
	for _, sub := range re.Sub {
		steps += regexpSteps(sub)
	}
	if re.Op == syntax.OpRepeat {
		steps *= max(re.Min, re.Max, 1)
	}
	return steps
}
