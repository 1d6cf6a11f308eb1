package document_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	yamlv2 "go.yaml.in/yaml/v2"
	"go.yaml.in/yaml/v3"

	"github.com/cresset-metrics/cresset/server/internal/document"
)

func ExampleAt() {
	root, _, err := document.Parse([]byte("shelves:\n  - bread: rye\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, shelf := range document.Elements(document.Child(root, "shelves")) {
		bread := document.Child(shelf, "bread")
		if text, _ := document.Text(bread); text != "wheat" {
			fmt.Println(document.Error{Position: document.At("shop.yml", bread), Reason: text + " is sold out"})
		}
	}
	// Output: shop.yml:2:12: rye is sold out
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, content string
		root, next    string // positions; of root with its kind
		err           string
	}{
		{"nothing", "", "a:1 !!map", "", ""},
		{"comments", "# a\n\n# b\n", "a:1 !!map", "", ""},
		{"null", "---\n~\n", "a:1 !!map", "", ""},
		{"a list", "\n  - x\n", "a:2:3 !!seq", "", ""},
		{"another document", "x: 1\n---\n---\n# none\n---\n\n y: 1\n", "a:1:1 !!map", "a:7:2", ""},
		{"empty documents", "x: 1\n---\n---\nnull\n", "a:1:1 !!map", "", ""},
		{"after null", "~\n---\nx: 1\n", "a:1 !!map", "a:3:1", ""},
		{"a bad document", "x: 1\n---\n[\n", "a:1:1 !!map", "a:1", ""},
		{"no YAML", "x: [\n", "", "", "yaml: line 1: did not find expected node content"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got [3]string
			root, next, err := document.Parse([]byte(tt.content))
			if root != nil {
				got[0] = document.At("a", root).String() + " " + root.ShortTag()
			}
			if next != nil {
				got[1] = document.At("a", next).String()
			}
			if err != nil {
				got[2] = err.Error()
			}
			if want := [3]string{tt.root, tt.next, tt.err}; got != want {
				t.Errorf("got root, next and error\n%q\nwant\n%q", got, want)
			}
		})
	}
}

// A key of the mapping itself counts more than one that is merged into it, wherever
// they stand, and nothing goes in circles.
func TestEntries(t *testing.T) {
	for _, tt := range []struct {
		name, content string
		want          []string
		x             string
	}{
		{"own first", "a: &a {x: a, y: a}\nm: {<<: *a, x: own}\n", []string{"x=own", "x=a", "y=a"}, "own"},
		{"several", "a: &a {x: a}\nb: &b {x: b}\nm: {<<: [*a, *b]}\n", []string{"x=a", "x=b"}, "a"},
		{"written in place", "m: {<<: {x: here}}\n", []string{"x=here"}, "here"},
		{"merged by what is merged", "a: &a {x: a}\nb: &b {<<: *a, y: b}\nm: {<<: *b}\n", []string{"<<=", "y=b"}, ""},
		{"itself", "m: &m {<<: *m, x: own}\n", []string{"x=own"}, "own"},
		{"a quoted key", "m: {\"<<\": {x: 1}}\n", []string{"<<="}, ""},
		{"aliases", "k: &k x\nv: &v of\nn: &n {*k : *v}\nm: *n\n", []string{"x=of"}, "of"},
		{"null", "m: {x: ~}\n", []string{"x="}, ""},
		{"no mapping", "m: [x]\n", nil, ""},
		{"not there", "n: 1\n", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root, _, err := document.Parse([]byte(tt.content))
			if err != nil {
				t.Fatal(err)
			}
			m := document.Child(root, "m")
			var got []string
			for key, value := range document.Entries(m) {
				text, _ := document.Text(value)
				got = append(got, key.Value+"="+text)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if x, _ := document.Text(document.Child(m, "x")); x != tt.x {
				t.Errorf("x: got %q, want %q", x, tt.x)
			}
		})
	}
}

func TestMessages(t *testing.T) {
	var into struct{ X, Y int }
	content := []byte("x: a\ny: \"b\\nc\"\n")
	want := []document.Message{{1, "cannot unmarshal !!str `a` into int"}, {2, "cannot unmarshal !!str `b\nc` into int"}}
	for name, err := range map[string]error{"v2": yamlv2.Unmarshal(content, &into), "v3": yaml.Unmarshal(content, &into)} {
		if got := document.Messages(fmt.Errorf("wrapped: %w", err)); !slices.Equal(got, want) {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
	err := yaml.Unmarshal([]byte("\xff"), &into)
	if got, want := document.Messages(err), []document.Message{{0, "invalid leading UTF-8 octet"}}; !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestBadByte(t *testing.T) {
	for content, want := range map[string]string{
		"ä\tö\r\n\u0085\u20ac\n":     "",
		"x: ä\ny: äö caf\xe9\n":      "a:2:10",
		"x\n\x01":                    "a:2:1",
		"\u0080":                     "a:1:1",
		"\ufffd is a character\n":    "",
		"\xff\xfex\x00 \x00\x01\x00": "", // UTF-16
		"x: *none\n" + strings.Repeat("y: z\n", 1000) + "\x01": "", // the anchor is what is wrong first
	} {
		reason := "none"
		if _, _, err := document.Parse([]byte(content)); err != nil {
			reason = document.Messages(err)[0].Reason
		}
		at, _, ok := document.BadByte("a", []byte(content), reason)
		if got := at.String(); got != want || ok != (want != "") {
			t.Errorf("%.30q, %s: got %q and %v, want %q", content, reason, got, ok, want)
		}
	}
}
