package series

import (
	"strconv"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// mortal is an item of a table whose series expire.
type mortal struct{ Handle[int64] }

func newMortals(ttl time.Duration, names ...string) *Table[*mortal] {
	var lives *Lives[*mortal, int64]
	table := NewTable(exposition.NewSchema(nil, names), func(c *Child[*mortal]) *mortal {
		m := new(mortal)
		lives.Begin(&m.Handle, c)
		return m
	})
	lives = Expire(table, ttl, func(*int64) {}, func(m *mortal) *Handle[int64] { return &m.Handle })
	return table
}

// BenchmarkSweep is what it takes to remove 100,000 series that have expired.
func BenchmarkSweep(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		table := newMortals(time.Hour, "method", "code", "path")
		for i := range 100_000 {
			table.Create([]string{"GET", "200", strconv.Itoa(i)})
		}
		table.Ordered()
		table.expiry.rest()
		table.expiry.next.Store(0)
		table.expiry.clock.lost.Store(-int64(2 * time.Hour))
		b.StartTimer()
		table.sweepNow()
		if table.alive != 0 {
			b.Fatalf("%d series are left", table.alive)
		}
	}
}
