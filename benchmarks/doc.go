// Package benchmarks measures this library beside others that do the same, each
// pair in one run: machines are noisy, and only the ratio of two figures of the
// same run means anything.
//
//	go test -run '^$' -bench . -benchmem -count 5
//
// Sub-benchmarks are named by the library. Those that end in "contended" run on
// two threads, each held to a core of its own, since goroutines left to
// themselves often share one and then show a serial figure; their ns/op is the
// time that passed divided by the operations of both.
package benchmarks
