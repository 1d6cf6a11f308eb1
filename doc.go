// Package cresset is the home of the native API, whose labels are typed and which
// needs nothing but the standard library. Its drop-in sibling is package prometheus.
package cresset
