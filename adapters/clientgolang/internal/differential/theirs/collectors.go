package theirs

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"expvar"
	"math"
	"time"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/collectors/version"
)

// database is one to which anybody can connect, and that can do nothing.
type database struct{}

func (d database) Connect(context.Context) (driver.Conn, error) { return d, nil }
func (d database) Driver() driver.Driver                        { return nil }
func (d database) Prepare(string) (driver.Stmt, error)          { return nil, errors.New("nothing to prepare") }
func (d database) Begin() (driver.Tx, error)                    { return nil, errors.New("nothing to begin") }
func (d database) Close() error                                 { return nil }

// variable returns the published variable of that name; it can be published
// once in a process.
func variable[V any](name string, publish func(string) V) V {
	if v, ok := expvar.Get(name).(V); ok {
		return v
	}
	return publish(name)
}

// function publishes what a function returns.
func function(name string, f func() any) {
	variable(name, func(name string) expvar.Func {
		expvar.Publish(name, expvar.Func(f))
		return f
	})
}

var common = []script.Scenario{
	{Name: "collector of a database handle", Run: func(t *script.Trace) {
		db := sql.OpenDB(database{})
		defer db.Close()
		db.SetMaxOpenConns(2)
		c := collectors.NewDBStatsCollector(db, "orders")
		showing(t, c)
		ctx := context.Background()
		one, err := db.Conn(ctx)
		t.Note("one", err)
		two, err := db.Conn(ctx)
		t.Note("two", err)
		showing(t, c, collectors.NewDBStatsCollector(db, "other"))
		waiting, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		_, err = db.Conn(waiting)
		t.Note("three", err)
		t.Note("close", one.Close(), two.Close())
		showing(t, c)
		register(t, prometheus.NewRegistry(), "of no name", collectors.NewDBStatsCollector(db, ""))
	}},
	{Name: "collectors of the build", Run: func(t *script.Trace) {
		showing(t, collectors.NewBuildInfoCollector())
		//lint:ignore SA1019 programs still use it
		showing(t, prometheus.NewBuildInfoCollector())
		showing(t, version.NewCollector("shop"), version.NewCollector("other", version.WithExtraConstLabels(prometheus.Labels{"edition": "x"})))
		t.Try("a label that is there", func() {
			showing(t, version.NewCollector("shop", version.WithExtraConstLabels(prometheus.Labels{"branch": "x"})))
		})
		t.Try("no program", func() { showing(t, version.NewCollector("")) })
	}},
	{Name: "collector of published variables", Run: func(t *script.Trace) {
		variable("differential.int", expvar.NewInt).Set(-3)
		variable("differential.float", expvar.NewFloat).Set(2.5)
		variable("differential.string", expvar.NewString).Set("7")
		m := variable("differential.map", expvar.NewMap)
		m.Init()
		m.Add("a", 1)
		m.AddFloat("b", 0.5)
		m.Set("c", new(expvar.Map))
		inner := new(expvar.Map)
		inner.Add("x", 4)
		m.Set("d", inner)
		function("differential.bool", func() any { return true })
		exports := map[string]*prometheus.Desc{
			"differential.int":    desc("int", "h", nil, nil),
			"differential.float":  desc("float", "h", nil, prometheus.Labels{"c": "1"}),
			"differential.string": desc("string", "h", nil, nil),
			"differential.bool":   desc("bool", "h", nil, nil),
			"differential.map":    desc("map", "h", []string{"key"}, nil),
			"differential.none":   desc("none", "h", nil, nil),
		}
		showing(t, collectors.NewExpvarCollector(exports))
		//lint:ignore SA1019 programs still use it
		showing(t, prometheus.NewExpvarCollector(map[string]*prometheus.Desc{"differential.map": desc("deep", "h", []string{"outer", "inner"}, nil)}))
		showing(t, collectors.NewExpvarCollector(nil))
	}},
	{Name: "collector of a published variable that is no JSON", Run: func(t *script.Trace) {
		function("differential.broken", func() any { return math.NaN() })
		showing(t, collectors.NewExpvarCollector(map[string]*prometheus.Desc{"differential.broken": desc("broken", "h", nil, nil)}))
	}},
}
