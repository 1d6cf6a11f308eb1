package promhttp

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/cresset-metrics/cresset/prometheus/promhttp/internal/compression"
)

// Compression is the content encoding of a page.
type Compression string

const (
	// Identity leaves the page as it is.
	Identity Compression = "identity"
	// Gzip is RFC 1952.
	Gzip Compression = "gzip"
	// Zstd is RFC 8878. It is available in programs that import promhttp/zstd.
	Zstd Compression = "zstd"
)

// available returns the compressions that this program has, those that are
// offered unless HandlerOpts says otherwise.
func available() []Compression {
	if compression.Zstd == nil {
		return []Compression{Identity, Gzip}
	}
	return []Compression{Identity, Gzip, Zstd}
}

// negotiate returns the offer that the Accept-Encoding header rates highest,
// the first one of several. It is Identity if the header says nothing of any
// offer, and empty if it rules out all that it speaks of.
func negotiate(header http.Header, offers []Compression) Compression {
	best, bestRating := Identity, -1.0
	accepted := acceptedEncodings(header)
	for _, offer := range offers {
		for _, a := range accepted {
			if a.rating > bestRating && (a.name == "*" || strings.EqualFold(a.name, string(offer))) {
				best, bestRating = offer, a.rating
			}
		}
	}
	if bestRating == 0 {
		return ""
	}
	return best
}

type acceptedEncoding struct {
	name   string
	rating float64 // 0 (never) to 1
}

// acceptedEncodings reads the Accept-Encoding header and passes over what
// cannot be understood.
func acceptedEncodings(header http.Header) []acceptedEncoding {
	var accepted []acceptedEncoding
	for _, line := range header.Values("Accept-Encoding") {
		for element := range strings.SplitSeq(line, ",") {
			name, parameter, _ := strings.Cut(element, ";")
			if rating, ok := parseRating(strings.TrimSpace(parameter)); ok {
				accepted = append(accepted, acceptedEncoding{strings.TrimSpace(name), rating})
			}
		}
	}
	return accepted
}

// parseRating reads a parameter like "q=0.5". Without one, the rating is 1.
func parseRating(parameter string) (float64, bool) {
	if parameter == "" {
		return 1, true
	}
	number, ok := strings.CutPrefix(parameter, "q=")
	if !ok {
		return 0, false
	}
	rating, err := strconv.ParseFloat(number, 64)
	return rating, err == nil && rating >= 0 && rating <= 1
}

// compressed returns a writer of the body, which must be closed, and sets the
// header that tells of its compression. If it returns an error too, the body is
// not compressed.
func compressed(w http.ResponseWriter, c Compression) (io.WriteCloser, error) {
	var body io.WriteCloser
	var err error
	switch {
	case c == Identity:
		return plainBody{w}, nil
	case c == Gzip:
		body = gzipped(w)
	case c == Zstd && compression.Zstd != nil:
		body, err = compression.Zstd(w)
	default:
		err = fmt.Errorf("content compression format not recognized: %s. Valid formats are: %s", c, available())
	}
	if err != nil {
		return plainBody{w}, err
	}
	w.Header().Set("Content-Encoding", string(c))
	return body, nil
}

type plainBody struct{ io.Writer }

func (plainBody) Close() error { return nil }

// gzipLevel is the level at which pages of all kinds are about as small as the
// standard library makes them at its usual level, from a fifth smaller to a
// twentieth larger, in a third of the time or so. One level lower takes two thirds
// of that, but pages whose lines differ in one digit are a third larger.
const gzipLevel = 6

// gzipWriters are kept because each holds more than half a megabyte.
var gzipWriters = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(io.Discard, gzipLevel) // an error would be about the level
	return w
}}

type gzipBody struct{ *gzip.Writer }

func gzipped(w io.Writer) gzipBody {
	writer := gzipWriters.Get().(*gzip.Writer)
	writer.Reset(w)
	return gzipBody{writer}
}

// Close ends the body and gives its writer, which must not be used any more,
// back.
func (b gzipBody) Close() error {
	err := b.Writer.Close()
	b.Reset(io.Discard) // so that it does not keep the response
	gzipWriters.Put(b.Writer)
	return err
}
