package objects_test

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/objects"
	"github.com/cresset-metrics/cresset/internal/registry"
)

var (
	phases = registry.NewDesc("pod_phase", "The phase.", "", []string{"pod", "phase"}, nil)
	infos  = registry.NewDesc("pod_info", "The pod.", "", []string{"pod"}, nil)
)

func series(desc *registry.Desc, value float64, labels ...string) objects.Series {
	l := desc.Schema.Labels(labels)
	return objects.Series{Desc: desc, Type: exposition.Gauge, Series: exposition.Series{Labels: &l, Value: value}}
}

func newStore() *objects.Store[int] { return objects.New[int](phases, infos) }

// lines returns what a registry with nothing but the store exposes.
func lines[K comparable](t *testing.T, s *objects.Store[K]) string {
	t.Helper()
	var r registry.Registry
	if err := r.Register(s, []*registry.Desc{phases, infos}); err != nil {
		t.Fatal(err)
	}
	page, errs := r.Gather(nil)
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	e := exposition.NewText(&out, exposition.AllowUTF8)
	page.Write(e)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestSetKeepsTheOrder(t *testing.T) {
	s := newStore()
	for _, pod := range []int{3, 1, 2} {
		name := strconv.Itoa(pod)
		if err := s.Set(pod, []objects.Series{series(infos, 1, name), series(phases, 1, name, "b"), series(phases, 0, name, "a")}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Set(1, []objects.Series{series(phases, 1, "1", "b"), series(phases, 1, "1", "c")}); err != nil {
		t.Fatal(err)
	}
	want := `# HELP pod_info The pod.
# TYPE pod_info gauge
pod_info{pod="2"} 1
pod_info{pod="3"} 1
# HELP pod_phase The phase.
# TYPE pod_phase gauge
pod_phase{phase="a",pod="2"} 0
pod_phase{phase="a",pod="3"} 0
pod_phase{phase="b",pod="1"} 1
pod_phase{phase="b",pod="2"} 1
pod_phase{phase="b",pod="3"} 1
pod_phase{phase="c",pod="1"} 1
`
	if got := lines(t, s); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// A map has room for any number of keys that are not equal to themselves, and finds
// none of them again.
func TestKeysThatAreNoEqualsOfThemselves(t *testing.T) {
	s := objects.New[float64](infos)
	if err := s.Set(math.NaN(), nil); err == nil || s.Len() != 0 {
		t.Errorf("got error %v and %d objects, want an error and none", err, s.Len())
	}
	if err := s.Replace(func(add func(float64, []objects.Series) error) error { return add(math.NaN(), nil) }); err == nil || s.Len() != 0 {
		t.Errorf("got error %v and %d objects, want an error and none", err, s.Len())
	}
}

// Nobody who adds to a set that is to replace all can make half a set of it.
func TestReplaceFailsAsAWhole(t *testing.T) {
	s := newStore()
	if err := s.Set(1, []objects.Series{series(infos, 1, "1")}); err != nil {
		t.Fatal(err)
	}
	before := lines(t, s)
	reason := errors.New("reason")
	for name, fill := range map[string]func(add func(int, []objects.Series) error) error{
		"the function fails": func(add func(int, []objects.Series) error) error {
			if err := add(2, nil); err != nil {
				t.Error(err)
			}
			return reason
		},
		"adding fails, and the function does not say so": func(add func(int, []objects.Series) error) error {
			_ = add(2, nil)
			_ = add(2, nil)
			if err := add(3, nil); err == nil {
				t.Error("got no error after one")
			}
			return nil
		},
	} {
		if err := s.Replace(fill); err == nil {
			t.Errorf("%s: got no error", name)
		}
		if got := lines(t, s); got != before || s.Len() != 1 {
			t.Errorf("%s: got %d objects and\n%s\nwant 1 and\n%s", name, s.Len(), got, before)
		}
	}
}

// Every page has every object as a whole: all of its series have the same value,
// and it has as many as that value says.
func TestPagesHaveWholeObjects(t *testing.T) {
	const many, mostSeries, pages = 20, 40, 100
	s := newStore()
	version := func(pod, n int) []objects.Series {
		name := strconv.Itoa(pod)
		all := []objects.Series{series(infos, float64(n), name)}
		for i := range n {
			all = append(all, series(phases, float64(n), name, strconv.Itoa(i)))
		}
		return all
	}
	var wg sync.WaitGroup
	var done atomic.Bool
	for writer := range 3 {
		wg.Go(func() {
			for n := 0; !done.Load(); n++ {
				pod, size := (n*7+writer)%many, (n+writer)%mostSeries
				switch n % 50 {
				case 10:
					s.Delete(pod)
				case 20:
					err := s.Replace(func(add func(int, []objects.Series) error) error {
						for pod := range many {
							if err := add(pod, version(pod, size)); err != nil {
								return err
							}
						}
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				default:
					if err := s.Set(pod, version(pod, size)); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for range pages {
				found, want := make(map[string]int), make(map[string]int)
				for line := range strings.Lines(lines(t, s)) {
					var pod, phase string
					var n int
					switch {
					case strings.HasPrefix(line, "#"):
						continue
					case strings.HasPrefix(line, "pod_info"):
						scan(t, line, "pod_info{pod=%q} %d\n", &pod, &n)
					default:
						scan(t, line, "pod_phase{phase=%q,pod=%q} %d\n", &phase, &pod, &n)
						found[pod]++
					}
					if before, known := want[pod]; known && before != n {
						t.Errorf("object %s is there in versions %d and %d", pod, before, n)
					}
					want[pod] = n
				}
				for pod, n := range want {
					if found[pod] != n {
						t.Errorf("object %s has %d series, want %d", pod, found[pod], n)
					}
				}
			}
		})
	}
	readers.Wait()
	done.Store(true)
	wg.Wait()
}

func scan(t *testing.T, line, format string, into ...any) {
	if _, err := fmt.Sscanf(line, format, into...); err != nil {
		t.Errorf("%q: %v", line, err)
	}
}

// Two objects that want the same series at the same time: one of them gets it.
func TestOneOfTwoGetsTheSeries(t *testing.T) {
	for range 100 {
		s := newStore()
		var won atomic.Int32
		var wg sync.WaitGroup
		for key := range 2 {
			wg.Go(func() {
				if s.Set(key, []objects.Series{series(infos, 1, "same")}) == nil {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		if got := won.Load(); got != 1 || s.Len() != 1 {
			t.Fatalf("%d of two objects got the series, and %d are there, want 1", got, s.Len())
		}
	}
}
