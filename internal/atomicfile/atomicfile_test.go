package atomicfile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/cresset-metrics/cresset/internal/atomicfile"
)

// TestReplaceAfterAnErrorInTheMiddle is for what no caller can bring about:
// a full disk.
func TestReplaceAfterAnErrorInTheMiddle(t *testing.T) {
	folder := t.TempDir()
	full := errors.New("the disk is full")
	err := atomicfile.Replace(filepath.Join(folder, "weather.prom"), func(w io.Writer) error {
		if _, err := io.WriteString(w, "rain 1\n"); err != nil {
			t.Error(err)
		}
		entries, err := filepath.Glob(filepath.Join(folder, "*.prom"))
		if err != nil || len(entries) > 0 {
			t.Errorf("a reader of *.prom sees %q, %v", entries, err)
		}
		return full
	})
	if !errors.Is(err, full) {
		t.Errorf("got error %v, want %v", err, full)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) > 0 {
		t.Errorf("got %v, %v, want an empty folder", entries, err)
	}
}
