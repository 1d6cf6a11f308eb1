package theirs

import (
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// RunAtOnce runs the workers of a crowd at the same time, while one goroutine
// gathers and another one asks for pages. It notes what is there when all have
// ended. It returns the pages, and what was wrong meanwhile.
func RunAtOnce(t *script.Trace, c script.Crowd) (pages []script.Page, wrong []string) {
	r := prometheus.NewRegistry()
	wrapped := prometheus.WrapRegistererWith(prometheus.Labels{"zone": "z"}, r)
	vectors := make([]thing, len(c.Vectors))
	for i, of := range c.Vectors {
		vectors[i] = vector(of)
		if c.Wrapped[i] {
			wrapped.MustRegister(vectors[i])
		} else {
			r.MustRegister(vectors[i])
		}
	}

	var workers, watchers sync.WaitGroup
	ended := make(chan struct{})
	var gathers, scrapes script.Watcher
	watchers.Go(func() {
		watch(ended, func(int) {
			families, err := r.Gather()
			if err != nil {
				gathers.Wrong = append(gathers.Wrong, err.Error())
			}
			gathers.Families(families)
		})
	})
	watchers.Go(func() {
		handler := func(created bool) http.Handler {
			return promhttp.HandlerFor(r, promhttp.HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: created})
		}
		watch(ended, func(i int) {
			page := script.Ask(handler, script.Formats[i%len(script.Formats)])
			scrapes.Page(page)
			pages = append(pages, page)
		})
	})
	for i, acts := range c.Workers {
		workers.Go(func() { newWorker(fmt.Sprint(i), r, vectors).run(acts) })
	}
	workers.Wait()
	close(ended)
	watchers.Wait()
	settle(c, vectors)
	show(t, r)
	return pages, slices.Concat(gathers.Wrong, scrapes.Wrong)
}

// settle observes a little more where the number of buckets is limited. While
// somebody reads, ours leaves it to the next observation to apply the limit.
func settle(c script.Crowd, vectors []thing) {
	for i, of := range c.Vectors {
		for who := range c.Workers {
			if of.Native.MaxBuckets == 0 {
				continue
			}
			child, err := vectors[i].find([]string{fmt.Sprint(who)})
			if err != nil {
				panic(err)
			}
			for range 3 {
				child.update(script.Op{Do: "observe", Value: 1})
			}
		}
	}
}

// watch looks until all has ended, and once more after that.
func watch(ended chan struct{}, look func(i int)) {
	for i := 0; ; i++ {
		select {
		case <-ended:
			look(i)
			return
		default:
			look(i)
		}
	}
}

// worker is one of a crowd. It has a label value and a metric to register of its
// own, and has held its own child of each vector from the beginning.
type worker struct {
	name     string
	registry *prometheus.Registry
	vectors  []thing
	held     []thing
	own      prometheus.Gauge
}

func newWorker(name string, r *prometheus.Registry, vectors []thing) *worker {
	w := &worker{name: name, registry: r, vectors: vectors, own: prometheus.NewGauge(prometheus.GaugeOpts{Name: "worker_" + name})}
	for i := range vectors {
		w.held = append(w.held, w.child(i, name))
	}
	return w
}

func (w *worker) child(i int, who string) thing {
	child, err := w.vectors[i].find([]string{who})
	if err != nil {
		panic(err)
	}
	return child
}

func (w *worker) run(acts []script.Act) {
	for i, act := range acts {
		switch act.Do {
		case "register":
			_ = w.registry.Register(w.own)
		case "unregister":
			w.registry.Unregister(w.own)
		case "delete":
			w.vectors[act.Vector].deleting.DeleteLabelValues(w.name)
		default:
			w.update(act, script.Op{Do: act.Do, Value: act.Value, Exemplar: map[string]string{"n": fmt.Sprint(i)}})
		}
	}
}

func (w *worker) update(act script.Act, op script.Op) {
	switch {
	case act.Own && act.Held:
		w.held[act.Vector].update(op)
	case act.Own:
		w.child(act.Vector, w.name).update(op)
	default:
		w.child(act.Vector, script.Shared).update(op)
	}
}
