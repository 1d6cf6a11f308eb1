package state

import (
	"path/filepath"
	"strings"
	"testing"
)

// A folder is one keeper's at a time.
func TestLockFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	first, err := LockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LockFolder(dir); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("got %v, want an error that says why", err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	again, err := LockFolder(dir)
	if err != nil {
		t.Fatalf("it was given free: %v", err)
	}
	if err := again.Release(); err != nil {
		t.Fatal(err)
	}
	if err := (*Lock)(nil).Release(); err != nil {
		t.Errorf("no lock: %v", err)
	}
}
