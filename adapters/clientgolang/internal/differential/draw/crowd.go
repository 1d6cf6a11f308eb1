package draw

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"
)

// Crowd draws what several workers do at once. In the end it does not matter who
// of them was first: what they share they add to, with sums that are exact, and
// no summary gets so many observations that its quantiles are estimates.
func Crowd(t *rapid.T) script.Crowd {
	var c script.Crowd
	c.Vectors = rapid.SliceOfN(rapid.Custom(crowdVector), 1, 6).Draw(t, "vectors")
	for i := range c.Vectors {
		c.Vectors[i].Name += fmt.Sprint("_", i)
	}
	c.Wrapped = rapid.SliceOfN(rapid.Bool(), len(c.Vectors), len(c.Vectors)).Draw(t, "wrapped")
	one := func(t *rapid.T) script.Act { return act(t, c.Vectors) }
	for range 3 {
		var acts []script.Act
		for _, part := range rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(one), 0, 30), 0, 20).Draw(t, "acts") {
			acts = append(acts, part...)
		}
		c.Workers = append(c.Workers, acts[:min(len(acts), 160)])
	}
	return c
}

func crowdVector(t *rapid.T) script.Metric {
	m := script.Metric{
		Kind:        rapid.SampledFrom([]string{"counter", "gauge", "histogram", "summary", "native", "limited", "quantiles"}).Draw(t, "kind"),
		Names:       []string{"who"},
		Constrained: rapid.Bool().Draw(t, "constrained"),
	}
	m.Name = m.Kind
	switch m.Kind {
	case "histogram":
		m.Buckets = script.Bounds
	case "native", "limited":
		if rapid.Bool().Draw(t, "has buckets") {
			m.Buckets = script.Bounds
		}
		m.Native = script.Native{Factor: 2, MaxExemplars: 3}
		if m.Kind == "limited" {
			m.Native.MaxBuckets = 2
		}
		m.Kind = "native"
	case "quantiles":
		m.Objectives = map[float64]float64{0.5: 0.05, 0.9: 0.01}
	}
	return m
}

// act draws an act of a worker that has these vectors.
func act(t *rapid.T, vectors []script.Metric) script.Act {
	a := script.Act{
		Vector: rapid.IntRange(0, len(vectors)-1).Draw(t, "vector"),
		Do: rapid.SampledFrom([]string{
			"inc", "inc", "add", "add", "observe", "observe", "sub", "set", "exemplar", "delete", "register", "unregister",
		}).Draw(t, "do"),
		Own:   rapid.Bool().Draw(t, "own"),
		Held:  rapid.Bool().Draw(t, "held"),
		Value: rapid.SampledFrom(script.Bounds).Draw(t, "value"),
	}
	// Whoever comes last is right, or is the one that is seen.
	last := vectors[a.Vector].Native.MaxBuckets > 0 || a.Do == "exemplar" || a.Do == "set" || vectors[a.Vector].Kind == "gauge" && a.Do == "observe"
	a.Own = a.Own || last
	return a
}
