package testutil

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/internal/diff"
	"github.com/cresset-metrics/cresset/prometheus"
)

// CollectAndCompare compares the families of the Collector with what is
// expected, a text in the Prometheus text format:
//
//	err := testutil.CollectAndCompare(c, strings.NewReader(`
//		# HELP shelf_books Books on the shelf.
//		# TYPE shelf_books gauge
//		shelf_books{author="Woolf"} 3
//	`))
//
// Order and blanks do not matter, except that labels stand in the order of
// their names. If names are given, only families of these names are looked at,
// in what is collected and in what is expected: a name that occurs in neither is
// no difference. The error of a difference lists the lines, marked with "-" if
// they are not expected, with "+" if they are missing, and with a blank
// otherwise.
func CollectAndCompare(c prometheus.Collector, expected io.Reader, metricNames ...string) error {
	reg, err := registryOf(c)
	if err != nil {
		return err
	}
	return GatherAndCompare(reg, expected, metricNames...)
}

// GatherAndCompare compares the families of the Gatherer with what is expected,
// as CollectAndCompare does.
func GatherAndCompare(g prometheus.Gatherer, expected io.Reader, metricNames ...string) error {
	return TransactionalGatherAndCompare(prometheus.ToTransactionalGatherer(g), expected, metricNames...)
}

// TransactionalGatherAndCompare compares the families of the
// TransactionalGatherer with what is expected, as CollectAndCompare does, and
// calls its done.
func TransactionalGatherAndCompare(g prometheus.TransactionalGatherer, expected io.Reader, metricNames ...string) error {
	got, done, err := g.Gather()
	defer done()
	if err != nil {
		return fmt.Errorf("gathering metrics failed: %w", err)
	}
	want, err := parse(expected)
	if err != nil {
		return err
	}
	return compare(named(got, metricNames), named(want, metricNames))
}

// ScrapeAndCompare compares the families that the server at this URL exposes in
// the text format with what is expected, as CollectAndCompare does. A status
// other than 200 is an error.
func ScrapeAndCompare(url string, expected io.Reader, metricNames ...string) error {
	resp, err := http.Get(url)
	if err != nil {
		return fmt.Errorf("scraping metrics failed: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the scraping target returned a status code other than 200: %d", resp.StatusCode)
	}
	got, err := parse(resp.Body)
	if err != nil {
		return err
	}
	want, err := parse(expected)
	if err != nil {
		return err
	}
	return compare(named(got, metricNames), named(want, metricNames))
}

// parse reads families in the text format and brings them, and the metrics in
// them, into the order of a gather.
func parse(text io.Reader) ([]*dto.MetricFamily, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	byName, err := parser.TextToMetricFamilies(text)
	if err != nil {
		return nil, fmt.Errorf("converting reader to metric families failed: %w", err)
	}
	families := make([]*dto.MetricFamily, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		mf := byName[name]
		slices.SortStableFunc(mf.Metric, byLabelValues)
		families = append(families, mf)
	}
	return families, nil
}

// byLabelValues orders metrics of a family as a gather does: those with fewer
// labels first, and of the same labels the one without a timestamp last.
func byLabelValues(a, b *dto.Metric) int {
	return cmp.Or(
		cmp.Compare(len(a.Label), len(b.Label)),
		slices.CompareFunc(a.Label, b.Label, func(a, b *dto.LabelPair) int {
			return cmp.Compare(a.GetValue(), b.GetValue())
		}),
		byTimestamp(a, b),
	)
}

func byTimestamp(a, b *dto.Metric) int {
	switch {
	case a.TimestampMs != nil && b.TimestampMs != nil:
		return cmp.Compare(a.GetTimestampMs(), b.GetTimestampMs())
	case a.TimestampMs != nil:
		return -1
	case b.TimestampMs != nil:
		return 1
	default:
		return 0
	}
}

// compare returns the difference between the texts of families as an error.
func compare(got, want []*dto.MetricFamily) error {
	gotText, err := plain(got)
	if err != nil {
		return fmt.Errorf("encoding gathered metrics failed: %w", err)
	}
	wantText, err := plain(want)
	if err != nil {
		return fmt.Errorf("encoding expected metrics failed: %w", err)
	}
	if gotText != wantText {
		return errors.New(diff.Lines(gotText, wantText))
	}
	return nil
}

// plain returns families in the text format, names as they are. A help text
// that is missing looks like an empty one: who reads the format cannot tell the
// one from the other.
func plain(families []*dto.MetricFamily) (string, error) {
	var out bytes.Buffer
	e := expfmt.NewEncoder(&out, expfmt.NewFormat(expfmt.TypeTextPlain).WithEscapingScheme(model.NoEscaping))
	for _, mf := range families {
		if mf.Help == nil {
			mf = &dto.MetricFamily{Name: mf.Name, Help: new(""), Type: mf.Type, Metric: mf.Metric}
		}
		if err := e.Encode(mf); err != nil {
			return "", err
		}
	}
	return out.String(), nil
}
