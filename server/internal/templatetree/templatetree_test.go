package templatetree_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"text/template"
	"text/template/parse"

	"github.com/cresset-metrics/cresset/server/internal/templatetree"
)

// Each repetition calls, wherever the range stands, and nothing else does.
func TestCallInRanges(t *testing.T) {
	for _, tc := range []struct {
		text  string
		calls int
		shown string
	}{
		{`a`, 0, "a"},
		{`{{range .}}x{{end}}`, 3, "xxx"},
		{`{{range .}}x{{else}}none{{end}}`, 3, "xxx"},
		{`{{range .}}{{range $}}x{{end}}{{end}}`, 12, "xxxxxxxxx"},
		{`{{if .}}{{range .}}x{{end}}{{end}}`, 3, "xxx"},
		{`{{if not .}}{{else}}{{range .}}x{{end}}{{end}}`, 3, "xxx"},
		{`{{with .}}{{range .}}x{{end}}{{end}}`, 3, "xxx"},
		{`{{with 0}}{{else}}{{range $}}x{{end}}{{end}}`, 3, "xxx"},
		{`{{range slice . 0 0}}{{else}}{{range $}}x{{end}}{{end}}`, 3, "xxx"},
	} {
		t.Run(tc.text, func(t *testing.T) {
			calls := 0
			text, err := template.New("").Funcs(template.FuncMap{"count": func() string { calls++; return "" }}).Parse(tc.text)
			if err != nil {
				t.Fatal(err)
			}
			templatetree.CallInRanges(text.Root, "count", nil)
			var shown shown
			if err := text.Execute(&shown, []int{1, 2, 3}); err != nil {
				t.Fatal(err)
			}
			if calls != tc.calls || string(shown) != tc.shown {
				t.Errorf("got %d calls and %q, want %d and %q", calls, shown, tc.calls, tc.shown)
			}
		})
	}
}

type shown []byte

func (s *shown) Write(p []byte) (int, error) { *s = append(*s, p...); return len(p), nil }

// Every action is told of once.
func TestActions(t *testing.T) {
	text, err := template.New("").Funcs(template.FuncMap{"count": func() string { return "" }}).Parse(`{{1}}{{if 2}}{{3}}{{end}}{{range .}}{{4}}{{end}}`)
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	templatetree.CallInRanges(text.Root, "count", func(n *parse.ActionNode) { actions = append(actions, n.Pipe.String()) })
	if want := []string{"1", "3", "4"}; !slices.Equal(actions, want) {
		t.Errorf("got %q, want %q", actions, want)
	}
}

func ExampleCallInRanges() {
	steps := 3
	text := template.Must(template.New("").Funcs(template.FuncMap{"step": func() (string, error) {
		if steps--; steps < 0 {
			return "", fmt.Errorf("too many steps")
		}
		return "", nil
	}}).Parse("{{range .}}{{.}} {{end}}"))
	templatetree.CallInRanges(text.Root, "step", nil)
	fmt.Println(text.Execute(os.Stdout, []int{1, 2}))
	fmt.Println(text.Execute(os.Stdout, []int{3, 4}) != nil)
	// Output:
	// 1 2 <nil>
	// 3 true
}
