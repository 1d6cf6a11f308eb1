package cresset

import (
	"cmp"
	"io"
	"iter"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// format is one that pages are served in.
type format struct {
	mediaType   string
	params      map[string]string // that a client has to name, or to mean by naming none
	contentType string            // but for the escaping
	encoder     func(w io.Writer, escaping exposition.Escaping, created bool) exposition.Encoder
}

const (
	openMetrics = "application/openmetrics-text"
	protobuf    = "application/vnd.google.protobuf"
	plainText   = "text/plain"
)

// formats are all of them, the preferred one first; the last one is for clients
// that ask for none.
var formats = []format{
	{openMetrics, map[string]string{"version": "1.0.0"}, openMetrics + "; version=1.0.0; charset=utf-8", newOpenMetrics},
	{openMetrics, map[string]string{"version": "0.0.1"}, openMetrics + "; version=0.0.1; charset=utf-8", newOpenMetrics},
	{protobuf, map[string]string{"proto": messageType, "encoding": "delimited"}, delimitedProtobuf, newProtobuf},
	{plainText, map[string]string{"version": "0.0.4"}, textFormat, newText},
}

const (
	messageType       = "io.prometheus.client.MetricFamily"
	delimitedProtobuf = protobuf + "; proto=" + messageType + "; encoding=delimited"
	textFormat        = plainText + "; version=0.0.4; charset=utf-8"
)

// versionMeant is the version that a client means that names none.
var versionMeant = map[string]string{openMetrics: "0.0.1", plainText: "0.0.4"}

func newOpenMetrics(w io.Writer, escaping exposition.Escaping, created bool) exposition.Encoder {
	return exposition.NewOpenMetrics(w, escaping, created)
}

func newProtobuf(w io.Writer, escaping exposition.Escaping, _ bool) exposition.Encoder {
	return exposition.NewProtobuf(w, escaping)
}

func newText(w io.Writer, escaping exposition.Escaping, _ bool) exposition.Encoder {
	return exposition.NewText(w, escaping)
}

// negotiate returns the offer that the Accept header likes best, the first one of
// several, and how names are escaped in it. The last offer is for headers that
// fit none.
//
// The escaping is the last one that is named on the way to the choice: scrapers
// name it with every format, and mean it for whatever they get.
func negotiate(header http.Header, offers []format) (format, exposition.Escaping) {
	escaping := exposition.Underscores
	accepted := elements(header, "Accept")
	slices.SortStableFunc(accepted, func(a, b element) int {
		return cmp.Or(cmp.Compare(b.quality, a.quality), cmp.Compare(wildcards(a.value), wildcards(b.value)))
	})
	for _, a := range accepted {
		if a.quality == 0 {
			break
		}
		if named, ok := exposition.ParseEscaping(a.params["escaping"]); ok {
			escaping = named
		}
		if i := slices.IndexFunc(offers, a.fits); i >= 0 {
			return offers[i], escaping
		}
	}
	return offers[len(offers)-1], escaping
}

// wildcards counts the parts of a media type that are left open.
func wildcards(mediaType string) int { return strings.Count(mediaType, "*") }

// fits tells whether a format is what an element of an Accept header asks for.
func (e element) fits(f format) bool {
	if e.value != f.mediaType && e.value != "*/*" {
		group, rest, _ := strings.Cut(e.value, "/")
		if rest != "*" || !strings.HasPrefix(f.mediaType, group+"/") {
			return false
		}
	}
	for name, want := range f.params {
		got := e.params[name]
		if got == "" && name == "version" {
			got = versionMeant[e.value]
		}
		if got != want {
			return false
		}
	}
	return true
}

// acceptsGzip tells whether the Accept-Encoding header likes gzip better than no
// compression.
func acceptsGzip(header http.Header) bool {
	quality := make(map[string]float64)
	for _, e := range elements(header, "Accept-Encoding") {
		quality[e.value] = e.quality
	}
	of := func(name string) float64 {
		if q, named := quality[name]; named {
			return q
		}
		return quality["*"]
	}
	return of("gzip") > of("identity")
}

// element is one of the things that a header lists.
type element struct {
	value   string // in lower case
	params  map[string]string
	quality float64 // 0 (never) to 1
}

// elements reads a header that lists what a client accepts, and passes over what
// cannot be understood.
func elements(header http.Header, name string) []element {
	var all []element
	for part := range splitList(strings.Join(header.Values(name), ",")) {
		value, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		quality, err := strconv.ParseFloat(cmp.Or(params["q"], "1"), 64)
		if err != nil || !(0 <= quality && quality <= 1) {
			continue
		}
		all = append(all, element{value, params, quality})
	}
	return all
}

// splitList iterates over the parts of a list that is separated by commas. Those
// in quotes separate nothing.
func splitList(list string) iter.Seq[string] {
	return func(yield func(string) bool) {
		quoted, start := false, 0
		for i := 0; i < len(list); i++ {
			switch {
			case list[i] == '"':
				quoted = !quoted
			case list[i] == '\\' && quoted:
				i++
			case list[i] == ',' && !quoted:
				if !yield(list[start:i]) {
					return
				}
				start = i + 1
			}
		}
		yield(list[start:])
	}
}
