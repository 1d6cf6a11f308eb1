package theirs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/graphite"
)

// logger notes what is logged.
type logger struct{ *script.Trace }

func (l logger) Println(v ...any) { l.Note("logged", fmt.Sprintln(v...)) }

// graphed notes what a bridge of that configuration sends.
func graphed(t *script.Trace, config graphite.Config) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	received := make(chan string, 10)
	go func() {
		defer close(received)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			text, _ := io.ReadAll(conn)
			received <- string(text)
		}
	}()
	defer func() {
		listener.Close()
		for range received { // until nobody accepts any more
		}
	}()
	config.URL = listener.Addr().String()
	bridge, err := graphite.NewBridge(&config)
	t.Note("bridge", err)
	err = bridge.Push()
	t.Note("push", err)
	if err == nil {
		t.Note("received", "\n"+<-received)
	}
}

func valuesNoTagCanHave() prometheus.Gatherer {
	r := prometheus.NewRegistry()
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "g", Help: "h"}, []string{"l"})
	for _, value := range []string{"", "a b", "x;y=z", "\n", "~"} {
		vec.WithLabelValues(value).Set(1.5)
	}
	r.MustRegister(vec)
	return r
}

var graphs = []script.Scenario{
	{Name: "bridge to Graphite", Run: func(t *script.Trace) {
		r := prometheus.NewRegistry()
		vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "http.größe:x_", Help: "h"}, []string{"l"})
		vec.WithLabelValues("ö__ü").Set(1.5)
		vec.WithLabelValues("a.b").Set(2.5)
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", Buckets: []float64{0.5, 1}})
		h.Observe(0.7)
		s := prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", Objectives: map[float64]float64{0.5: 0.1}})
		s.Observe(1e20)
		d := prometheus.NewDesc("stamped", "h", nil, nil)
		r.MustRegister(vec, h, s, prometheus.NewCounter(prometheus.CounterOpts{Name: "c_total"}), sender{[]*prometheus.Desc{d}, []prometheus.Metric{
			prometheus.NewMetricWithTimestamp(time.UnixMilli(12_999), prometheus.MustNewConstMetric(d, prometheus.UntypedValue, 1e-7)),
		}})
		for _, tags := range []bool{false, true} {
			for _, prefix := range []string{"", "a.b", "pre fix"} {
				graphed(t, graphite.Config{UseTags: tags, Prefix: prefix, Gatherer: r})
			}
		}
	}},
	{Name: "bridge to Graphite of values that a path cannot have", Run: func(t *script.Trace) {
		graphed(t, graphite.Config{Gatherer: valuesNoTagCanHave()})
	}},
	{Name: "bridge to Graphite of values that a tag cannot have", Run: func(t *script.Trace) {
		graphed(t, graphite.Config{Gatherer: valuesNoTagCanHave(), UseTags: true})
	}},
	{Name: "bridge to Graphite that cannot gather", Run: func(t *script.Trace) {
		partial := given(errors.New("no"), family("a", "h", 1, gaugeWith("l", "1")))
		graphed(t, graphite.Config{Gatherer: partial, Logger: logger{t}})
		graphed(t, graphite.Config{Gatherer: partial})
		t.Try("unknown handling", func() { graphed(t, graphite.Config{Gatherer: partial, ErrorHandling: 7}) })
		bridge, _ := graphite.NewBridge(&graphite.Config{Gatherer: partial, URL: "127.0.0.1:1", ErrorHandling: graphite.AbortOnError, Logger: logger{t}})
		t.Note("abort", bridge.Push())
		_, err := graphite.NewBridge(&graphite.Config{})
		t.Note("no URL", err)
		r := prometheus.NewRegistry()
		r.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "g"}))
		for _, address := range []string{"127.0.0.1:1", "127.0.0.1", "nowhere:x:y"} {
			bridge, err := graphite.NewBridge(&graphite.Config{Gatherer: r, URL: address})
			t.Note("bridge", err)
			t.Note("push", bridge.Push())
		}
	}},
	{Name: "bridge to Graphite that runs", Run: func(t *script.Trace) {
		for _, interval := range []time.Duration{0, time.Minute} {
			begun := time.Now()
			gathers := prometheus.GathererFunc(func() (families, error) {
				t.Note("gather", time.Since(begun))
				return nil, errors.New("not now")
			})
			bridge, _ := graphite.NewBridge(&graphite.Config{Gatherer: gathers, URL: "127.0.0.1:1", Interval: interval, Logger: logger{t}, ErrorHandling: graphite.AbortOnError})
			ctx, cancel := context.WithTimeout(context.Background(), 200*time.Second)
			bridge.Run(ctx)
			cancel()
			t.Note("ended", time.Since(begun))
		}
	}},
	{Name: "text files", Run: func(t *script.Trace) {
		folder, err := os.MkdirTemp("", "text-files")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(folder)
		written := func(name string, g prometheus.Gatherer) {
			path := filepath.Join(folder, name)
			if err := prometheus.WriteToTextfile(path, g); err != nil {
				t.Note("error", strings.Contains(err.Error(), folder))
			}
			text, err := os.ReadFile(path)
			t.Note("text", string(text), os.IsNotExist(err))
			if info, err := os.Stat(path); err == nil {
				t.Note("mode", info.Mode())
			}
			files, err := os.ReadDir(folder)
			t.Note("files", len(files), err)
		}
		c, r := pushed()
		r.(*prometheus.Registry).MustRegister(c)
		written("a.prom", r)
		written("a.prom", prometheus.NewRegistry())
		written("b.prom", prometheus.Gatherers{r})
		written("b.prom", given(errors.New("no")))
		written(filepath.Join("no", "such.prom"), r)
	}},
}
