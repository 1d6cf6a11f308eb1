package clientgolang_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"expvar"
	"fmt"
	"testing"

	theirs "github.com/prometheus/client_golang/prometheus"
	theircollectors "github.com/prometheus/client_golang/prometheus/collectors"
	theirversion "github.com/prometheus/client_golang/prometheus/collectors/version"
	dto "github.com/prometheus/client_model/go"

	ours "github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/collectors"
	"github.com/cresset-metrics/cresset/prometheus/collectors/version"
)

// Variables cannot be taken back, so they are published once.
func init() {
	expvar.NewInt("fixed_test_number").Set(12)
	hits := expvar.NewMap("fixed_test_hits")
	hits.Add("GET", 3)
	hits.AddFloat("PUT", 0.5)
	hits.Set("flag", expvar.Func(func() any { return true }))
	hits.Set("deeper", expvar.Func(func() any { return map[string]any{"a": 1, "b": []int{1}, "c": "text"} }))
	expvar.Publish("fixed_test_broken", broken{})
}

// TestFixedCollectorsGatherTheSame compares collectors whose values do not
// change by themselves, message by message.
func TestFixedCollectorsGatherTheSame(t *testing.T) {
	db := sql.OpenDB(unreachable{})
	defer db.Close()
	db.SetMaxOpenConns(7)

	type variable struct {
		name   string
		labels []string
	}
	variables := []variable{
		{"fixed_test_number", nil},
		{"fixed_test_number", []string{"label"}},
		{"fixed_test_hits", nil},
		{"fixed_test_hits", []string{"label"}},
		{"fixed_test_hits", []string{"z", "a"}},
		{"fixed_test_broken", nil},
		{"fixed_test_none", nil},
	}

	type pair struct {
		name   string
		ours   ours.Collector
		theirs theirs.Collector
	}
	tests := []pair{
		{"build info", collectors.NewBuildInfoCollector(), theircollectors.NewBuildInfoCollector()},
		{"database", collectors.NewDBStatsCollector(db, "orders"), theircollectors.NewDBStatsCollector(db, "orders")},
		{"database without a name", collectors.NewDBStatsCollector(db, ""), theircollectors.NewDBStatsCollector(db, "")},
		{"version", version.NewCollector("shop"), theirversion.NewCollector("shop")},
		{"version of nothing", version.NewCollector(""), theirversion.NewCollector("")},
		{"version of what no metric can be named after", version.NewCollector("a\xff"), theirversion.NewCollector("a\xff")},
		{
			"version with labels",
			version.NewCollector("shop", version.WithExtraConstLabels(ours.Labels{"x": "1"}), version.WithExtraConstLabels(ours.Labels{"goos": "plan10", "y": "2"})),
			theirversion.NewCollector("shop", theirversion.WithExtraConstLabels(theirs.Labels{"x": "1"}), theirversion.WithExtraConstLabels(theirs.Labels{"goos": "plan10", "y": "2"})),
		},
	}
	for _, v := range variables {
		tests = append(tests, pair{
			fmt.Sprintf("expvar %s by %q", v.name, v.labels),
			collectors.NewExpvarCollector(map[string]*ours.Desc{v.name: ours.NewDesc("v", "A variable.", v.labels, nil)}),
			theircollectors.NewExpvarCollector(map[string]*theirs.Desc{v.name: theirs.NewDesc("v", "A variable.", v.labels, nil)}),
		})
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			us, them := ours.NewPedanticRegistry(), theirs.NewPedanticRegistry()
			gotErr, wantErr := us.Register(test.ours), them.Register(test.theirs)
			if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
				t.Fatalf("Register: got error %v, want %v", gotErr, wantErr)
			}
			wantFamilies, wantErr := them.Gather()
			gotFamilies, gotErr := us.Gather()
			if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
				t.Errorf("Gather: got error %v, want %v", gotErr, wantErr)
			}
			sameLines(t, shown(gotFamilies), shown(wantFamilies))
		})
	}
}

func shown(families []*dto.MetricFamily) []string {
	var lines []string
	for _, mf := range families {
		lines = append(lines, mf.String())
	}
	return lines
}

type broken struct{}

func (broken) String() string { return "{" }

type unreachable struct{}

func (unreachable) Connect(context.Context) (driver.Conn, error) {
	return nil, errors.New("unreachable")
}
func (unreachable) Driver() driver.Driver { return nil }
