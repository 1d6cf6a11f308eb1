package exposition

import (
	"testing"

	"github.com/prometheus/common/model"
	"pgregory.net/rapid"
)

var schemes = map[Escaping]model.EscapingScheme{
	AllowUTF8:   model.NoEscaping,
	Underscores: model.UnderscoreEscaping,
	Dots:        model.DotsEscaping,
	Values:      model.ValueEncodingEscaping,
}

func TestEscapeName(t *testing.T) {
	tests := []struct {
		name                            string
		underscores, utf8, dots, values string
	}{
		{"", "", "", "", ""},
		{"plain_name:total", "plain_name:total", "plain_name:total", "plain_name:total", "plain_name:total"},
		{"http.status_code", "http_status_code", "http.status_code", "http_dot_status__code", "U__http_2e_status__code"},
		{"1st", "_st", "1st", "__st", "U___31_st"},
		{"größe", "gr__e", "größe", "gr____e", "U__gr_f6__df_e"},
		{"a b", "a_b", "a b", "a__b", "U__a_20_b"},
		{"花火", "__", "花火", "____", "U___82b1__706b_"},
		{"x😀", "x_", "x😀", "x__", "U__x_1f600_"},
		{"\"\\\n", "___", "\"\\\n", "______", "U___22__5c__a_"},
	}
	for _, test := range tests {
		for escaping, want := range map[Escaping]string{
			Underscores: test.underscores, AllowUTF8: test.utf8, Dots: test.dots, Values: test.values,
		} {
			if got := EscapeName(test.name, escaping); got != want {
				t.Errorf("%q under %s: got %q, want %q", test.name, escaping, got, want)
			}
		}
	}
}

// Names come out as the reference implementation has them. It also escapes the
// underscores of legacy names under dots, but does not do that where it writes a
// family, and neither do we.
func TestEscapeNameAgainstReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("ab_:.0129 -é花")))).Draw(t, "name")
		if got, want := IsLegacyName(name), model.LegacyValidation.IsValidMetricName(name); got != want {
			t.Fatalf("IsLegacyName(%q): got %t, want %t", name, got, want)
		}
		for escaping, scheme := range schemes {
			want := name
			if !IsLegacyName(name) {
				want = model.EscapeName(name, scheme)
			}
			if got := EscapeName(name, escaping); got != want {
				t.Fatalf("%q under %s: got %q, want %q", name, escaping, got, want)
			}
		}
	})
}

func TestEscapingIsReadBack(t *testing.T) {
	for escaping, scheme := range schemes {
		if got, want := escaping.String(), scheme.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got, ok := ParseEscaping(escaping.String()); !ok || got != escaping {
			t.Errorf("%s: got %s, %t", escaping, got, ok)
		}
	}
	for _, unknown := range []string{"", "utf-8", "Dots", "dots "} {
		if got, ok := ParseEscaping(unknown); ok || got != Underscores {
			t.Errorf("%q: got %s, %t, want underscores, false", unknown, got, ok)
		}
	}
}
