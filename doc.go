// Package cresset instruments Go programs: it counts and measures what they do,
// for Prometheus and whatever reads its formats. It needs nothing but the standard
// library.
//
//	reg := cresset.NewRegistry()
//	http.Handle("/metrics", reg.Handler())
//
//	type call struct {
//		Method string `label:"method"`
//		Code   int    `label:"code"`
//	}
//	requests := cresset.NewCounterVec[call](reg, "http_requests_total", "Requests served.", cresset.TTL(10*time.Minute))
//	requests.With(call{"GET", 200}).Inc()
//
// Package prometheus beside it has the same engine behind the names that users of
// client_golang know. Both can share a registry, and so a page.
//
// # Kinds
//
// A Counter only grows; a Gauge goes up and down; a Histogram counts observations
// in buckets, which are classic ones (Buckets) or native ones (NativeBuckets) or
// both; a Summary has the number and the sum of observations, and quantiles if it is
// given Objectives. NewCounterFunc and NewGaugeFunc take a value from a function, an
// Info tells facts in its labels, and a StateSet which of some states are on.
//
// What the constructors of the first four return is a handle. It is small, can be
// copied, and is for any number of goroutines: an update takes no lock that
// can make it wait and allocates nothing. A program either holds handles or asks
// a vector for them each time; both are cheap.
//
// # Labels
//
// The labels of a vector are the fields of a struct type, so that the compiler sees
// to it that none is missing, unknown or in the wrong place. What the compiler
// cannot see is checked when the vector is made: each field has a tag with a
// valid name, and a type whose values are told from each other by ==. See Vec.
//
// Label values that come from outside should be few: each combination is a series,
// which costs memory here and in the server. MaxSeries bounds their number.
// Enumerate finds the handles of an enumeration once, and later by its constants
// alone.
//
// # Lifetimes
//
// A series of a vector stays until it is deleted, unless the vector has a TTL:
// then it leaves by itself when it has not been updated for that long. There are
// four ways to be rid of series that are no longer true: a TTL, Replace for a
// snapshot of all, Delete and its kin for single ones, and Unregister of the
// registry for the whole metric. What an update does to a handle that is held
// meanwhile:
//
//	the series has been …       an update of its handle
//	expired                     brings it back, from zero and as of now
//	found again by With         goes to the same series as that of the other handle
//	deleted, reset, replaced    is seen by nobody, then and later
//	expired before one of       brings it back, from zero and as of now, for there
//	those                       was nothing to delete
//	unregistered                is seen by nobody, until the metric is made again,
//	                            which gives new handles
//	pinned                      is an update as any other: it does not expire
//
// # Serving
//
// The Handler of a registry serves scrapers in the format that they ask for. For a
// job that ends before anybody could scrape it there is a Pusher, for one on a host
// with a node exporter WriteTextfile. Whatever is wrong with a single series or
// function costs its own lines and no others, and a function that hangs holds up no
// page: see NewRegistry. What a part of a program registers through a Scope goes
// with it. Package cressettest helps to test what a program exposes, with time told
// by testing/synctest.
//
// # Errors
//
// Metrics are made where a program begins, by constructors that panic, as
// regexp.MustCompile does, with an error that says what is wrong: a name, an
// option, a field of the labels, or another metric that has the name. Each has a
// sibling, whose name begins with Try, that returns the error instead. After that
// no update panics or fails: what makes no sense, such as a counter that is to
// fall, is left out and counted, as is said where it is possible. The zero value of
// a handle is none, and panics, as does code of the program's own that is called, such
// as the String method of a label's type.
package cresset
