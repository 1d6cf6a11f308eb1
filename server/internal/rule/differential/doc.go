// Package differential holds tests alone: the proof that the rule engine does what
// Prometheus' rule manager does.
//
// A program is rule files, series, and what happens meanwhile: reloads, failing
// and slow queries, restarts. Both engines are put through it, each over a
// database of its own, in one bubble of virtual time, and are compared after every
// step in everything that can be seen of them from outside: alerts sent, the state
// of groups, rules and alerts, metrics, and at the end all stored samples with
// their stale markers. That happens in two ways: as they run by themselves, with
// their schedules and goroutines, and evaluated step by step.
//
// Programs come from a catalogue, which has one for each behaviour that is known,
// and from chance. Where the engines differ on purpose, differences_test.go makes
// them equal, once for each difference; purpose_test.go writes down what cannot be
// made equal. Both use the names that docs/differences.md gives the differences.
package differential
