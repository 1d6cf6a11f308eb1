// Package clientgolang is the border to code that is compiled against
// github.com/prometheus/client_golang, so that the metrics of both libraries
// come out of one handler.
//
// The two libraries have interfaces that look the same, but whose types are not:
// a function that wants a prometheus.Registerer of client_golang does not take
// one of ours. The functions of this package translate:
//
//   - ToRegisterer is for middleware that wants something to register its metrics
//     with. They then stand in our registry, beside ours.
//   - FromCollector is for a Collector that somebody else has written, and
//     FromRegisterer for a function of ours that is to register with their
//     registry.
//   - ToCollector is for a Collector of ours that is to be exposed by their
//     registry.
//   - Merge is for a dependency that has registered with client_golang's default
//     registry, as many do when they are imported: it puts what two registries
//     gather on one page.
//
// Gatherers need no translation. Both libraries gather the same messages, so that
// what has a Gather method is a Gatherer, or a TransactionalGatherer, of both.
//
// Metrics keep whatever they have: timestamps, exemplars, created timestamps,
// native buckets. What both worlds have under the same name is checked as if all
// of it were of one library: help and label names must agree, nothing can be
// registered twice, and Unregister finds what Register was given. Something that
// was translated there and back is the original again.
//
// Interfaces can be translated, structs cannot: where somebody wants a
// *prometheus.CounterVec of client_golang, give them one. And whoever asserts that
// the existing Collector of an AlreadyRegisteredError is of a type of their library
// is right as long as it was registered through their library.
//
// A program whose whole module graph can be built with ours needs none of this;
// see the replacement for client_golang in the folder beside this one.
package clientgolang
