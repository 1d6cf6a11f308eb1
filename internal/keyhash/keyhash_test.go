package keyhash_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/internal/keyhash"
)

// texts draws texts of which many are the same but for little.
func texts() *rapid.Generator[[]string] {
	text := rapid.OneOf(
		rapid.StringMatching(`[ab\x00\x01]{0,20}`),
		rapid.Custom(func(t *rapid.T) string { return strings.Repeat("x", rapid.IntRange(0, 300).Draw(t, "length")) }),
	)
	return rapid.SliceOfN(text, 0, 12)
}

func TestWordsTellShortTextsOfOneLengthApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, keyhash.Short).Draw(t, "length")
		text := rapid.Custom(func(t *rapid.T) string {
			return string(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 'a', 255}), n, n).Draw(t, "bytes"))
		})
		s, u := text.Draw(t, "s"), text.Draw(t, "u")
		if rapid.Bool().Draw(t, "same") {
			u = strings.Clone(s)
		}
		a, b := keyhash.Words(s)
		c, d := keyhash.Words(u)
		if same := a == c && b == d; same != (s == u) {
			t.Errorf("%q and %q: got the same words %t", s, u, same)
		}
	})
}

func TestTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one, other := texts().Draw(t, "one"), texts().Draw(t, "other")
		if rapid.Bool().Draw(t, "same") {
			other = nil
			for _, text := range one {
				other = append(other, strings.Clone(text))
			}
		}
		hash, lengths := keyhash.Texts(one)
		hash2, lengths2 := keyhash.Texts(other)
		if slices.Equal(one, other) {
			if hash != hash2 || lengths != lengths2 {
				t.Errorf("%q: got %x, %x and then %x, %x", one, hash, lengths, hash2, lengths2)
			}
			return
		}
		if hash == hash2 {
			t.Errorf("%q and %q have the hash %x", one, other, hash)
		}
		if lengths == keyhash.Irregular || len(one) != len(other) {
			return
		}
		same := lengths == lengths2
		for i := range one {
			same = same && len(one[i]) == len(other[i])
		}
		if same != (lengths == lengths2) {
			t.Errorf("%q and %q: got lengths %x and %x", one, other, lengths, lengths2)
		}
	})
}

func TestIrregularLengths(t *testing.T) {
	for _, test := range []struct {
		name  string
		texts []string
		want  bool
	}{
		{"none", nil, false},
		{"as many as have a byte", make([]string, 8), false},
		{"too many", make([]string, 9), true},
		{"as long as a byte tells", []string{"", strings.Repeat("x", 254)}, false},
		{"too long", []string{"", strings.Repeat("x", 255)}, true},
	} {
		if _, lengths := keyhash.Texts(test.texts); (lengths == keyhash.Irregular) != test.want {
			t.Errorf("%s: got lengths %x, want irregular ones: %t", test.name, lengths, test.want)
		}
	}
}

// What differs by little has hashes that differ in their low bits, of which places in
// an index are made.
func TestHashesSpread(t *testing.T) {
	const n = 1 << 12
	seen := make(map[uint64]int)
	for i := range n {
		hash, _ := keyhash.Texts([]string{"/api/v1/" + string(rune('a'+i%16)), string(rune('a' + i/16%16)), string(rune('a' + i/256))})
		seen[hash%n]++
	}
	if len(seen) < n/2 { // at random, 63% of the places are taken
		t.Errorf("got %d places for %d texts", len(seen), n)
	}
}
