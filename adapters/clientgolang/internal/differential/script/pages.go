package script

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

const (
	text        = "text/plain;version=0.0.4"
	openMetrics = "application/openmetrics-text;version=1.0.0"
	message     = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding="
	delimited   = message + "delimited"
)

// Pages notes the pages that a handler serves: in the formats for machines under
// every escaping, in those for people once.
func (t *Trace) Pages(handler http.Handler) {
	for _, escaping := range []string{"allow-utf-8", "underscores", "dots", "values"} {
		for _, format := range []string{text, openMetrics, delimited} {
			t.page(handler, format+";escaping="+escaping)
		}
	}
	t.page(handler, message+"text")
	t.page(handler, message+"compact-text")
}

// CreatedLines notes the pages that a handler serves which may have lines that
// tell since when something counts.
func (t *Trace) CreatedLines(handler http.Handler) {
	t.page(handler, openMetrics+";escaping=allow-utf-8")
	t.page(handler, openMetrics)
	t.page(handler, delimited)
}

func (t *Trace) page(handler http.Handler, accept string) {
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", accept)
	request.Header.Set("Accept-Encoding", "identity")
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	t.Note("page", answer.Code, answer.Header().Get("Content-Type"))
	if strings.HasPrefix(accept, delimited) && answer.Code == http.StatusOK {
		t.Gathered(decoded(answer.Body))
		return
	}
	lines := slices.DeleteFunc(strings.Split(untimedText(answer.Body.String()), "\n"), isUnfitUnit)
	if answer.Code != http.StatusOK {
		slices.Sort(lines) // the order of errors says nothing
	}
	t.Note("body", "\n"+strings.Join(lines, "\n"))
}

// decoded reads messages that are delimited by their lengths.
func decoded(r io.Reader) ([]*dto.MetricFamily, error) {
	decoder := expfmt.NewDecoder(r, expfmt.FmtProtoDelim)
	var all []*dto.MetricFamily
	for {
		mf := &dto.MetricFamily{}
		switch err := decoder.Decode(mf); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return all, err
		}
		all = append(all, mf)
	}
}

// isUnfitUnit tells whether a line of OpenMetrics has a unit that the name of its
// family does not end in. A reader must refuse the page for it, so ours leaves it
// out, as docs/differences.md tells.
func isUnfitUnit(line string) bool {
	unit, ok := strings.CutPrefix(line, "# UNIT ")
	if !ok {
		return false
	}
	name, unit, _ := strings.Cut(unit, " ")
	return !strings.HasSuffix(strings.Trim(name, `"`), "_"+unit)
}

// times are those of the present, in messages, in lines that tell them, and of
// exemplars.
var times = []*regexp.Regexp{
	regexp.MustCompile(`()seconds:\s*[0-9]{10}(\s+nanos:\s*[0-9]+)?`),
	regexp.MustCompile(`(_created(?:"?,.*\}|"\}|\{.*\})?) 1\.[0-9]+e\+09`),
	regexp.MustCompile(`( # \{.*\} [^ ]+) 1\.[0-9]+e\+09`),
}

// untimedText makes the times in a text equal: two libraries do not make their
// metrics at the same instant.
func untimedText(text string) string {
	for _, pattern := range times {
		text = pattern.ReplaceAllString(text, "$1 now")
	}
	return text
}
