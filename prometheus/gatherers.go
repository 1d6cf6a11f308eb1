package prometheus

import (
	"fmt"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/prometheus/internal/message"
	"github.com/cresset-metrics/cresset/prometheus/internal/multierror"
)

// GathererFunc makes a Gatherer of a function.
type GathererFunc func() ([]*dto.MetricFamily, error)

// Gather calls the function.
func (f GathererFunc) Gather() ([]*dto.MetricFamily, error) { return f() }

// Gatherers is several Gatherers as one. Families of the same name are merged
// if they agree in type and help; of a metric that several have, the one of the
// Gatherer that stands first is taken, and an error tells of the others.
//
// What several registries say of themselves with the same labels, in the metrics
// cresset_... that RegistryOpts and QuarantineOpts tell of, is no error: counters are
// added, and of the others the worst is taken.
type Gatherers []Gatherer

// Gather implements Gatherer.
func (gs Gatherers) Gather() ([]*dto.MetricFamily, error) {
	var errs MultiError
	var runs []registry.Run
	first := make(map[string]*dto.MetricFamily)
	for i, g := range gs {
		families, err := g.Gather()
		for _, err := range multierror.Each[MultiError](err) {
			errs.Append(fmt.Errorf("[from Gatherer #%d] %w", i+1, err))
		}
		for _, mf := range families {
			if mf == nil {
				errs.Append(fmt.Errorf("[from Gatherer #%d] a nil metric family", i+1))
				continue
			}
			if err := mergeable(first, mf); err != nil {
				errs.Append(err)
				continue
			}
			run, rowErrs := runOf(mf)
			runs, errs = append(runs, run), append(errs, rowErrs...)
		}
	}
	page, mergeErrs := registry.Merge(runs, explain)
	var merged message.Families
	page.Write(&merged)
	return merged.All(), append(errs, mergeErrs...).MaybeUnwrap()
}

// mergeable tells why a family cannot join the first one of its name, which
// becomes known by this.
func mergeable(first map[string]*dto.MetricFamily, mf *dto.MetricFamily) error {
	known, ok := first[mf.GetName()]
	switch {
	case !ok:
		first[mf.GetName()] = mf
	case known.GetHelp() != mf.GetHelp():
		return fmt.Errorf("gathered metric family %s has help %q but should have %q", mf.GetName(), mf.GetHelp(), known.GetHelp())
	case known.GetType() != mf.GetType():
		return fmt.Errorf("gathered metric family %s has type %s but should have %s", mf.GetName(), mf.GetType(), known.GetType())
	}
	return nil
}

// runOf returns the metrics of a family that can be exposed.
func runOf(mf *dto.MetricFamily) (registry.Run, []error) {
	desc := &registry.Desc{Name: mf.GetName(), Help: mf.GetHelp(), NoHelp: mf.Help == nil, Unit: mf.GetUnit()}
	run := registry.Run{Desc: desc, Type: message.Type(mf.GetType())}
	var good rows
	var errs []error
	for _, m := range mf.GetMetric() {
		typ, series, ok := message.Load(m)
		if !ok || typ != run.Type && !(typ == exposition.Histogram && run.Type == exposition.GaugeHistogram) {
			errs = append(errs, fmt.Errorf("collected metric %q { %s} is not a %s", mf.GetName(), m, mf.GetType()))
			continue
		}
		one := registry.Run{Desc: desc, Type: run.Type, Rows: rows{&written{series}}}
		if err := checkCollected(&one, false); err != nil {
			errs = append(errs, err)
			continue
		}
		good = append(good, &written{series})
	}
	run.Rows = good
	return run, errs
}
