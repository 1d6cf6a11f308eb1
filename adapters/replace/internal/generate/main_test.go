package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	// So that a test that has passed runs again when one of these has changed.
	_ "github.com/cresset-metrics/cresset/prometheus/collectors"
	_ "github.com/cresset-metrics/cresset/prometheus/collectors/version"
	_ "github.com/cresset-metrics/cresset/prometheus/graphite"
	_ "github.com/cresset-metrics/cresset/prometheus/promauto"
	_ "github.com/cresset-metrics/cresset/prometheus/promhttp"
	_ "github.com/cresset-metrics/cresset/prometheus/promhttp/zstd"
	_ "github.com/cresset-metrics/cresset/prometheus/push"
	_ "github.com/cresset-metrics/cresset/prometheus/testutil"
)

// The packages are those that ours would be written as today.
func TestUpToDate(t *testing.T) {
	root := filepath.Join("..", "..")
	files, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	const hint = "run GOWORK=off go generate ./... in the root of the module"
	for path, want := range files {
		if got, err := os.ReadFile(filepath.Join(root, path)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not up to date: %s", path, hint)
		}
	}
	there, err := present(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range there {
		if files[path] == nil {
			t.Errorf("%s is of a package that is gone: %s", path, hint)
		}
	}
}

func TestWriteRemovesWhatIsGone(t *testing.T) {
	root := t.TempDir()
	gone, stays := filepath.Join("prometheus", "gone", generated), filepath.Join("prometheus", generated)
	if err := write(root, map[string][]byte{gone: []byte("a"), stays: []byte("b")}); err != nil {
		t.Fatal(err)
	}
	if err := write(root, map[string][]byte{stays: []byte("c")}); err != nil {
		t.Fatal(err)
	}
	there, err := present(root)
	if err != nil || len(there) != 1 || there[0] != stays {
		t.Errorf("there are %q, %v, want %q", there, err, stays)
	}
	if got, err := os.ReadFile(filepath.Join(root, stays)); string(got) != "c" {
		t.Errorf("got %q, %v, want what was written last", got, err)
	}
}
