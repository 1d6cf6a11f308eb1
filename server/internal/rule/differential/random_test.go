package differential_test

import (
	"testing"

	"pgregory.net/rapid"
)

// Any rules over any series do the same in both engines, whatever happens to them
// but for what TestRandomReloads has.
func TestRandomPrograms(t *testing.T) {
	checkRandom(t, generator{})
}

// Whatever a reload does to some groups, the others go on in both engines.
func TestRandomReloads(t *testing.T) {
	checkRandom(t, generator{free: true})
}

func checkRandom(t *testing.T, g generator) {
	for way, run := range map[string]func(*testing.T, *program) result{"by themselves": run, "step by step": runStepped} {
		t.Run(way, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				drawing := g
				drawing.T = rt
				p := drawing.program()
				if r := run(t, p); r.differs != "" {
					rt.Fatalf("the engines differ in %s\n%s", r.differs, p)
				}
			})
		})
	}
}
