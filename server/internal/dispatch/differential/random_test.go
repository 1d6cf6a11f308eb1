package differential_test

import (
	"testing"

	"pgregory.net/rapid"
)

// Whatever happens, the receivers are told the same at the same times.
func TestRandomPrograms(t *testing.T) {
	checkRandom(t, func(rt *rapid.T) *generator { return &generator{T: rt, silences: true} })
}

// The same with reloads.
func TestRandomReloads(t *testing.T) {
	checkRandom(t, func(rt *rapid.T) *generator { return &generator{T: rt, silences: true, anew: true} })
}

func checkRandom(t *testing.T, g func(*rapid.T) *generator) {
	told := 0
	rapid.Check(t, func(rt *rapid.T) {
		p := g(rt).program()
		r := p.run(t, delivery.String)
		if r.differs != "" {
			rt.Fatalf("the pipelines differ:\n%s%s", r.differs, p)
		}
		told += len(r.theirs)
	})
	if told == 0 {
		t.Error("nobody was told anything")
	}
	t.Logf("%d notifications", told)
}
