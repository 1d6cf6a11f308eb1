package main

import (
	"fmt"
	"net/http"
	"strconv"

	vm "github.com/VictoriaMetrics/metrics"
	"github.com/klauspost/compress/gzip"
	theirs "github.com/prometheus/client_golang/prometheus"
	theirhttp "github.com/prometheus/client_golang/prometheus/promhttp"

	ours "github.com/cresset-metrics/cresset/prometheus"
	ourhttp "github.com/cresset-metrics/cresset/prometheus/promhttp"
)

// pages are rows that scrape many series. Each of them changes before each page.
func pages(s sizes, peer *rustPeer) group {
	counters := fmt.Sprintf("scraping %s counters with three labels, ", thousands(s.series))
	fewer := target{of: allocations, goroutines: 1, limit: 100, below: true}
	ones := func(int) float64 { return 1 }
	return group{
		name: "Pages",
		note: "Allocations and sizes are those of a whole page. " +
			"The floor is copying the bytes of the page; compressed, it is the compressor of klauspost/compress at its default level, at work on them.",
		rows: []row{
			{
				name: counters + "whole numbers, text", what: series, goroutines: single,
				targets: []target{alone(0.008), fewer},
				why: `a series is four lines of memory, two of the child and two of its text, and fetching them for many series at once is two thirds of the time; where the caches
hold all series, a page takes about half as long.`,
				sides: []side{
					{cressetName, func() subject { return ourCounters(s.series, text, ones) }},
					{theirsName, func() subject { return theirCounters(s.series, text, ones) }},
					{victoria, func() subject { return vmCounters(s.series) }},
					peer.page("page_whole", s.series),
					{floor, func() subject { return copies(s.series, ones) }},
				},
			},
			{
				name: counters + "whole numbers, OpenMetrics", what: series, goroutines: single,
				targets: []target{alone(0.01), fewer},
				why: `as for the text format, a series is four lines of memory, two of the child and two of its text, and fetching them for many series at once is two thirds of the time; where the caches
hold all series, a page takes about half as long.`,
				sides: []side{
					{cressetName, func() subject { return ourCounters(s.series, openMetrics, ones) }},
					{theirsName, func() subject { return theirCounters(s.series, openMetrics, ones) }},
				},
			},
			{
				name: counters + "whole numbers, protobuf", what: series, goroutines: single,
				targets: []target{alone(0.02), fewer},
				sides: []side{
					{cressetName, func() subject { return ourCounters(s.series, protobuf, ones) }},
					{theirsName, func() subject { return theirCounters(s.series, protobuf, ones) }},
				},
			},
			{
				name: counters + "whole numbers, text, gzip", what: series, goroutines: single,
				targets: []target{alone(0.1), {of: sizeRatio, goroutines: 1, limit: 1.1}},
				sides: []side{
					{cressetName, func() subject { return ourCounters(s.series, gzipped, ones) }},
					{theirsName, func() subject { return theirCounters(s.series, gzipped, ones) }},
					{floor, func() subject { return compressions(s.series, ones) }},
				},
			},
			{
				name: counters + "fractions, text", what: series, goroutines: single,
				targets: []target{alone(0.016)},
				why:     `finding the shortest text of a number that needs all of its digits takes more time than all the rest of the line, and is the standard library's.`,
				sides: []side{
					{cressetName, func() subject { return ourCounters(s.series, text, fraction) }},
					{theirsName, func() subject { return theirCounters(s.series, text, fraction) }},
					peer.page("page_fractions", s.series),
					{floor, func() subject { return copies(s.series, fraction) }},
				},
			},
			{
				name: fmt.Sprintf("scraping %s classic histograms with three labels, text", thousands(s.histograms)), what: "ns per histogram", goroutines: single,
				targets: []target{alone(0.06)},
				why:     `each has many lines, which are copied in three pieces and a number each; and reading it takes its lock for a moment.`,
				sides: []side{
					{cressetName, func() subject { return ourHistograms(s.histograms) }},
					{theirsName, func() subject { return theirHistograms(s.histograms) }},
					peer.page("page_histograms", s.histograms),
				},
			},
		},
	}
}

// fraction returns numbers between 0 and 1 that need all of their digits.
func fraction(i int) float64 {
	x := uint64(i + 1)
	return random(&x)
}

// values returns the labels of the ith series.
func values(i int) (method, code, path string) {
	return methods[i%4], codes[i/4%4], strconv.Itoa(i)
}

func ourHandler(c ...ours.Collector) http.Handler {
	r := ours.NewRegistry()
	r.MustRegister(c...)
	return ourhttp.HandlerFor(r, ourhttp.HandlerOpts{EnableOpenMetrics: true})
}

func theirHandler(c ...theirs.Collector) http.Handler {
	r := theirs.NewRegistry()
	r.MustRegister(c...)
	return theirhttp.HandlerFor(r, theirhttp.HandlerOpts{EnableOpenMetrics: true})
}

func ourCounters(n int, f form, amount func(i int) float64) *page {
	vec := newOurVec("method", "code", "path")
	all := make([]adder, n)
	for i := range all {
		all[i] = vec.WithLabelValues(values(i))
	}
	return newPage(n, addAll(all, amount), f.asked(ourHandler(vec)))
}

func theirCounters(n int, f form, amount func(i int) float64) *page {
	vec := newTheirVec("method", "code", "path")
	all := make([]adder, n)
	for i := range all {
		all[i] = vec.WithLabelValues(values(i))
	}
	return newPage(n, addAll(all, amount), f.asked(theirHandler(vec)))
}

func addAll(all []adder, amount func(i int) float64) func() {
	return func() {
		for i, a := range all {
			a.Add(amount(i))
		}
	}
}

func vmCounters(n int) *page {
	set := vm.NewSet()
	all := make([]incer, n)
	for i := range all {
		all[i] = set.NewCounter(vmName(values(i)))
	}
	client := &discard{}
	return newPage(n,
		func() {
			for _, c := range all {
				c.Inc()
			}
		},
		func() int {
			client.bytes = 0
			set.WritePrometheus(client)
			return client.bytes
		})
}

// ourPage returns the text of a page of counters.
func ourPage(n int, amount func(i int) float64) []byte {
	vec := newOurVec("method", "code", "path")
	for i := range n {
		vec.WithLabelValues(values(i)).Add(amount(i))
	}
	return rendered(ourHandler(vec))
}

// copies copies a page that is there.
func copies(n int, amount func(i int) float64) *page {
	from := ourPage(n, amount)
	to := make([]byte, len(from))
	return newPage(n, func() {}, func() int { return copy(to, from) })
}

// compressions compresses it.
func compressions(n int, amount func(i int) float64) *page {
	from := ourPage(n, amount)
	client := &discard{}
	writer := gzip.NewWriter(client)
	return newPage(n, func() {}, func() int {
		client.bytes = 0
		writer.Reset(client)
		// What goes to discard arrives.
		must(writer.Write(from))
		must(0, writer.Close())
		return client.bytes
	})
}

func ourHistograms(n int) *page {
	vec := ours.NewHistogramVec(ours.HistogramOpts{Name: "seconds", Help: "Seconds."}, []string{"method", "code", "path"})
	all := make([]observer, n)
	for i := range all {
		all[i] = vec.WithLabelValues(values(i))
	}
	return newPage(n, observeAll(all), text.asked(ourHandler(vec)))
}

func theirHistograms(n int) *page {
	vec := theirs.NewHistogramVec(theirs.HistogramOpts{Name: "seconds", Help: "Seconds."}, []string{"method", "code", "path"})
	all := make([]observer, n)
	for i := range all {
		all[i] = vec.WithLabelValues(values(i))
	}
	return newPage(n, observeAll(all), text.asked(theirHandler(vec)))
}

func observeAll(all []observer) func() {
	return func() {
		for i, o := range all {
			o.Observe(observations[i%len(observations)])
		}
	}
}
