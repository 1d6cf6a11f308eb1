// This program is compiled against client_golang, as is the middleware in it. It
// causes some traffic, and then serves what was measured until its standard input
// ends. The address is the only line that it prints.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	grpcprom "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/mwitkow/go-conntrack"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	httpprom "github.com/slok/go-http-metrics/metrics/prometheus"
	"github.com/slok/go-http-metrics/middleware"
	"github.com/slok/go-http-metrics/middleware/std"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	otelmetric "go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

func main() {
	for _, cause := range []func() error{ownMetrics, grpcCalls, otelInstruments} {
		if err := cause(); err != nil {
			log.Fatal(err)
		}
	}
	address, err := serve()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(address)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func ownMetrics() error {
	promauto.NewCounterVec(prometheus.CounterOpts{Name: "own_total", Help: "Counted here."}, []string{"kind"}).WithLabelValues("own").Inc()
	promauto.With(prometheus.WrapRegistererWithPrefix("wrapped_", prometheus.DefaultRegisterer)).
		NewHistogram(prometheus.HistogramOpts{Name: "seconds", Help: "Measured here.", NativeHistogramBucketFactor: 1.1}).Observe(0.2)
	s := promauto.NewSummary(prometheus.SummaryOpts{Name: "summary", Help: "Summed up here.", Objectives: map[float64]float64{0.5: 0.05}})
	s.Observe(1)
	return nil
}

// grpcCalls measures both ends of a call.
func grpcCalls() error {
	onServer := grpcprom.NewServerMetrics(grpcprom.WithServerHandlingTimeHistogram())
	onClient := grpcprom.NewClientMetrics(grpcprom.WithClientHandlingTimeHistogram())
	prometheus.MustRegister(onServer, onClient)
	server := grpc.NewServer(grpc.UnaryInterceptor(onServer.UnaryServerInterceptor()))
	healthpb.RegisterHealthServer(server, health.NewServer())
	onServer.InitializeMetrics(server)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = server.Serve(l) }()
	defer server.GracefulStop()
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(onClient.UnaryClientInterceptor()))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_, err = healthpb.NewHealthClient(conn).Check(context.Background(), &healthpb.HealthCheckRequest{})
	return err
}

// otelInstruments exports OpenTelemetry's instruments.
func otelInstruments() error {
	exporter, err := otelprom.New(otelprom.WithRegisterer(prometheus.DefaultRegisterer))
	if err != nil {
		return err
	}
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter)).Meter("middleware")
	counter, err := meter.Int64Counter("otel.requests", otelmetric.WithUnit("1"))
	if err != nil {
		return err
	}
	histogram, err := meter.Float64Histogram("otel.duration", otelmetric.WithUnit("s"))
	if err != nil {
		return err
	}
	counter.Add(context.Background(), 3)
	histogram.Record(context.Background(), 0.3)
	return nil
}

// serve serves the page through connections and a handler that are
// measured.
func serve() (string, error) {
	measured := middleware.New(middleware.Config{Recorder: httpprom.NewRecorder(httpprom.Config{})})
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.Handler())
	mux.Handle("/openmetrics", promhttp.HandlerFor(prometheus.DefaultGatherer, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	requests := promauto.NewCounterVec(prometheus.CounterOpts{Name: "handler_requests_total", Help: "By the handler."}, []string{"code", "method"})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	handler := std.Handler("", measured, promhttp.InstrumentHandlerCounter(requests, mux))
	go func() { log.Fatal(http.Serve(conntrack.NewListener(l), handler)) }()

	client := &http.Client{Transport: &http.Transport{DialContext: conntrack.NewDialContextFunc()}}
	res, err := client.Get("http://" + l.Addr().String() + "/nothing")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), res.Body.Close()
}
