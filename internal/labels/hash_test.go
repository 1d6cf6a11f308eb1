package labels_test

import (
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"github.com/cresset-metrics/cresset/internal/labels"
)

// mixed has every kind of memory, and gaps.
type mixed struct {
	B bool   `label:"b"`
	S string `label:"s"`
	H int16  `label:"h"`
	T string `label:"t"`
	W uint32 `label:"w"`
	N int64  `label:"n"`
	I id     `label:"i"`
	X secret `label:"x"`
}

func FuzzHash(f *testing.F) {
	p, err := labels.NewPlan(reflect.TypeFor[mixed](), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(true, "a", "bc", int16(1), uint32(2), int64(3), byte(4), byte(0))
	f.Add(false, "", strings.Repeat("x", 17), int16(-1), uint32(0), int64(-1), byte(255), byte(0xff))
	f.Add(false, "/api/v1/users", "exactly 16 bytes", int16(0), uint32(1<<31), int64(1<<62), byte(0), byte(1))
	f.Fuzz(func(t *testing.T, b bool, s, u string, h int16, w uint32, n int64, i, dirt byte) {
		clean := mixed{b, s, h, u, w, n, id{i, i, 0, i}, secret{h, 1, u}}
		// The same value elsewhere, with other strings, and with something in the
		// gaps.
		var dirty mixed
		for k := range unsafe.Slice((*byte)(unsafe.Pointer(&dirty)), 8)[1:] { // after B
			unsafe.Slice((*byte)(unsafe.Pointer(&dirty)), 8)[k+1] = dirt
		}
		dirty.B, dirty.S, dirty.H, dirty.T, dirty.W, dirty.N = b, strings.Clone(s), h, strings.Clone(u), w, n
		dirty.I, dirty.X = clean.I, secret{h, 1, strings.Clone(u)}
		want := p.Hash(unsafe.Pointer(&clean))
		if got := p.Hash(unsafe.Pointer(&dirty)); got != want {
			t.Errorf("%+v has the hashes %x and %x", clean, got, want)
		}
	})
}

// TestHashesSpread counts how many of the lower bits of the hashes are the same
// for values that differ by little.
func TestHashesSpread(t *testing.T) {
	type labelled struct {
		A string `label:"a"`
		B string `label:"b"`
		N int64  `label:"n"`
		M int64  `label:"m"`
	}
	p, err := labels.NewPlan(reflect.TypeFor[labelled](), nil)
	if err != nil {
		t.Fatal(err)
	}
	letters := "abcdefghijklmnop"
	for name, value := range map[string]func(i, j int64) labelled{
		"integers":       func(i, j int64) labelled { return labelled{N: i, M: j} },
		"large integers": func(i, j int64) labelled { return labelled{N: i << 40, M: j << 56} },
		"letters": func(i, j int64) labelled {
			return labelled{A: letters[i%16:][:1], B: letters[j%16:][:1], N: i / 16, M: j / 16}
		},
		"short and long": func(i, j int64) labelled {
			return labelled{A: strings.Repeat("x", int(i)), B: strings.Repeat("x", int(j))}
		},
		"moved": func(i, j int64) labelled { return labelled{A: letters[:i%16], B: letters[i%16:], N: i / 16, M: j} },
		"common beginning": func(i, j int64) labelled {
			return labelled{A: "/api/v1/" + letters[i%16:][:1] + letters[j%16:][:1], N: i / 16, M: j / 16}
		},
	} {
		const n = 64
		seen := make(map[uint64]int)
		for i := range int64(n) {
			for j := range int64(n) {
				v := value(i, j)
				seen[p.Hash(unsafe.Pointer(&v))%(n*n)]++
			}
		}
		// At random, 63% of the places are taken. The keys of a plan are random,
		// and some that nearly never come up do worse.
		if len(seen) < n*n/10 {
			t.Errorf("%s: %d values have %d places of %d", name, n*n, len(seen), n*n)
		}
		for _, count := range seen {
			if count > n {
				t.Errorf("%s: %d values have the same place", name, count)
			}
		}
	}
}

func TestHashAllocatesNothing(t *testing.T) {
	p, err := labels.NewPlan(reflect.TypeFor[mixed](), nil)
	if err != nil {
		t.Fatal(err)
	}
	v := mixed{S: strings.Repeat("x", 100)}
	if n := testing.AllocsPerRun(100, func() { p.Hash(unsafe.Pointer(&v)) }); n != 0 {
		t.Errorf("a hash makes %v allocations", n)
	}
}
