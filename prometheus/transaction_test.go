package prometheus_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/prometheus"
)

// lent is a TransactionalGatherer that notes when its families are given back.
type lent struct {
	families []*dto.MetricFamily
	err      error
	done     int
}

func (l *lent) Gather() ([]*dto.MetricFamily, func(), error) {
	return l.families, func() { l.done++ }, l.err
}

// named makes families of these names. Each has the help given.
func named(help string, names ...string) []*dto.MetricFamily {
	var families []*dto.MetricFamily
	for _, name := range names {
		families = append(families, family(name, help, dto.MetricType_GAUGE, gaugeWith()))
	}
	return families
}

func TestMultiTRegistry(t *testing.T) {
	rusty, wet := errors.New("rusty"), errors.New("wet")
	for _, tt := range []struct {
		name      string
		gatherers []*lent
		want      string // name and help of the families
		err       string
	}{
		{"none", nil, "", ""},
		{"one", []*lent{{families: named("x", "a", "b")}}, "ax bx", ""},
		{"sorted", []*lent{{families: named("x", "b", "d")}, {families: named("y", "a", "c")}}, "ay bx cy dx", ""},
		{"the same names, not merged", []*lent{{families: named("x", "a", "b")}, {families: named("y", "a")}, {families: named("z", "a")}}, "ax ay az bx", ""},
		{"a family without a name", []*lent{{families: named("x", "a")}, {families: []*dto.MetricFamily{{Help: new("y")}}}}, "y ax", ""},
		{"an error", []*lent{{families: named("x", "b")}, {families: named("y", "a"), err: rusty}}, "ay bx", "rusty"},
		{"two errors", []*lent{{err: wet}, {families: named("y", "a")}, {err: rusty}}, "ay", "2 error(s) occurred:\n* wet\n* rusty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var gatherers []prometheus.TransactionalGatherer
			for _, g := range tt.gatherers {
				gatherers = append(gatherers, g)
			}
			multi := prometheus.NewMultiTRegistry(gatherers...)
			clear(gatherers) // which were the caller's
			families, done, err := multi.Gather()
			wantError(t, "Gather", err, tt.err)
			var got []string
			for _, mf := range families {
				got = append(got, mf.GetName()+mf.GetHelp())
			}
			if got := strings.Join(got, " "); got != tt.want {
				t.Errorf("got families %q, want %q", got, tt.want)
			}
			for i, g := range tt.gatherers {
				if g.done != 0 {
					t.Errorf("gatherer %d was told to be done before the caller was", i)
				}
			}
			done()
			for i, g := range tt.gatherers {
				if g.done != 1 {
					t.Errorf("got %d calls of the done of gatherer %d, want 1", g.done, i)
				}
			}
		})
	}
}

func TestToTransactionalGatherer(t *testing.T) {
	want, rusty := named("x", "a", "b"), errors.New("rusty")
	families, done, err := prometheus.ToTransactionalGatherer(given(rusty, want...)).Gather()
	if !slices.Equal(families, want) || err != rusty {
		t.Errorf("got %v and %v, want what the Gatherer returned", families, err)
	}
	done()
}

func TestSafeMultiError(t *testing.T) {
	var errs prometheus.SafeMultiError
	if err := errs.MaybeUnwrap(); err != nil {
		t.Errorf("got %v, want none", err)
	}
	rusty := errors.New("rusty")
	errs.Append(nil)
	errs.Append(rusty)
	if err := errs.MaybeUnwrap(); err != rusty {
		t.Errorf("got %v, want the only error itself", err)
	}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			errs.Append(rusty)
			_ = errs.MaybeUnwrap().Error() // while others append
		})
	}
	wg.Wait()
	var all prometheus.MultiError
	if err := errs.MaybeUnwrap(); !errors.As(err, &all) || len(all) != 11 {
		t.Errorf("got %d errors, want 11", len(all))
	}
}
