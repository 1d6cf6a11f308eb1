package cresset_test

import (
	"os"
	"time"

	"github.com/cresset-metrics/cresset"
)

// show prints what a registry exposes.
func show(reg *cresset.Registry) {
	if err := reg.WriteText(os.Stdout); err != nil {
		panic(err)
	}
}

func Example() {
	// The labels of a metric are the fields of a type.
	type job struct {
		Queue string `label:"queue"`
		OK    bool   `label:"ok"`
	}

	reg := cresset.NewRegistry()
	done := cresset.NewCounterVec[job](reg, "jobs_done_total", "Jobs that have come to an end.")
	waiting := cresset.NewGauge(reg, "jobs_waiting", "Jobs that have not begun.")

	waiting.Set(3)
	done.With(job{"mail", true}).Inc()
	done.With(job{"mail", true}).Inc()
	done.With(job{"print", false}).Inc()

	show(reg)
	// Output:
	// # HELP jobs_done_total Jobs that have come to an end.
	// # TYPE jobs_done_total counter
	// jobs_done_total{ok="false",queue="print"} 1
	// jobs_done_total{ok="true",queue="mail"} 2
	// # HELP jobs_waiting Jobs that have not begun.
	// # TYPE jobs_waiting gauge
	// jobs_waiting 3
}

func ExampleCounter() {
	reg := cresset.NewRegistry()
	bytes := cresset.NewCounter(reg, "sent_bytes_total", "Bytes that were sent.", cresset.Unit("bytes"))
	bytes.Add(1500)
	bytes.Inc()

	show(reg)
	// Output:
	// # HELP sent_bytes_total Bytes that were sent.
	// # TYPE sent_bytes_total counter
	// sent_bytes_total 1501
}

func ExampleCounterVec() {
	type message struct {
		Topic string `label:"topic"`
	}
	reg := cresset.NewRegistry()
	received := cresset.NewCounterVec[message](reg, "messages_received_total", "Messages received.")

	orders := received.With(message{"orders"}) // to be held, or to be asked for each time
	orders.Inc()
	received.With(message{"orders"}).Inc()
	received.With(message{"returns"}) // there from now on

	show(reg)
	// Output:
	// # HELP messages_received_total Messages received.
	// # TYPE messages_received_total counter
	// messages_received_total{topic="orders"} 2
	// messages_received_total{topic="returns"} 0
}

func ExampleGauge() {
	reg := cresset.NewRegistry()
	inFlight := cresset.NewGauge(reg, "requests_in_flight", "Requests that are being served.")
	serve := func() {
		inFlight.Inc()
		defer inFlight.Dec()
		show(reg)
	}
	serve()
	// Output:
	// # HELP requests_in_flight Requests that are being served.
	// # TYPE requests_in_flight gauge
	// requests_in_flight 1
}

func ExampleGaugeVec() {
	type room struct {
		Floor int    `label:"floor"`
		Name  string `label:"name"`
	}
	reg := cresset.NewRegistry()
	temperature := cresset.NewGaugeVec[room](reg, "temperature_celsius", "Temperatures of the rooms.")
	temperature.With(room{1, "kitchen"}).Set(21.5)
	temperature.With(room{2, "attic"}).Set(14)
	temperature.Delete(room{2, "attic"}) // whose sensor was taken down

	show(reg)
	// Output:
	// # HELP temperature_celsius Temperatures of the rooms.
	// # TYPE temperature_celsius gauge
	// temperature_celsius{floor="1",name="kitchen"} 21.5
}

func ExampleHistogram() {
	reg := cresset.NewRegistry()
	size := cresset.NewHistogram(reg, "upload_bytes", "Sizes of uploads.",
		cresset.Buckets(cresset.ExponentialBuckets(1000, 100_000, 3)...))
	size.Observe(512)
	size.Observe(8_000)
	size.Observe(2_000_000)

	show(reg)
	// Output:
	// # HELP upload_bytes Sizes of uploads.
	// # TYPE upload_bytes histogram
	// upload_bytes_bucket{le="1000"} 1
	// upload_bytes_bucket{le="10000"} 2
	// upload_bytes_bucket{le="100000"} 2
	// upload_bytes_bucket{le="+Inf"} 3
	// upload_bytes_sum 2.008512e+06
	// upload_bytes_count 3
}

func ExampleHistogramVec() {
	type query struct {
		Table string `label:"table"`
	}
	reg := cresset.NewRegistry()
	latency := cresset.NewHistogramVec[query](reg, "query_seconds", "How long queries take.", cresset.Buckets(.01, .1, 1))
	latency.With(query{"users"}).ObserveDuration(30 * time.Millisecond)

	show(reg)
	// Output:
	// # HELP query_seconds How long queries take.
	// # TYPE query_seconds histogram
	// query_seconds_bucket{table="users",le="0.01"} 0
	// query_seconds_bucket{table="users",le="0.1"} 1
	// query_seconds_bucket{table="users",le="1"} 1
	// query_seconds_bucket{table="users",le="+Inf"} 1
	// query_seconds_sum{table="users"} 0.03
	// query_seconds_count{table="users"} 1
}

func ExampleSummary() {
	reg := cresset.NewRegistry()
	age := cresset.NewSummary(reg, "message_age_seconds", "How old messages are when they arrive.",
		cresset.Objectives(map[float64]float64{0.5: 0.05, 0.9: 0.01}), cresset.Window(time.Hour, 6))
	for i := range 100 {
		age.Observe(float64(i))
	}

	show(reg)
	// Output:
	// # HELP message_age_seconds How old messages are when they arrive.
	// # TYPE message_age_seconds summary
	// message_age_seconds{quantile="0.5"} 49
	// message_age_seconds{quantile="0.9"} 89
	// message_age_seconds_sum 4950
	// message_age_seconds_count 100
}

func ExampleSummaryVec() {
	type disk struct {
		Device string `label:"device"`
	}
	reg := cresset.NewRegistry()
	reads := cresset.NewSummaryVec[disk](reg, "disk_read_bytes", "Sizes of reads.")
	reads.With(disk{"sda"}).Observe(4096)
	reads.With(disk{"sda"}).Observe(512)

	show(reg)
	// Output:
	// # HELP disk_read_bytes Sizes of reads.
	// # TYPE disk_read_bytes summary
	// disk_read_bytes_sum{device="sda"} 4608
	// disk_read_bytes_count{device="sda"} 2
}

func ExampleNewGaugeFunc() {
	queue := make(chan string, 10)
	queue <- "a letter"

	reg := cresset.NewRegistry()
	cresset.NewGaugeFunc(reg, "queue_length", "Letters that wait.", func() float64 { return float64(len(queue)) })

	show(reg)
	// Output:
	// # HELP queue_length Letters that wait.
	// # TYPE queue_length gauge
	// queue_length 1
}

func ExampleNewCounterFunc() {
	var bill struct{ cents int } // kept by somebody else

	reg := cresset.NewRegistry()
	cresset.NewCounterFunc(reg, "spent_euros_total", "What was spent.", func() float64 { return float64(bill.cents) / 100 })

	bill.cents += 250
	show(reg)
	// Output:
	// # HELP spent_euros_total What was spent.
	// # TYPE spent_euros_total counter
	// spent_euros_total 2.5
}

func ExampleInfo() {
	type leader struct {
		Node string `label:"node"`
		Term int    `label:"term"`
	}
	reg := cresset.NewRegistry()
	info := cresset.NewInfo(reg, "cluster_leader", "Who leads the cluster.", leader{"a", 1})
	info.Set(leader{"c", 2})

	show(reg)
	// Output:
	// # HELP cluster_leader_info Who leads the cluster.
	// # TYPE cluster_leader_info gauge
	// cluster_leader_info{node="c",term="2"} 1
}

func ExampleStateSet() {
	type state string
	const (
		follower  state = "follower"
		candidate state = "candidate"
		leader    state = "leader"
	)
	reg := cresset.NewRegistry()
	role := cresset.NewStateSet(reg, "raft_state", "The part that the node has.", []state{follower, candidate, leader})
	role.Set(candidate)
	role.Set(leader)

	show(reg)
	// Output:
	// # HELP raft_state The part that the node has.
	// # TYPE raft_state gauge
	// raft_state{raft_state="candidate"} 0
	// raft_state{raft_state="follower"} 0
	// raft_state{raft_state="leader"} 1
}
