package prometheus

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
)

// GetOrRegister registers a Collector and returns it, or returns the one that is
// registered already and describes exactly the same. So several parts of a program
// that cannot know of each other, or one that is started anew, can share a metric:
//
//	requests, err := prometheus.GetOrRegister(reg, prometheus.NewCounterVec(opts, labels))
//
// Both must be of the same type, a CounterVec for instance, and made with options
// that do the same: the same label names in the same order, the same buckets,
// objectives and other options of histograms and summaries, the same labels with a
// constraint, the same labels curried. Otherwise the error says what differs; it
// wraps the AlreadyRegisteredError. Functions cannot be compared: constraints, and
// the function of a GaugeFunc or its siblings, stay those of the existing one. Of
// Collectors of your own, the type is compared, and the options of metrics of this
// package whose Descs they send.
//
// If the Collector can neither be registered nor shared, GetOrRegister returns it
// together with the error; it can be used, but is not exposed. Any Registerer will
// do whose Register returns AlreadyRegisteredErrors. If it is nil, nothing is
// registered and there is no error.
func GetOrRegister[C Collector](reg Registerer, c C) (C, error) {
	if reg == nil {
		return c, nil
	}
	err := reg.Register(c)
	var exists AlreadyRegisteredError
	if !errors.As(err, &exists) {
		return c, err
	}
	if differ := differenceOf(exists.ExistingCollector, c); differ != "" {
		return c, fmt.Errorf("%w: %s", err, differ)
	}
	return exists.ExistingCollector.(C), nil
}

// differenceOf tells in what the new Collector differs from the existing one so
// that who made the one cannot go on with the other. It is empty if nothing is
// known that does.
func differenceOf(existing, c Collector) string {
	is, wanted := kindOf(existing), kindOf(c)
	if is != wanted {
		return fmt.Sprintf("the existing one is a %s, the new one a %s", is, wanted)
	}
	if !isOurs(c) && reflect.TypeOf(existing) != reflect.TypeOf(c) {
		return fmt.Sprintf("the existing one is a %s too, but that is another type of the same name", is)
	}
	if is, wanted := curriedBy(existing), curriedBy(c); !slices.Equal(is, wanted) {
		return fmt.Sprintf("curried labels: %q in the existing one, %q in the new one", is, wanted)
	}
	return registry.Difference(describe(existing), describe(c))
}

// kindOf names the type of a Collector as its user knows it.
func kindOf(c Collector) string {
	switch m := c.(type) {
	case *counter, *expiringCounter:
		return "Counter"
	case *gauge, *expiringGauge:
		return "Gauge"
	case *histogram, *nativeHistogram, *expiringHistogram, *expiringNativeHistogram:
		return "Histogram"
	case *summary, *quantileSummary, *expiringSummary, *expiringQuantileSummary:
		return "Summary"
	case *valueFunc:
		switch m.typ {
		case exposition.Counter:
			return "CounterFunc"
		case exposition.Gauge:
			return "GaugeFunc"
		default:
			return "UntypedFunc"
		}
	case nativeCollector:
		return "metric of the native API"
	default:
		return fmt.Sprintf("%T", c)
	}
}

// isOurs tells whether a kind may be more than one type.
func isOurs(c Collector) bool {
	_, ours := c.(native)
	return ours
}

// curriedBy returns the labels that a vector has set already, as names and values.
func curriedBy(c Collector) (labels []string) {
	vec, ok := c.(interface{ curried() []string })
	if !ok {
		return nil
	}
	return vec.curried()
}

// curried returns the labels that are set already, as names and values.
func (m *MetricVec) curried() (labels []string) {
	for _, c := range m.curry {
		labels = append(labels, m.names()[c.place], c.value)
	}
	return labels
}
