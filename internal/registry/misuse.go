package registry

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// MisuseReason is what is wrong about a call on a metric.
type MisuseReason string

// What there is.
const (
	LabelCount      MisuseReason = "label_count"      // too few or too many label values
	LabelNames      MisuseReason = "label_names"      // a name that is missing, unknown or curried
	InvalidUTF8     MisuseReason = "invalid_utf8"     // a label value that is no text
	NegativeAdd     MisuseReason = "negative_add"     // a counter was to decrease
	InvalidExemplar MisuseReason = "invalid_exemplar" // labels that an exemplar cannot have
)

// Misuse counts calls on registered metrics that are wrong, for a registry that
// wants that rather than a panic. It is exposed by that registry, as
// cresset_misuse_total.
//
// A metric learns that it is counted when it is registered, from its Desc: that
// holds a list of those who count, nil for nobody, which a call looks at only
// when it is wrong. Lists are replaced, never changed, so that any number of
// goroutines may look while others register.
type Misuse struct {
	log    *slog.Logger // nil for slog's default one
	counts sync.Map     // of *misuseCount by misuseKey
	places sync.Map     // that were logged, by misusePlace

	mu     sync.Mutex // held to add to the maps; guards what follows
	series int        // in counts
	logged int        // in places
}

type misuseKey struct {
	metric string
	reason MisuseReason
}

type misuseCount struct {
	labels  exposition.Labels
	created int64
	n       atomic.Uint64
}

// misusePlace is a line of code that calls wrongly.
type misusePlace struct {
	misuseKey
	pc uintptr
}

// More series and more places than these are not told apart. Who gets there has a
// program full of them, or registers ever new names.
const (
	maxMisuseSeries = 1000
	maxMisusePlaces = 1000
)

var misuseDesc = NewDesc("cresset_misuse_total",
	"Calls on metrics that were wrong and had no effect.", "", []string{"metric", "reason"}, nil)

// CountMisuse makes the registry count the misuse of what is registered with it
// from now on. Each place of the program is logged when it is first seen; without
// a logger, slog's default one is told. It is called before the registry is used.
func (r *Registry) CountMisuse(log *slog.Logger) {
	r.misuse = &Misuse{log: log}
	r.reserve(misuseDesc.Name)
}

// Misused counts a call that is wrong, if a registry counts those of the metric,
// and returns false if none does.
func (d *Desc) Misused(reason MisuseReason, err error) bool {
	watched := d.watched.Load()
	if watched == nil {
		return false
	}
	for i, w := range *watched {
		// With one registry in several ways, it is still one call.
		if slices.Index(*watched, w) == i {
			w.by.count(misuseKey{w.name, reason}, err)
		}
	}
	return true
}

// watch is one registration of a metric with a registry that counts.
type watch struct {
	by   *Misuse
	name string // of the metric in that registry
}

// root returns the desc that the metric itself has.
func (d *Desc) root() *Desc {
	for d.Base != nil {
		d = d.Base
	}
	return d
}

func (d *Desc) watch(w watch) {
	d.changeWatched(func(all []watch) []watch { return append(all, w) })
}

func (d *Desc) unwatch(w watch) {
	d.changeWatched(func(all []watch) []watch {
		i := slices.Index(all, w)
		return slices.Delete(all, i, i+1)
	})
}

func (d *Desc) changeWatched(change func([]watch) []watch) {
	for {
		old := d.watched.Load()
		var all []watch
		if old != nil {
			all = slices.Clone(*old)
		}
		all = change(all)
		changed := &all
		if len(all) == 0 {
			changed = nil
		}
		if d.watched.CompareAndSwap(old, changed) {
			return
		}
	}
}

func (m *Misuse) count(key misuseKey, err error) {
	m.countOf(key).n.Add(1)
	if place := callerOutside(); m.isNew(misusePlace{key, place.PC}) {
		m.tell(place, key, err)
	}
}

// tell logs a place as if it were that which logs.
func (m *Misuse) tell(place runtime.Frame, key misuseKey, err error) {
	log, ctx := m.log, context.Background()
	if log == nil {
		log = slog.Default()
	}
	if !log.Enabled(ctx, slog.LevelWarn) {
		return
	}
	record := slog.NewRecord(time.Now(), slog.LevelWarn, "misuse of a metric, logged once and counted in "+misuseDesc.Name, place.PC)
	record.Add("metric", key.metric, "reason", string(key.reason), "error", err, "at", fmt.Sprintf("%s:%d", place.File, place.Line))
	_ = log.Handler().Handle(ctx, record) // slog ignores it too
}

// countOf returns what counts the misuse of a metric for a reason.
func (m *Misuse) countOf(key misuseKey) *misuseCount {
	if c, known := m.counts.Load(key); known {
		return c.(*misuseCount)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.series >= maxMisuseSeries {
		key.metric = Overflow
	}
	c, known := m.counts.LoadOrStore(key, &misuseCount{
		labels:  misuseDesc.Schema.Labels([]string{key.metric, string(key.reason)}),
		created: time.Now().UnixNano(),
	})
	if !known {
		m.series++
	}
	return c.(*misuseCount)
}

// isNew tells whether a place was not seen before, and remembers it.
func (m *Misuse) isNew(place misusePlace) bool {
	if _, known := m.places.Load(place); known {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.logged >= maxMisusePlaces {
		return false
	}
	_, known := m.places.LoadOrStore(place, nil)
	if !known {
		m.logged++
	}
	return !known
}

// ourPackages is how the names of our functions begin.
var ourPackages = []string{
	"github.com/cresset-metrics/cresset.",
	"github.com/cresset-metrics/cresset/internal/",
	"github.com/cresset-metrics/cresset/prometheus.",
	"github.com/cresset-metrics/cresset/prometheus/",
}

// callerOutside returns the innermost call that is not in this library.
func callerOutside() runtime.Frame {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		frame, more := frames.Next()
		ours := slices.ContainsFunc(ourPackages, func(prefix string) bool { return strings.HasPrefix(frame.Function, prefix) })
		if !ours || !more {
			return frame
		}
	}
}

// Quick says that Collect neither waits nor runs foreign code.
func (*Misuse) Quick() {}

// Collect adds what was counted so far.
func (m *Misuse) Collect(b *Batch) {
	var all Fixed
	for _, c := range m.counts.Range {
		c := c.(*misuseCount)
		all = append(all, exposition.Series{Labels: &c.labels, Value: float64(c.n.Load()), Created: exposition.UnixNano(c.created)})
	}
	b.Add(Run{Desc: misuseDesc, Type: exposition.Counter, Rows: all})
}
