package readers_test

import (
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"
)

// unreadable tells why Prometheus refuses any page in that format of these
// families, client_golang's too: what its parsers do not take, though the formats
// have it.
func unreadable(families []*dto.MetricFamily, format script.Format) string {
	if format.MediaType == script.Protobuf {
		return ""
	}
	quoted := format.Escaping == "allow-utf-8" // names that need it
	for _, mf := range families {
		if quoted && strings.ContainsRune(mf.GetName(), 0) {
			return "a name with a zero byte"
		}
		for _, m := range mf.GetMetric() {
			switch {
			case quoted && slices.ContainsFunc(m.GetLabel(), hasZeroName):
				return "a label name with a zero byte"
			case format.MediaType == script.Text && m.GetTimestampMs() < 0:
				return "a timestamp before 1970"
			case format.MediaType != script.Text && slices.ContainsFunc(exemplarsOf(m), func(e *dto.Exemplar) bool { return hasZero(e, quoted) }):
				return "an exemplar with a zero byte"
			}
		}
	}
	return ""
}

// exemplarsOf are the exemplars that OpenMetrics has room for.
func exemplarsOf(m *dto.Metric) []*dto.Exemplar {
	all := []*dto.Exemplar{m.GetCounter().GetExemplar()}
	for _, b := range m.GetHistogram().GetBucket() {
		all = append(all, b.GetExemplar())
	}
	return all
}

// hasZero tells whether a zero byte of an exemplar comes on the page.
func hasZero(e *dto.Exemplar, quoted bool) bool {
	return slices.ContainsFunc(e.GetLabel(), func(l *dto.LabelPair) bool {
		return strings.ContainsRune(l.GetValue(), 0) || quoted && hasZeroName(l)
	})
}

func hasZeroName(l *dto.LabelPair) bool { return strings.ContainsRune(l.GetName(), 0) }
