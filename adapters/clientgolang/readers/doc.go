// Package readers has the tests in which Prometheus reads what the drop-in
// exposes: every page of the differential scenarios and of random programs, in
// every format, and pages of whatever a fuzzer can think of as a name, a help, a
// label value, a unit or an exemplar. What the parsers of Prometheus' scraper
// find has to be what Gather returned.
//
// It is a module of its own because Prometheus is a heavy dependency, which
// nobody who uses the bridges of adapters/clientgolang should get.
package readers
