package state

import (
	"fmt"
	"path/filepath"

	"github.com/prometheus/prometheus/tsdb/fileutil"
)

// Lock keeps other processes from the folder of a [Keeper]: two would replace what the
// other has saved. It ends with the process, however that ends.
type Lock struct{ held fileutil.Releaser }

// LockFolder takes the lock of a folder whose parent is there; the folder is made if
// it is missing. It fails if another process has it.
func LockFolder(dir string) (*Lock, error) {
	if err := makeFolder(dir); err != nil {
		return nil, fmt.Errorf("storage folder: %w", err)
	}
	held, _, err := fileutil.Flock(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("storage folder: %s cannot be locked (%w): another process may be using it; stop that one, or choose another folder with --storage.path", dir, err)
	}
	return &Lock{held}, nil
}

// Release gives the folder free. A nil lock holds nothing.
func (l *Lock) Release() error {
	if l == nil {
		return nil
	}
	return l.held.Release()
}
