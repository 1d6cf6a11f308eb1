package alertmanager

import (
	"fmt"
	"regexp/syntax"
)

// A regexpBudget bounds the regular expressions that one request brings: what
// they compile to may be a few times as long as their text, and freeSteps more.
// That only limits counted repetitions: with those, a few kilobytes could become
// hundreds of megabytes.
type regexpBudget struct {
	steps, text int
}

const (
	freeSteps    = 10_000
	stepsPerByte = 4
)

// spend takes an expression into account, and refuses what is none or too large.
func (b *regexpBudget) spend(expr string) error {
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
