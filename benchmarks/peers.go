package main

import (
	"context"

	vm "github.com/VictoriaMetrics/metrics"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
)

// Other libraries' metrics, under the names that rows call them by.

type vmAdder struct{ *vm.FloatCounter }

func (a vmAdder) Add(v float64) { a.FloatCounter.Add(v) }

type vmHistogram struct{ *vm.Histogram }

func (h vmHistogram) Observe(v float64) { h.Update(v) }

type vmSummary struct{ *vm.Summary }

func (s vmSummary) Observe(v float64) { s.Update(v) }

// newMeter returns a meter that forgets no series, and is read by hand only.
func newMeter(views ...sdk.View) metric.Meter {
	meter, _ := newReader(views...)
	return meter
}

func newReader(views ...sdk.View) (metric.Meter, sdk.Reader) {
	reader := sdk.NewManualReader()
	provider := sdk.NewMeterProvider(sdk.WithReader(reader), sdk.WithView(views...), sdk.WithCardinalityLimit(0))
	return provider.Meter("benchmarks"), reader
}

// exponential is OpenTelemetry's histogram without bounds to choose, as it is by default.
func exponential(i sdk.Instrument) (sdk.Stream, bool) {
	return sdk.Stream{
		Name:        i.Name,
		Aggregation: sdk.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20},
	}, true
}

var background = context.Background()

type otelCounter struct{ metric.Int64Counter }

func (c otelCounter) Inc() { c.Int64Counter.Add(background, 1) }

type otelAdder struct {
	into interface {
		Add(context.Context, float64, ...metric.AddOption)
	}
}

func (a otelAdder) Add(v float64) { a.into.Add(background, v) }

type otelSetter struct{ metric.Float64Gauge }

func (g otelSetter) Set(v float64) { g.Record(background, v) }

type otelObserver struct{ metric.Float64Histogram }

func (h otelObserver) Observe(v float64) { h.Record(background, v) }

// must is for what fails only where this program is wrong.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
