package main

import "strings"

// A markdown is a table in that language.
type markdown struct {
	header []string
	lines  [][]string
}

func newMarkdown(header ...string) *markdown { return &markdown{header: header} }

func (m *markdown) add(cells ...string) { m.lines = append(m.lines, cells) }

func (m *markdown) String() string {
	var b strings.Builder
	line := func(cells []string) {
		for _, cell := range cells {
			b.WriteString("|")
			if cell != "" {
				b.WriteString(" " + cell)
			}
			b.WriteString(" ")
		}
		b.WriteString("|\n")
	}
	line(m.header)
	b.WriteString(strings.Repeat("|---", len(m.header)) + "|\n")
	for _, cells := range m.lines {
		line(cells)
	}
	return b.String()
}
