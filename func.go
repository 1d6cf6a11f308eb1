package cresset

import (
	"fmt"
	"runtime/debug"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
)

// NewCounterFunc registers a counter whose value a function tells. It is called
// whenever the registry is gathered, by several goroutines at once if several do
// that; what it returns must never fall. NewCounterFunc panics where
// TryNewCounterFunc returns an error.
func NewCounterFunc(reg *Registry, name, help string, value func() float64, options ...Option) {
	if err := TryNewCounterFunc(reg, name, help, value, options...); err != nil {
		panic(err)
	}
}

// TryNewCounterFunc is NewCounterFunc, but returns an error if the name or an
// option is not valid, or if the registry has a metric of that name which does
// not go with this one.
func TryNewCounterFunc(reg *Registry, name, help string, value func() float64, options ...Option) error {
	return newFunc(reg, exposition.Counter, name, help, value, options)
}

// NewGaugeFunc registers a gauge whose value a function tells. It is called
// whenever the registry is gathered, by several goroutines at once if several do
// that. NewGaugeFunc panics where TryNewGaugeFunc returns an error.
func NewGaugeFunc(reg *Registry, name, help string, value func() float64, options ...Option) {
	if err := TryNewGaugeFunc(reg, name, help, value, options...); err != nil {
		panic(err)
	}
}

// TryNewGaugeFunc is NewGaugeFunc, but returns an error if the name or an option
// is not valid, or if the registry has a metric of that name which does not go
// with this one.
func TryNewGaugeFunc(reg *Registry, name, help string, value func() float64, options ...Option) error {
	return newFunc(reg, exposition.Gauge, name, help, value, options)
}

func newFunc(reg *Registry, typ exposition.Type, name, help string, value func() float64, options []Option) error {
	c := configOf(options)
	if value == nil {
		c.refuse("there is no function")
	}
	f, err := newFamily(typ, name, help, nil, c)
	if err != nil {
		return err
	}
	return f.register(reg, &valueFunc{f, f.desc.Schema.Labels(nil), value})
}

// valueFunc is a metric whose value a function tells.
type valueFunc struct {
	*family
	labels exposition.Labels
	value  func() float64
}

// Collect adds the value that the function returns now. If it panics, or ends in
// another way than by returning, that costs this metric alone.
func (f *valueFunc) Collect(b *registry.Batch) {
	returned := false
	defer func() {
		if cause := recover(); cause != nil {
			b.Fail(registry.Because(registry.Panic, "", fmt.Errorf("the function of metric %q panicked: %v\n%s", f.desc.Name, cause, debug.Stack())))
		} else if !returned {
			b.Fail(fmt.Errorf("the function of metric %q called runtime.Goexit, where it should return", f.desc.Name))
		}
	}()
	value := f.value()
	returned = true
	b.Add(f.run(values{{&f.labels, value}}))
}

// values are series that are plain values of one moment.
type values []value

type value struct {
	labels *exposition.Labels
	value  float64
}

func (v values) Len() int                        { return len(v) }
func (v values) Labels(i int) *exposition.Labels { return v[i].labels }
func (v values) Fill(i int, s []exposition.Series) {
	for k, value := range v[i : i+len(s)] {
		s[k].Labels = value.labels
		s[k].SetValue(value.value)
	}
}
