package syntax

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
		{"signs", strings.Repeat("-", maxOperators+1) + "1", "has 1001 operators"},
		{"signs with space between", strings.Repeat("- ", maxOperators+1) + "1", "has 1001 operators"},
		{"signs and brackets", nested("-(", "1", ")", 2*maxDepth), "nested 2000 levels deep"},
		{"a chain", "2" + strings.Repeat("^2", maxOperators+1), "has 1001 operators"},
		{"a chain of words", "up" + strings.Repeat(" or up", maxOperators+1), "has 1001 operators"},
		{"too long", "vector(1) # " + strings.Repeat("x", maxLength), "at most 262144"},
		{"a chain at the limit", "1" + strings.Repeat("+1", maxOperators), ""},
		{"words that contain operators", "orders" + strings.Repeat("_or_and:unless", 2*maxOperators), ""},
		{"brackets in strings and comments", `label_replace(up, "a", "` + strings.Repeat("(", 2*maxDepth) + `\"(", "b", '((\'') # ` + strings.Repeat("[", 2*maxDepth), ""},
		{"brackets in a raw string", "vector(1) == on(x) up{a=`" + strings.Repeat("(", 2*maxDepth) + "\\`}", ""},
		{"brackets one after the other", "up" + strings.Repeat(" + ((up))", maxOperators), ""},
	}
	p := NewParser(Default)
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

// What Prometheus accepts only with a feature flag is not accepted here either.
func TestDefaultLanguage(t *testing.T) {
	p := NewParser(Default)
	for _, expr := range []string{"limitk(1, c)", "mad_over_time(c[5m])", "c[5m] anchored", "c + fill(0) c"} {
		if _, err := p.ParseExpr(expr); err == nil {
			t.Errorf("%s was parsed", expr)
		}
	}
	for _, expr := range []string{"rate(c[5m * 2])", "c offset -(1h + step())", "c @ end()"} {
		if _, err := p.ParseExpr(expr); err != nil {
			t.Errorf("%s: %v", expr, err)
		}
	}
}
