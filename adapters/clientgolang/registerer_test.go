package clientgolang_test

import (
	"errors"
	"fmt"
	"testing"

	theirs "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/cresset-metrics/cresset/adapters/clientgolang"
	ours "github.com/cresset-metrics/cresset/prometheus"
	ourauto "github.com/cresset-metrics/cresset/prometheus/promauto"
)

// TestRegisterersAnswerAlike does the same to a registry of client_golang, to one
// of ours behind ToRegisterer, and to one of theirs behind both translations.
func TestRegisterersAnswerAlike(t *testing.T) {
	gauge := func(name, help string, labels ...string) theirs.Collector {
		return theirs.NewGaugeVec(theirs.GaugeOpts{Name: name, Help: help}, labels)
	}
	invalid := &foreign{describe: func(ch chan<- *theirs.Desc) { ch <- theirs.NewInvalidDesc(errors.New("no idea")) }}
	two := func(a, b string) theirs.Collector {
		return &foreign{describe: func(ch chan<- *theirs.Desc) {
			ch <- theirs.NewDesc(a, "", nil, nil)
			ch <- theirs.NewDesc(b, "", nil, nil)
		}}
	}
	tests := map[string][]theirs.Collector{
		"good":               {gauge("a", "x", "l"), gauge("b", "y", "l")},
		"twice":              {gauge("a", "x", "l"), gauge("a", "x", "l")},
		"other help":         {gauge("a", "x", "l"), gauge("a", "y", "l")},
		"other labels":       {gauge("a", "x", "l"), gauge("a", "x", "m")},
		"constant labels":    {theirs.WrapCollectorWith(theirs.Labels{"c": "1"}, gauge("a", "x")), theirs.WrapCollectorWith(theirs.Labels{"c": "2"}, gauge("a", "x"))},
		"constant, variable": {theirs.WrapCollectorWith(theirs.Labels{"c": "1"}, gauge("a", "x")), gauge("a", "x", "c")},
		"wrapped twice":      {theirs.WrapCollectorWith(theirs.Labels{"c": "1"}, gauge("a", "x")), theirs.WrapCollectorWith(theirs.Labels{"c": "1"}, gauge("a", "x"))},
		"one of two":         {two("a", "b"), two("b", "c")},
		"two of two":         {two("a", "b"), two("b", "a")},
		"invalid":            {invalid, invalid},
		"unchecked":          {&foreign{}, &foreign{}},
	}
	for name, collectors := range tests {
		t.Run(name, func(t *testing.T) {
			want := outcome(theirs.NewRegistry(), collectors)
			if got := outcome(clientgolang.ToRegisterer(ours.NewRegistry()), collectors); got != want {
				t.Errorf("through ToRegisterer, got:\n%s\nwant:\n%s", got, want)
			}
			both := clientgolang.ToRegisterer(ours.WrapRegistererWith(nil, clientgolang.FromRegisterer(theirs.NewRegistry())))
			if got := outcome(both, collectors); got != want {
				t.Errorf("through both, got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// outcome registers, unregisters and registers again, and tells of each what
// came of it.
func outcome(reg theirs.Registerer, collectors []theirs.Collector) (told string) {
	register := func() {
		for i, c := range collectors {
			err := reg.Register(c)
			told += fmt.Sprintf("register %d: %v", i, err)
			if exists, ok := err.(theirs.AlreadyRegisteredError); ok {
				told += fmt.Sprintf(" (existing %p, new %t)", exists.ExistingCollector, exists.NewCollector == c)
			}
			told += "\n"
		}
	}
	register()
	for i, c := range collectors {
		told += fmt.Sprintf("unregister %d: %t\n", i, reg.Unregister(c))
	}
	register()
	return told
}

// An invalid Desc keeps its error, and its text moves in front of that.
func TestInvalidDescIsNamed(t *testing.T) {
	err := clientgolang.ToRegisterer(ours.NewRegistry()).Register(theirs.NewGaugeVec(theirs.GaugeOpts{Name: "a", Help: "x"}, []string{"__l"}))
	want := `descriptor Desc{fqName: "", help: "", unit: "", constLabels: {}, variableLabels: {}} is invalid: ` +
		`Desc{fqName: "a", help: "x", unit: "", constLabels: {}, variableLabels: {__l}}: "__l" is not a valid label name for metric "a"`
	if err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

func TestMustRegisterPanics(t *testing.T) {
	their, our := theirs.NewGauge(theirs.GaugeOpts{Name: "g"}), ours.NewGauge(ours.GaugeOpts{Name: "g"})
	theirReg, ourReg := theirs.NewRegistry(), ours.NewRegistry()
	tests := map[string]struct {
		register func()
		check    func(cause any) bool
	}{
		"theirs with ours": {
			func() { clientgolang.ToRegisterer(ourReg).MustRegister(their, their) },
			func(cause any) bool {
				return cause.(theirs.AlreadyRegisteredError).ExistingCollector == theirs.Collector(their)
			},
		},
		"ours with theirs": {
			func() { clientgolang.FromRegisterer(theirReg).MustRegister(our, our) },
			func(cause any) bool {
				return cause.(ours.AlreadyRegisteredError).ExistingCollector == ours.Collector(our)
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if cause := recover(); cause == nil || !test.check(cause) {
					t.Errorf("recovered %v", cause)
				}
			}()
			test.register()
		})
	}
}

// The one that exists may be of the other library.
func TestExistingCollectorOfTheOtherLibrary(t *testing.T) {
	their, our := theirs.NewGauge(theirs.GaugeOpts{Name: "g"}), ours.NewGauge(ours.GaugeOpts{Name: "g"})
	our.Set(7)
	reg := ours.NewRegistry()
	reg.MustRegister(our)
	exists, ok := errors.AsType[theirs.AlreadyRegisteredError](clientgolang.ToRegisterer(reg).Register(their))
	if !ok || clientgolang.FromCollector(exists.ExistingCollector) != ours.Collector(our) {
		t.Errorf("got %v, want our gauge", exists)
	}
	if !clientgolang.ToRegisterer(reg).Unregister(their) {
		t.Error("what describes the same does not unregister it")
	}

	theirReg := theirs.NewRegistry()
	theirReg.MustRegister(their)
	ourExists, ok := errors.AsType[ours.AlreadyRegisteredError](clientgolang.FromRegisterer(theirReg).Register(our))
	if !ok || clientgolang.ToCollector(ourExists.ExistingCollector) != theirs.Collector(their) {
		t.Errorf("got %v, want their gauge", ourExists)
	}
}

// Who goes on with what exists asserts its type: wrapping on either side must not
// stand in the way.
func TestExistingCollectorIsUnwrapped(t *testing.T) {
	opts := theirs.CounterOpts{Name: "c_total"}
	reg := ours.NewRegistry()
	wrapped := theirs.WrapRegistererWithPrefix("p_", theirs.WrapRegistererWith(theirs.Labels{"a": "b"},
		clientgolang.ToRegisterer(ours.WrapRegistererWithPrefix("q_", reg))))
	first := promauto.With(wrapped).NewCounterVec(opts, []string{"l"})
	err := wrapped.Register(theirs.NewCounterVec(opts, []string{"l"}))
	exists, ok := errors.AsType[theirs.AlreadyRegisteredError](err)
	if !ok || exists.ExistingCollector.(*theirs.CounterVec) != first {
		t.Fatalf("got %v, want the vector that exists", err)
	}
	first.WithLabelValues("x").Inc()
	families, err := reg.Gather()
	if err != nil || len(families) != 1 || families[0].GetName() != "q_p_c_total" || len(families[0].GetMetric()[0].GetLabel()) != 2 {
		t.Errorf("gathered %v, %v", families, err)
	}

	theirReg := theirs.NewRegistry()
	ourWrapped := ours.WrapRegistererWithPrefix("p_", clientgolang.FromRegisterer(theirs.WrapRegistererWithPrefix("q_", theirReg)))
	ourFirst := ourauto.With(ourWrapped).NewCounterVec(ours.CounterOpts{Name: "c_total"}, []string{"l"})
	err = ourWrapped.Register(ours.NewCounterVec(ours.CounterOpts{Name: "c_total"}, []string{"l"}))
	ourExists, ok := errors.AsType[ours.AlreadyRegisteredError](err)
	if !ok || ourExists.ExistingCollector.(*ours.CounterVec) != ourFirst {
		t.Fatalf("got %v, want the vector that exists", err)
	}
}

// Metrics are shared through whatever Registerer tells the existing one.
func TestGetOrRegisterThroughABridge(t *testing.T) {
	vec := func() *ours.CounterVec {
		return ours.NewCounterVec(ours.CounterOpts{Name: "c_total"}, []string{"l"})
	}
	reg := clientgolang.FromRegisterer(theirs.WrapRegistererWithPrefix("p_", theirs.NewRegistry()))
	first, err := ours.GetOrRegister(reg, vec())
	if err != nil {
		t.Fatal(err)
	}
	if second, err := ours.GetOrRegister(reg, vec()); err != nil || second != first {
		t.Errorf("got another vector and error %v, want the one that is there", err)
	}
	if _, err := ours.GetOrRegister(reg, ours.NewGaugeVec(ours.GaugeOpts{Name: "c_total"}, []string{"l"})); err == nil {
		t.Error("a vector of gauges: got no error")
	}
	if _, err := ours.RegisterWith(reg, vec()); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("RegisterWith: got %v, want ErrUnsupported", err)
	}
}
