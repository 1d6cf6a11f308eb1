package script

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Program is a random program: what is done to two registries.
type Program struct {
	Pedantic bool
	Apart    bool // the registries are never gathered together
	Ops      []Op
	Last     []Format // in which all is shown at the end
}

// Op is a step of a program. Which of its fields count depends on what it does.
// Places count what was made so far, and start again at the first one behind the
// last.
type Op struct {
	Do       string
	Place    int // of what it is done with
	Where    int // the place of a Registerer, or which Gatherer is shown
	Metric   Metric
	Descs    []Metric // of a collector
	Send     []Sample // of a collector
	Register bool     // what is made, at once
	Values   []string
	Labels   map[string]string
	Fit      bool // Values and Labels are made to fit the vector
	Exemplar map[string]string
	Value    float64
	Pause    time.Duration
	Format   Format
}

// Metric says what a metric, a vector or a Desc is made of.
type Metric struct {
	Kind        string
	Name        string
	Help        string
	Unit        string
	Names       []string // of variable labels
	Const       map[string]string
	Constrained bool // the variable labels of a vector
	Buckets     []float64
	Native      Native
	Objectives  map[float64]float64
	MaxAge      time.Duration
	AgeBuckets  uint32
}

// Native are the options of a native histogram.
type Native struct {
	Factor           float64
	ZeroThreshold    float64
	MaxBuckets       uint32
	MinReset         time.Duration
	MaxZeroThreshold float64
	MaxExemplars     int
	ExemplarTTL      time.Duration
}

// Sample is a constant metric that a collector sends.
type Sample struct {
	Desc      int // the place of its Desc; one further than those described is a Desc of its own
	Type      int
	Value     float64
	Values    []string
	Stamped   bool
	Stamp     int64
	Exemplars []float64
	Created   bool
}

// GoString shows what of an Op counts, so that a program can be read.
func (op Op) GoString() string { return set(op) }

// GoString shows what of a Metric is set.
func (m Metric) GoString() string { return set(m) }

// GoString shows what of the options is set.
func (n Native) GoString() string { return set(n) }

// GoString shows what of a Sample is set.
func (s Sample) GoString() string { return set(s) }

// set shows the fields of a struct that are not zero.
func set(v any) string {
	var fields []string
	for field, value := range reflect.ValueOf(v).Fields() {
		if !value.IsZero() {
			fields = append(fields, fmt.Sprintf("%s:%#v", field.Name, value))
		}
	}
	return fmt.Sprintf("%T{%s}", v, strings.Join(fields, ", "))
}
