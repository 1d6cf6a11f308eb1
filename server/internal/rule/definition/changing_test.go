package definition

import (
	"strings"
	"testing"
)

func TestChanges(t *testing.T) {
	const value, query, clock = causeValue, causeQuery, causeTime
	tests := []struct{ text, want string }{
		{"page", ""},
		{"{{ $labels.job }}", ""},
		{"{{ .Labels.Value }}", ""},
		{"{{ $labels.Value }}", ""},
		{"{{ $externalLabels.dc }}{{ $externalURL }}{{ .ExternalURL }}", ""},
		{"{{ query \"up\" | first | label \"job\" }}", ""},
		{"{{/* $value */}}x", ""},
		{"{{ `$value` }}", ""},

		{"{{ $value }}", value},
		{"{{ .Value }}", value},
		{"{{ $.Value }}", value},
		{"{{ . }}", value},
		{"{{ printf `%v` . }}", value},
		{"{{ (.).Value }}", value},
		{"{{ $value | humanize }}", value},
		{"{{ printf `%.0f` $value }}", value},
		{"{{ printf `%s-%.0f` $labels.job (printf `%v` $value) }}", value},
		{"{{ query \"up\" | first | value }}", query},
		{"{{ now }}", clock},

		// What a query gives has labels and a value.
		{"{{ query \"up\" }}", query},
		{"{{ query \"up\" | sortByLabel \"job\" | first | label \"job\" }}", ""},
		{"{{ (index (query \"up\") 0).Value }}", query},
		{"{{ (index (query \"up\") 0).Labels.job }}", ""},
		{"{{ query \"up\" | len }}", ""},
		{"{{ range query \"up\" }}{{ .Value }}{{ end }}", query},
		{"{{ range query \"up\" }}{{ . }}{{ end }}", query},
		{"{{ with query \"up\" | first }}{{ .Labels.job }}{{ end }}", ""},
		{"{{ with query (printf `up > %f` $value) | first }}{{ .Labels.job }}{{ end }}", value},

		// Variables.
		{"{{ $x := $value }}{{ $x }}", value},
		{"{{ $x := $value }}{{ $labels.job }}", ""},
		{"{{ $value := `fixed` }}{{ $value }}", ""},
		{"{{ $x := 1 }}{{ $x = $value }}{{ $x }}", value},
		{"{{ $all := . }}{{ $all.Value }}", value},
		{"{{ $all := . }}{{ $all.Labels.job }}", ""},
		{"{{ if true }}{{ $x := $value }}{{ end }}", ""},
		{"{{ $x := `a` }}{{ if $labels.a }}{{ $x := $value }}{{ end }}{{ $x }}", ""},
		{"{{ $x := `a` }}{{ if $labels.a }}{{ $x = $value }}{{ end }}{{ $x }}", value},

		// Conditions.
		{"{{ if gt $value 6.0 }}high{{ else }}low{{ end }}", value},
		{"{{ if gt $value 6.0 }}{{ end }}x", ""},
		{"{{ if $labels.a }}b{{ else if gt .Value 1.0 }}c{{ end }}", value},
		{"{{ if . }}x{{ end }}", ""},
		{"{{ $x := `low` }}{{ if gt $value 6.0 }}{{ $x = `high` }}{{ end }}{{ $x }}", value},
		{"{{ $x := `low` }}{{ if gt $value 6.0 }}{{ $x = `high` }}{{ end }}", ""},

		// with and range move the dot.
		{"{{ with $labels }}{{ .Value }}{{ end }}", ""},
		{"{{ with . }}{{ .Value }}{{ end }}", value},
		{"{{ with $labels }}{{ $.Value }}{{ end }}", value},
		{"{{ with $value }}{{ . }}{{ end }}", value},
		{"{{ with $value }}x{{ end }}", value},
		{"{{ with $x := $value }}{{ $x }}{{ end }}", value},
		{"{{ range query \"up\" }}{{ .Labels.job }}{{ end }}", ""},
		{"{{ range query \"up\" }}{{ . | value }}{{ end }}", query},
		{"{{ range $i, $e := query (printf `up > %f` $value) }}{{ $e.Labels.job }}{{ end }}", value},
		{"{{ $a := `` }}{{ range query \"up\" }}{{ $a }}{{ $a = $value }}{{ end }}", value},
		{"{{ range query \"up\" }}{{ if gt $value 1.0 }}{{ break }}{{ end }}{{ end }}", value},

		// Templates in templates.
		{"{{ define `x` }}{{ .Value }}{{ end }}{{ template `x` . }}", value},
		{"{{ define `x` }}{{ .Value }}{{ end }}{{ template `x` $labels }}", ""},
		{"{{ define `x` }}{{ . }}{{ end }}{{ template `x` $value }}", value},
		{"{{ define `x` }}{{ template `x` . }}{{ end }}{{ template `x` . }}", ""},
		{"{{ block `x` .Value }}{{ . }}{{ end }}", value},
		{"{{ if $labels.a }}{{ define `x` }}text{{ end }}{{ end }}{{ if gt $value 1.0 }}{{ template `x` }}{{ end }}", ""}, // not allowed there

		{"{{ $value", ""},
		{"{{ $nobody }}", ""},
	}
	for _, test := range tests {
		if got := changes(test.text); got != test.want {
			t.Errorf("%s: got %q, want %q", test.text, got, test.want)
		}
	}
}

// Hostile templates come to an end, and do not use up the stack.
func TestChangesEnds(t *testing.T) {
	for _, unit := range []string{"{{if $value}}", "{{range .Labels}}", "{{with $x := .}}", "{{block `x` .}}", "((((", "{{$x := $value}}{{$x}}"} {
		for _, closed := range []bool{false, true} {
			text := strings.Repeat(unit, (maxTemplate-64)/(len(unit)+7))
			if closed && strings.Contains(unit, "{{") && !strings.Contains(unit, ":=") {
				text += strings.Repeat("{{end}}", strings.Count(text, unit))
			}
			_ = parseTemplate("A", text)
			_ = changes(text)
		}
	}
}
