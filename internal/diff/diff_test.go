package diff

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestLines(t *testing.T) {
	for _, tt := range []struct{ name, got, want, diff string }{
		{"nothing and a line", "", "a\n", "+a\n "},
		{"a line and nothing", "a\n", "", "-a\n "},
		{"another line", "a\nb\nc\n", "a\nx\nc\n", " a\n-b\n+x\n c\n "},
		{"all other lines", "a\nb\n", "x\ny\n", "-a\n-b\n+x\n+y\n "},
		{"a line more", "a\nc\n", "a\nb\nc\n", " a\n+b\n c\n "},
		{"a line less", "a\nb\nc\n", "a\nc\n", " a\n-b\n c\n "},
		{"two lines that swapped", "a\nb\n", "b\na\n", "-a\n b\n+a\n "},
		{"empty lines", "\n\na", "\na", " \n-\n a"},
		{"the example of the paper", "a\nb\nc\na\nb\nb\na", "c\nb\na\nb\na\nc", "-a\n-b\n c\n+b\n a\n b\n-b\n a\n+c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Lines(tt.got, tt.want); got != tt.diff {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.diff)
			}
		})
	}
}

// sides returns the texts that a difference was made of, and how many lines it
// marks.
func sides(t *rapid.T, difference string) (got, want string, marked int) {
	var a, b []string
	for l := range strings.SplitSeq(difference, "\n") {
		switch l[0] {
		case '-':
			a, marked = append(a, l[1:]), marked+1
		case '+':
			b, marked = append(b, l[1:]), marked+1
		case ' ':
			a, b = append(a, l[1:]), append(b, l[1:])
		default:
			t.Fatalf("got line %q, want one that begins with a mark", l)
		}
	}
	return strings.Join(a, "\n"), strings.Join(b, "\n"), marked
}

// fewest returns how many lines have to be marked, by the textbook's recurrence
// for the longest common subsequence.
func fewest(a, b []string) int {
	common := make([]int, len(b)+1) // of a so far and the first lines of b
	for _, x := range a {
		before := slices.Clone(common)
		for j, y := range b {
			if x == y {
				common[j+1] = before[j] + 1
			} else {
				common[j+1] = max(before[j+1], common[j])
			}
		}
	}
	return len(a) + len(b) - 2*common[len(b)]
}

func TestLinesHasBothTextsAndMarksFewLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.StringMatching("[abc ]?"), 0, 20)
		a, b := lines.Draw(t, "got"), lines.Draw(t, "want")
		got, want := strings.Join(a, "\n"), strings.Join(b, "\n")
		from, to, marked := sides(t, Lines(got, want))
		if from != got || to != want {
			t.Errorf("got the difference of %q and %q, want of %q and %q", from, to, got, want)
		}
		if few := fewest(strings.Split(got, "\n"), strings.Split(want, "\n")); marked != few {
			t.Errorf("got %d marked lines, want %d", marked, few)
		}
	})
}

// A difference that would cost too much is listed simply, and whole.
func TestLinesOfManyLines(t *testing.T) {
	got := "begin\n" + strings.Repeat("a\n", maxEdits) + "end\n"
	want := "begin\n" + strings.Repeat("b\n", maxEdits) + "end\n"
	lines := strings.Split(Lines(got, want), "\n")
	expected := slices.Concat(
		[]string{" begin"}, slices.Repeat([]string{"-a"}, maxEdits), slices.Repeat([]string{"+b"}, maxEdits), []string{" end", " "})
	if !slices.Equal(lines, expected) {
		t.Errorf("got %d lines, from %q to %q", len(lines), lines[:3], lines[len(lines)-3:])
	}
}
