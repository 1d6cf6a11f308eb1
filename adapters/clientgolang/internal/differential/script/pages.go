package script

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/encoding/protodelim"
)

// Exposure is what was exposed at one moment: to those who gather, and to those
// who ask for a page.
type Exposure struct {
	Families []*dto.MetricFamily
	Errors   bool
	Pages    []Page
}

// Page is an answer to a scrape.
type Page struct {
	Format      Format
	Status      int
	ContentType string
	Body        []byte
}

// Format is what a page is asked for in.
type Format struct {
	MediaType string
	Escaping  string
	Created   bool // with the lines in which OpenMetrics tells since when it counts
}

// The media types of Formats.
const (
	Text          = "text/plain;version=0.0.4"
	OpenMetrics0  = "application/openmetrics-text;version=0.0.1"
	OpenMetrics1  = "application/openmetrics-text;version=1.0.0"
	Protobuf      = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
	ProtobufText  = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text"
	ProtobufLines = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=compact-text"
)

// Formats are all that a page can be asked for in.
var Formats = formats()

// Few are formats that together have everything, for what is shown often.
var Few = []Format{
	{MediaType: Text, Escaping: "allow-utf-8"},
	{MediaType: OpenMetrics0, Escaping: "dots"},
	{MediaType: OpenMetrics1, Escaping: "underscores", Created: true},
	{MediaType: Protobuf, Escaping: "values"},
}

func formats() []Format {
	var all []Format
	for _, escaping := range []string{"allow-utf-8", "underscores", "dots", "values"} {
		for _, media := range []string{Text, OpenMetrics0, OpenMetrics1, Protobuf, ProtobufText, ProtobufLines} {
			all = append(all, Format{MediaType: media, Escaping: escaping})
		}
		all = append(all, Format{MediaType: OpenMetrics1, Escaping: escaping, Created: true})
	}
	return all
}

// Exposed notes what a Gather returned and, in all the formats, what a handler
// serves.
func (t *Trace) Exposed(families []*dto.MetricFamily, errs []error, handler func(created bool) http.Handler, formats ...Format) {
	t.Gathered(families, errs...)
	shown := Exposure{Families: families, Errors: len(errs) > 0}
	for _, format := range formats {
		page := Ask(handler, format)
		t.Note("page", page.Status, page.ContentType, format.Created, "\n"+page.readable())
		shown.Pages = append(shown.Pages, page)
	}
	t.Exposures = append(t.Exposures, shown)
}

// Ask asks for a page in a format. There is one handler for pages with created
// lines and one for those without.
func Ask(handler func(created bool) http.Handler, format Format) Page {
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", format.MediaType+";escaping="+format.Escaping)
	request.Header.Set("Accept-Encoding", "identity")
	answer := httptest.NewRecorder()
	handler(format.Created).ServeHTTP(answer, request)
	return Page{Format: format, Status: answer.Code, ContentType: answer.Header().Get("Content-Type"), Body: answer.Body.Bytes()}
}

// readable returns the page as a person can read it: messages decoded, and a
// checksum of what they were decoded from.
func (p Page) readable() string {
	switch {
	case p.Status != http.StatusOK:
		lines := strings.Split(string(p.Body), "\n")
		slices.Sort(lines) // the order of errors says nothing
		return strings.Join(lines, "\n")
	case p.Format.MediaType != Protobuf:
		return string(p.Body)
	}
	families, err := Messages(p.Body)
	text := fmt.Sprintf("%d bytes, checksum %08x, %v\n", len(p.Body), crc32.ChecksumIEEE(p.Body), err)
	for _, mf := range families {
		text += fmt.Sprintln(mf)
	}
	return text
}

// Messages decodes the body of a page in the Protobuf format.
func Messages(body []byte) ([]*dto.MetricFamily, error) {
	var families []*dto.MetricFamily
	for r := bytes.NewReader(body); ; {
		mf := &dto.MetricFamily{}
		switch err := protodelim.UnmarshalFrom(r, mf); {
		case errors.Is(err, io.EOF):
			return families, nil
		case err != nil:
			return families, err
		}
		families = append(families, mf)
	}
}
