// Package compression is where a program's imports say which compressions
// package promhttp can offer, besides those that it always has.
package compression

import "io"

// Zstd returns a writer that compresses to another one, and must be closed. It
// is nil in a program that does not import promhttp/zstd, which sets it before
// main begins.
var Zstd func(io.Writer) (io.WriteCloser, error)
