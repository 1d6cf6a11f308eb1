package query

import (
	"strings"
	"testing"
)

func TestParserRefusesWhatIsTooLarge(t *testing.T) {
	nested := func(open, inner, end string, n int) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
	}
	tests := []struct {
		name, expr, want string // want is part of the error; "" if there is none
	}{
		{"at the limit", nested("(", "up", ")", maxDepth), ""},
		{"beyond it", nested("(", "up", ")", maxDepth+1), "nested 1001 levels deep"},
		{"far beyond it", nested("abs(", "up", ")", 40_000), "nested 40000 levels deep"},
		{"signs", strings.Repeat("-", maxDepth+1) + "1", "nested 1001 levels deep"},
		{"signs with space between", strings.Repeat("- ", 2*maxDepth) + "1", "nested 2000 levels deep"},
		{"signs and brackets", nested("-(", "1", ")", 2*maxDepth), "levels deep"},
		{"too long", "vector(1) # " + strings.Repeat("x", maxLength), "at most 262144"},
		{"many terms side by side", "1" + strings.Repeat("+1", 10_000), ""},
		{"brackets in strings and comments", `label_replace(up, "a", "` + strings.Repeat("(", 2*maxDepth) + `\"(", "b", '((\'') # ` + strings.Repeat("[", 2*maxDepth), ""},
		{"brackets in a raw string", "vector(1) == on(x) up{a=`" + strings.Repeat("(", 2*maxDepth) + "\\`}", ""},
		{"brackets one after the other", "up" + strings.Repeat(" + (up)", 2*maxDepth), ""},
	}
	p := NewParser()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := p.ParseExpr(test.expr)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("got %v, want no error", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}
