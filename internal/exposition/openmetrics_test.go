package exposition

import (
	"path/filepath"
	"testing"
)

func TestOpenMetricsGolden(t *testing.T) {
	tests := []struct {
		file     string
		page     page
		encoding encoding
		escaping Escaping
	}{
		{"empty.txt", nil, asOpenMetrics, Underscores},
		{"types.txt", typesPage, asOpenMetrics, Underscores},
		{"values.txt", valuesPage, asOpenMetrics, Underscores},
		{"timestamps.txt", timestampsPage, asOpenMetrics, Underscores},
		{"help.txt", helpPage, asOpenMetrics, Underscores},
		{"help-not-utf8.txt", notUTF8Page, asOpenMetrics, Underscores},
		{"metadata-underscores.txt", metadataPage, asOpenMetrics, Underscores},
		{"metadata-allow-utf-8.txt", metadataPage, asOpenMetrics, AllowUTF8},
		{"bad-units.txt", badUnitsPage, asOpenMetrics, Underscores},
		{"exemplars.txt", exemplarsPage, asOpenMetrics, Underscores},
		{"exemplars-utf8-underscores.txt", utf8ExemplarsPage, asOpenMetrics, Underscores},
		{"exemplars-utf8-allow-utf-8.txt", utf8ExemplarsPage, asOpenMetrics, AllowUTF8},
		{"exemplars-utf8-dots.txt", utf8ExemplarsPage, asOpenMetrics, Dots},
		{"exemplars-utf8-values.txt", utf8ExemplarsPage, asOpenMetrics, Values},
		{"created-not-asked-for.txt", createdPage, asOpenMetrics, Underscores},
		{"created-underscores.txt", createdPage, asCreated, Underscores},
		{"created-allow-utf-8.txt", createdPage, asCreated, AllowUTF8},
		{"native.txt", nativePage, asCreated, Underscores},
		{"utf8-underscores.txt", utf8Page, asOpenMetrics, Underscores},
		{"utf8-allow-utf-8.txt", utf8Page, asOpenMetrics, AllowUTF8},
		{"utf8-dots.txt", utf8Page, asOpenMetrics, Dots},
		{"utf8-values.txt", utf8Page, asOpenMetrics, Values},
		{"colons-underscores.txt", colonPage, asOpenMetrics, Underscores},
		{"colons-allow-utf-8.txt", colonPage, asOpenMetrics, AllowUTF8},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			compareWithFile(t, test.page.in(t, test.encoding, test.escaping), filepath.Join("testdata", "openmetrics", test.file))
		})
	}
}
