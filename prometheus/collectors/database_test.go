package collectors

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/prometheus"
)

// connector connects to a database that does nothing.
type connector struct{}

func (connector) Connect(context.Context) (driver.Conn, error) { return conn{}, nil }
func (connector) Driver() driver.Driver                        { return nil }

type conn struct{ driver.Conn }

func (conn) Close() error { return nil }

func hold(t *testing.T, db *sql.DB) *sql.Conn {
	t.Helper()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// statsOf returns the metrics of a database without the go_sql_ in front.
func statsOf(t *testing.T, db *sql.DB) map[string]float64 {
	t.Helper()
	stats := make(map[string]float64)
	for name, mf := range gather(t, NewDBStatsCollector(db, "orders")) {
		if labels := mf.GetMetric()[0].GetLabel(); len(labels) != 1 || labels[0].GetName() != "db_name" || labels[0].GetValue() != "orders" {
			t.Errorf("%s: got labels %v", name, labels)
		}
		stats[name[len("go_sql_"):]] = valueOf(mf)
	}
	return stats
}

func TestDBStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := sql.OpenDB(connector{})
		defer db.Close()
		check := func(what string, want map[string]float64) {
			t.Helper()
			got := statsOf(t, db)
			all := map[string]float64{
				"max_open_connections": 3, "open_connections": 0, "in_use_connections": 0, "idle_connections": 0,
				"wait_count_total": 0, "wait_duration_seconds_total": 0,
				"max_idle_closed_total": 0, "max_idle_time_closed_total": 0, "max_lifetime_closed_total": 0,
			}
			maps.Copy(all, want)
			if !maps.Equal(got, all) {
				t.Errorf("%s: got %v, want %v", what, got, all)
			}
		}
		db.SetMaxOpenConns(3)
		check("at first", nil)

		held := []*sql.Conn{hold(t, db), hold(t, db), hold(t, db)}
		check("all in use", map[string]float64{"open_connections": 3, "in_use_connections": 3})

		waiting := make(chan *sql.Conn)
		go func() { waiting <- hold(t, db) }()
		time.Sleep(1500 * time.Millisecond)
		held[0].Close()
		(<-waiting).Close()
		check("after waiting", map[string]float64{
			"open_connections": 3, "in_use_connections": 2, "idle_connections": 1,
			"wait_count_total": 1, "wait_duration_seconds_total": 1.5,
		})

		db.SetMaxIdleConns(1)
		held[1].Close()
		check("one idle too many", map[string]float64{
			"open_connections": 2, "in_use_connections": 1, "idle_connections": 1,
			"wait_count_total": 1, "wait_duration_seconds_total": 1.5, "max_idle_closed_total": 1,
		})

		db.SetConnMaxIdleTime(time.Minute)
		time.Sleep(2 * time.Minute)
		db.SetConnMaxIdleTime(0)
		check("one idle for too long", map[string]float64{
			"open_connections": 1, "in_use_connections": 1,
			"wait_count_total": 1, "wait_duration_seconds_total": 1.5, "max_idle_closed_total": 1, "max_idle_time_closed_total": 1,
		})

		held[2].Close()
		db.SetConnMaxLifetime(time.Hour)
		time.Sleep(2 * time.Hour)
		check("one too old", map[string]float64{
			"wait_count_total": 1, "wait_duration_seconds_total": 1.5,
			"max_idle_closed_total": 1, "max_idle_time_closed_total": 1, "max_lifetime_closed_total": 1,
		})
	})
}

// Two handles are two collectors, as long as they have different names.
func TestSeveralDatabases(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	for _, name := range []string{"orders", "people"} {
		db := sql.OpenDB(connector{})
		defer db.Close()
		if err := reg.Register(NewDBStatsCollector(db, name)); err != nil {
			t.Errorf("%s: got error %v", name, err)
		}
		var exists prometheus.AlreadyRegisteredError
		if err := reg.Register(NewDBStatsCollector(db, name)); !errors.As(err, &exists) {
			t.Errorf("%s once more: got error %v", name, err)
		}
	}
	families, err := reg.Gather()
	if err != nil || len(families) != 9 || slices.ContainsFunc(families, func(mf *dto.MetricFamily) bool { return len(mf.GetMetric()) != 2 }) {
		t.Errorf("got %v, %v", families, err)
	}
}
