// Package zstd makes the zstd compression (RFC 8878) available to the handlers
// of package promhttp. It is imported for this effect only:
//
//	import _ "github.com/cresset-metrics/cresset/prometheus/promhttp/zstd"
//
// Handlers that are made after that offer zstd to clients that accept it, unless
// their options say otherwise. A client that likes gzip as much gets gzip.
package zstd

import (
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/cresset-metrics/cresset/prometheus/promhttp/internal/compression"
)

func init() { compression.Zstd = compressed }

// encoders are kept because each holds more than a megabyte.
var encoders sync.Pool

// One page is one stream, compressed by the goroutine that writes it, so that
// none is left behind. Pages repeat themselves within a few lines: a larger window
// takes memory and finds nothing.
func newEncoder() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil,
		zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(1<<20),
		zstd.WithLowerEncoderMem(true))
}

// body is what an encoder writes from its Reset to its Close.
type body struct{ *zstd.Encoder }

func compressed(w io.Writer) (io.WriteCloser, error) {
	encoder, ok := encoders.Get().(*zstd.Encoder)
	if !ok {
		var err error
		if encoder, err = newEncoder(); err != nil {
			return nil, err
		}
	}
	encoder.Reset(w)
	return body{encoder}, nil
}

// Close ends the body and gives its encoder, which must not be used any more,
// back.
func (b body) Close() error {
	err := b.Encoder.Close()
	b.Reset(nil) // so that it does not keep the response
	encoders.Put(b.Encoder)
	return err
}
