package regexpbudget_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cresset-metrics/cresset/server/internal/regexpbudget"
)

// What counted repetitions multiply is bounded; long texts without any are not.
func TestSpend(t *testing.T) {
	var hosts []string
	for i := range 20_000 {
		hosts = append(hosts, fmt.Sprintf("host-%d.example.com", i))
	}
	for _, tc := range []struct {
		name  string
		exprs []string
		fits  bool
	}{
		{"many names", []string{strings.Join(hosts, "|")}, true},
		{"a host name", []string{`[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?){0,5}`}, true},
		{"everything that is no repetition", []string{strings.Repeat(`(?i)(a|b)*[^c-d]+?.\d\pL\b$`, 1000)}, true},
		{"one large repetition", []string{"x{1000}"}, true},
		{"many large repetitions", []string{strings.Repeat("x{1000}", 11)}, false},
		{"nested", []string{"((x{30}y){30}z)"}, true},
		{"nested, of much", []string{"((abcdefghij{30}y){30}klmnopqrst){1,}" + strings.Repeat("(.{31}){31}", 20)}, false},
		{"large together", []string{strings.Repeat("x{1000}", 6), strings.Repeat("y{1000}", 6)}, false},
		{"none", []string{"("}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var budget regexpbudget.Budget
			var err error
			for _, expr := range tc.exprs {
				if err == nil {
					err = budget.Spend(expr)
				}
			}
			if (err == nil) != tc.fits {
				t.Errorf("got %v, want that it fits: %v", err, tc.fits)
			}
		})
	}
}

func ExampleBudget_Spend() {
	var b regexpbudget.Budget
	fmt.Println(b.Spend("prod-[0-9]+"))
	fmt.Println(b.Spend(strings.Repeat("x{1000}", 20)) != nil)
	// Output:
	// <nil>
	// true
}
