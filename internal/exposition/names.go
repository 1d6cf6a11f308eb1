package exposition

import "strconv"

// Escaping says what becomes of names that are not legacy ones (letters,
// digits, underscores and, but not in labels, colons; no digit first) on their
// way to a reader that may not know others. The rules and their names are
// those of Prometheus' content negotiation.
type Escaping int

const (
	Underscores Escaping = iota // every other character becomes an underscore
	AllowUTF8                   // names stay as they are, in quotes
	Dots                        // dots become _dot_, underscores are doubled, the rest as in Underscores
	Values                      // U__ in front, every other character becomes _HEX_
)

// String returns the value of the escaping parameter in a content type.
func (e Escaping) String() string {
	switch e {
	case AllowUTF8:
		return "allow-utf-8"
	case Dots:
		return "dots"
	case Values:
		return "values"
	default:
		return "underscores"
	}
}

// ParseEscaping is the inverse of Escaping.String.
func ParseEscaping(s string) (Escaping, bool) {
	for _, e := range [...]Escaping{Underscores, AllowUTF8, Dots, Values} {
		if s == e.String() {
			return e, true
		}
	}
	return Underscores, false
}

// IsLegacyName tells whether the name of a metric needs neither quotes nor
// escaping.
func IsLegacyName(name string) bool { return isLegacy(name, true) }

// isLegacyLabel tells the same of the name of a label, in which no reader takes
// a colon.
func isLegacyLabel(name string) bool { return isLegacy(name, false) }

func isLegacy(name string, colon bool) bool {
	for i, r := range name {
		if !isLegacyRune(r, i, colon) {
			return false
		}
	}
	return name != ""
}

func isLegacyRune(r rune, i int, colon bool) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '_' || r == ':' && colon || '0' <= r && r <= '9' && i > 0
}

// EscapeName returns the name of a metric as a reader of that escaping is given
// it. Legacy names stay as they are under every escaping.
func EscapeName(name string, escaping Escaping) string {
	if escaping == AllowUTF8 || name == "" || IsLegacyName(name) {
		return name
	}
	return string(appendEscapedName(make([]byte, 0, 2*len(name)), name, escaping, true))
}

// appendEscapedName writes a name that is not a legacy one, under an escaping
// other than AllowUTF8.
func appendEscapedName(buf []byte, name string, escaping Escaping, colon bool) []byte {
	if escaping == Values {
		buf = append(buf, "U__"...)
	}
	for i, r := range name {
		switch {
		case escaping != Underscores && r == '_':
			buf = append(buf, "__"...)
		case escaping == Dots && r == '.':
			buf = append(buf, "_dot_"...)
		case isLegacyRune(r, i, colon):
			buf = append(buf, byte(r))
		case escaping == Values:
			buf = append(buf, '_')
			buf = strconv.AppendInt(buf, int64(r), 16)
			buf = append(buf, '_')
		case escaping == Dots:
			buf = append(buf, "__"...)
		default:
			buf = append(buf, '_')
		}
	}
	return buf
}

// appendName writes the name of a family, in quotes if it needs them.
func appendName(buf []byte, name string) []byte {
	if IsLegacyName(name) {
		return append(buf, name...)
	}
	return appendQuoted(buf, name)
}

// appendLabelName writes the name of a label as a reader of that escaping is
// given it, in quotes if it needs them.
func appendLabelName(buf []byte, name string, escaping Escaping) []byte {
	switch {
	case isLegacyLabel(name):
		return append(buf, name...)
	case escaping == AllowUTF8 || name == "":
		return appendQuoted(buf, name)
	default:
		return appendEscapedName(buf, name, escaping, false)
	}
}

func appendQuoted(buf []byte, name string) []byte {
	buf = append(buf, '"')
	buf = appendValue(buf, name)
	return append(buf, '"')
}
