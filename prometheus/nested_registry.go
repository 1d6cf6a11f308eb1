package prometheus

import (
	"sync"

	"github.com/cresset-metrics/cresset/internal/registry"
)

// nestedRegistry is a Registry that is registered with another one, perhaps
// wrapped. It is collected like any Collector, but in quarantine, where each of its
// own sources is on its own.
type nestedRegistry struct {
	collectorSource
	inner *Registry

	mu      sync.Mutex                          // guards wrapped
	wrapped map[registry.Source]registry.Source // by what is inside; those that were there last
}

// Sources implements registry.Nest: it returns what the inner registry has now,
// wrapped as that is. A source that was there before is the same. Sources of the
// native API cannot be wrapped by themselves: a registry that has some is collected
// as one.
func (n *nestedRegistry) Sources() []registry.Source {
	sources := n.inner.engine().Sources()
	if len(n.wraps) == 0 {
		return sources
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	wrapped := make(map[registry.Source]registry.Source, len(sources))
	for i, inner := range sources {
		ours, ok := inner.(source)
		if !ok {
			return []registry.Source{&n.collectorSource}
		}
		outer, known := n.wrapped[inner]
		if !known {
			outer = sourceOf(n.wrap(ours.collector()))
		}
		wrapped[inner] = outer
		sources[i] = outer
	}
	n.wrapped = wrapped
	return sources
}

// wrap returns a Collector with all wrappings of the registry.
func (n *nestedRegistry) wrap(c Collector) Collector {
	for _, w := range n.wraps {
		c = &wrappingCollector{c, w}
	}
	return c
}
