package prometheus

import (
	"errors"
	"fmt"
	"iter"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/objects"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/prometheus/internal/message"
)

// ObjectStore is a Collector for programs that look after many objects and expose
// some metrics about each: pods, connections, files. It keeps the metrics of each
// object under a key. They are set all at once, and go with the object, so that
// nobody has to remember which label values an object had before. Any number of
// goroutines may use it.
//
// The lines of a metric are made when it is set and copied at each scrape. That
// makes it cheap to scrape many objects of which few have changed; numbers that
// change with every request belong in a CounterVec.
//
// At each scrape an object is there as a whole: as it was before a Set, Delete or
// Replace, or as it is afterwards. All metrics of a scrape are of one moment. They
// stand in the order that all metrics of a name have, by the values of their labels.
//
// Register the store itself, with or without a wrapping. A type that embeds it may
// have a Collect of its own, and so has its metrics collected one by one, as those
// of any other Collector.
type ObjectStore[K comparable] struct {
	descs []*Desc
	known map[*registry.Desc]*Desc
	store *objects.Store[K]
}

// NewObjectStore returns an empty store for metrics of these Descs. It is
// registered like any other Collector, and what is wrong with a Desc comes up then,
// or when a metric of it is set.
func NewObjectStore[K comparable](descs ...*Desc) *ObjectStore[K] {
	s := &ObjectStore[K]{known: make(map[*registry.Desc]*Desc, len(descs))}
	described := make([]*registry.Desc, 0, len(descs))
	for _, d := range descs {
		if d == nil {
			d = NewInvalidDesc(errors.New("an object store was made with a nil descriptor"))
		}
		s.descs = append(s.descs, d)
		described = append(described, d.described())
		s.known[d.described()] = d
	}
	s.store = objects.New[K](described...)
	return s
}

// Set gives an object these metrics, instead of all that it had. Their values are
// read now. An object may have none and be in the store all the same.
//
// A name keeps the type that was set first. Set returns an error, and changes
// nothing, if a metric
//   - is not of a Desc of the store, or does not have its labels;
//   - is of another type than its name had before;
//   - has the labels of another metric of that name, be it of the same object or
//     of another one, whatever their timestamps;
//   - has a value that a scraper would refuse or misunderstand: a counter that is
//     negative or NaN, buckets whose bounds or counts do not increase, quantiles
//     of ranks that are not from 0 to 1;
//   - cannot be written.
//
// The work is in proportion to the metrics of the object, whatever the size of the
// store (but for the logarithm of it that a search takes).
//
// The key is kept as it is. If it is a string, it is copied; strings inside of it
// must not change any more.
func (s *ObjectStore[K]) Set(key K, metrics ...Metric) error {
	series, err := seriesOf(metrics)
	if err != nil {
		return fmt.Errorf("object %v: %w", key, err)
	}
	return s.store.Set(key, series)
}

// Delete removes an object with all its metrics, and tells whether it was there.
func (s *ObjectStore[K]) Delete(key K) bool { return s.store.Delete(key) }

// Replace makes the objects of a sequence, each of them with its metrics, the only
// ones, in one step for every scrape. The errors are those of Set, and one for a key
// that comes twice. If there is one, or if the sequence panics, nothing changes.
func (s *ObjectStore[K]) Replace(all iter.Seq2[K, []Metric]) error {
	return s.store.Replace(func(add func(K, []objects.Series) error) error {
		for key, metrics := range all {
			series, err := seriesOf(metrics)
			if err != nil {
				return fmt.Errorf("object %v: %w", key, err)
			}
			if err := add(key, series); err != nil {
				return err
			}
		}
		return nil
	})
}

// Len returns the number of objects.
func (s *ObjectStore[K]) Len() int { return s.store.Len() }

// All iterates over the objects that there are when it begins, in no particular
// order, each of them with its metrics. The store may be changed meanwhile.
func (s *ObjectStore[K]) All() iter.Seq2[K, []Metric] {
	return func(yield func(K, []Metric) bool) {
		for key, entries := range s.store.All() {
			metrics := make([]Metric, len(entries))
			for i, e := range entries {
				metrics[i] = &objectMetric{s.known[e.Desc], e.Rendered}
			}
			if !yield(key, metrics) {
				return
			}
		}
	}
}

// Describe implements Collector.
func (s *ObjectStore[K]) Describe(ch chan<- *Desc) {
	for _, d := range s.descs {
		ch <- d
	}
}

// Collect implements Collector. A Registry of this package does not need it.
func (s *ObjectStore[K]) Collect(ch chan<- Metric) {
	for _, run := range s.store.Runs() {
		desc := s.known[run.Desc]
		for _, r := range run.Rows.(objects.Rows) {
			ch <- &objectMetric{desc, r}
		}
	}
}

func (s *ObjectStore[K]) self() Collector      { return s }
func (s *ObjectStore[K]) runs() []registry.Run { return s.store.Runs() }
func (s *ObjectStore[K]) onForget(f *func())   { s.store.OnForget(f) }

// seriesOf reads metrics.
func seriesOf(metrics []Metric) ([]objects.Series, error) {
	all := make([]objects.Series, len(metrics))
	for i, m := range metrics {
		if m == nil {
			return nil, errors.New("one of the metrics is nil")
		}
		desc := m.Desc()
		if desc == nil || desc.d == nil {
			return nil, fmt.Errorf("a metric of type %T has no descriptor", m)
		}
		one := &all[i]
		one.Desc = desc.d
		if n, ok := m.(native); ok {
			one.Type, one.Labels = n.seriesType(), n.seriesLabels()
			n.fill(&one.Series)
			continue
		}
		var err error
		if one.Type, one.Series, err = readOnce(m); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// readOnce reads a metric that can only be had as a message, by way of bytes: so
// that nothing in the series is anybody else's.
func readOnce(m Metric) (exposition.Type, exposition.Series, error) {
	written, own := new(dto.Metric), new(dto.Metric)
	if err := m.Write(written); err != nil {
		return 0, exposition.Series{}, fmt.Errorf("error collecting metric %v: %w", m.Desc(), err)
	}
	bytes, err := proto.Marshal(written)
	if err == nil {
		err = proto.Unmarshal(bytes, own)
	}
	if err != nil {
		return 0, exposition.Series{}, fmt.Errorf("error reading metric %v: %w", m.Desc(), err)
	}
	typ, series, ok := message.Load(own)
	if !ok {
		return 0, exposition.Series{}, fmt.Errorf("empty metric collected: %s", own)
	}
	// The message itself is needed only if it says more.
	said := new(dto.Metric)
	message.Store(typ, &series, said)
	if said.Label = own.Label; proto.Equal(said, own) {
		series.Origin = nil
	}
	return typ, series, nil
}

// objectMetric is a metric of an object, for those who collect.
type objectMetric struct {
	desc *Desc
	*exposition.Rendered
}

func (m *objectMetric) Desc() *Desc                      { return m.desc }
func (m *objectMetric) registryDesc() *registry.Desc     { return m.desc.d }
func (m *objectMetric) seriesLabels() *exposition.Labels { return m.Labels() }
func (m *objectMetric) seriesType() exposition.Type      { return m.Type() }
func (m *objectMetric) fill(s *exposition.Series)        { m.Fill(s) }

// Write implements Metric.
func (m *objectMetric) Write(out *dto.Metric) error {
	var s exposition.Series
	m.Fill(&s)
	if origin, ok := s.Origin.(message.Origin); ok {
		proto.Merge(out, origin.Metric)
		out.Label = message.Pairs(s.Labels)
		return nil
	}
	message.Store(m.Type(), &s, out)
	return nil
}
