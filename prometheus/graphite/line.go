package graphite

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/prometheus/common/model"
)

// appendLines appends a line for each sample: path, value, and the time in whole
// seconds since the Unix epoch.
func appendLines(buf []byte, samples model.Vector, prefix string, useTags bool) []byte {
	for _, s := range samples {
		if prefix != "" {
			buf = append(append(buf, prefix...), '.')
		}
		buf = appendSanitized(buf, string(s.Metric[model.MetricNameLabel]))
		for _, l := range labelsOf(s.Metric) {
			if useTags {
				buf = appendTag(buf, l.name, l.value)
			} else {
				buf = append(buf, '.')
				buf = appendSanitized(buf, l.path)
			}
		}
		buf = fmt.Appendf(buf, " %g %d\n", float64(s.Value), int64(s.Timestamp)/1000)
	}
	return buf
}

type label struct {
	name, value string
	path        string // what becomes part of a path
}

// labelsOf returns the labels of a sample apart from its name, sorted as they
// stand in a path.
func labelsOf(m model.Metric) []label {
	labels := make([]label, 0, len(m))
	for name, value := range m {
		if name != model.MetricNameLabel {
			labels = append(labels, label{string(name), string(value), string(name) + " " + string(value)})
		}
	}
	slices.SortFunc(labels, func(a, b label) int { return strings.Compare(a.path, b.path) })
	return labels
}

// appendSanitized appends a part of a path. Letters, digits, underscores, colons
// and hyphens stay as they are, a space becomes a dot, which begins the next
// part, and all else becomes an underscore. Of several underscores in a row one
// is left.
func appendSanitized(buf []byte, s string) []byte {
	underscore := false // was the last one
	for _, r := range s {
		switch {
		case r == ' ':
			r = '.'
		case !inPath(r):
			r = '_'
		}
		if r != '_' || !underscore {
			buf = append(buf, byte(r))
		}
		underscore = r == '_'
	}
	return buf
}

func inPath(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == ':' || r == '-'
}

// appendTag appends a tag. Characters that Graphite does not allow, or that
// would end the tag or the line, become underscores. A tag must have a value,
// and a label without one means the same as none.
func appendTag(buf []byte, name, value string) []byte {
	if value == "" {
		return buf
	}
	if value[0] == '~' {
		value = "_" + value[1:]
	}
	buf = append(buf, ';')
	buf = append(buf, replaceAny(name, ";!^=")...)
	buf = append(buf, '=')
	return append(buf, replaceAny(value, ";")...)
}

// replaceAny puts underscores in the place of the characters, and of all that is
// white space or a control character.
func replaceAny(s, chars string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(chars, r) {
			return '_'
		}
		return r
	}, s)
}
