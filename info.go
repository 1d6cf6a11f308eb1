package cresset

import (
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/labels"
	"github.com/cresset-metrics/cresset/internal/registry"
)

// Info tells facts in its labels, which are the fields of the struct type L as
// those of a Vec are: a version, a region, the name of a leader. Its value is 1.
type Info[L comparable] struct {
	family *family
	plan   *labels.Plan
	labels atomic.Pointer[exposition.Labels]
}

// NewInfo makes an info with these labels and registers it. Its name gets the
// suffix "_info" if it has not. It panics where TryNewInfo returns an error.
func NewInfo[L comparable](reg *Registry, name, help string, labels L, options ...Option) *Info[L] {
	return must(TryNewInfo(reg, name, help, labels, options...))
}

// TryNewInfo is NewInfo, but returns an error if the name, an option or a field of
// L is not valid, or if the registry has a metric of that name which does not go
// with this one.
func TryNewInfo[L comparable](reg *Registry, name, help string, labels L, options ...Option) (*Info[L], error) {
	if !strings.HasSuffix(name, "_info") {
		name += "_info"
	}
	c := configOf(options)
	plan, err := newPlan[L](exposition.Gauge)
	if err != nil {
		return nil, invalid(name, append(c.problems, err)...)
	}
	f, err := newFamily(exposition.Gauge, name, help, plan.Names(), c)
	if err != nil {
		return nil, err
	}
	i := &Info[L]{family: f, plan: plan}
	i.Set(labels)
	if err := f.register(reg, infoSource[L]{i}); err != nil {
		return nil, err
	}
	return i, nil
}

// Set replaces the labels, in one step for every scrape.
func (i *Info[L]) Set(labels L) {
	i.plan.Own(unsafe.Pointer(&labels))
	rendered := i.family.desc.Schema.Labels(i.plan.Texts(unsafe.Pointer(&labels)))
	i.labels.Store(&rendered)
}

type infoSource[L comparable] struct{ info *Info[L] }

// Quick says that Collect neither waits nor runs foreign code.
func (infoSource[L]) Quick() {}

// Collect adds the series that there is now.
func (s infoSource[L]) Collect(b *registry.Batch) {
	b.Add(s.info.family.run(values{{s.info.labels.Load(), 1}}))
}
