package exposition

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestTextGolden(t *testing.T) {
	tests := []struct {
		file     string
		page     page
		escaping Escaping
	}{
		{"empty.txt", nil, Underscores},
		{"types.txt", typesPage, Underscores},
		{"values.txt", valuesPage, Underscores},
		{"timestamps.txt", timestampsPage, Underscores},
		{"help.txt", helpPage, Underscores},
		{"utf8-underscores.txt", utf8Page, Underscores},
		{"utf8-allow-utf-8.txt", utf8Page, AllowUTF8},
		{"utf8-dots.txt", utf8Page, Dots},
		{"utf8-values.txt", utf8Page, Values},
		{"exemplars.txt", exemplarsPage, Underscores},
		{"native.txt", nativePage, Underscores},
		{"colons-underscores.txt", colonPage, Underscores},
		{"colons-allow-utf-8.txt", colonPage, AllowUTF8},
		{"colons-dots.txt", colonPage, Dots},
		{"colons-values.txt", colonPage, Values},
		{"help-not-utf8.txt", notUTF8Page, Underscores},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			compareWithFile(t, test.page.in(t, asText, test.escaping), filepath.Join("testdata", "text", test.file))
		})
	}
}

// compareWithFile compares what was written with a golden file.
func compareWithFile(t *testing.T, got, file string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run the test with -update to write it", err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant, as in %s:\n%s", got, file, want)
	}
}
