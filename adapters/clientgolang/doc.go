// Package clientgolang is the border to code that is compiled against
// github.com/prometheus/client_golang. It will hold the bridges by which metrics
// of both libraries come out of one handler.
//
// Today it holds the differential tests: what both libraries have is done to
// both, and has to come out the same, but for the differences that
// docs/differences.md names.
package clientgolang
