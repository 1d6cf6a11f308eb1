package state

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/prometheus/prometheus/tsdb/fileutil"
)

// replace writes a file whole: at every moment, also after a loss of power, the
// path has either the old content or the new one; the new one when it returns nil.
// The folder is made if it is missing.
func replace(path string, content []byte) error {
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return err
	}
	temporary := path + ".tmp" // one that a crash left behind is overwritten
	if err := write(temporary, content); err != nil {
		return err
	}
	return rename(temporary, path)
}

// makeFolder makes a folder whose parent is there.
func makeFolder(dir string) error {
	if err := os.Mkdir(dir, 0o777); errors.Is(err, fs.ErrExist) {
		return nil
	} else if err != nil {
		return err
	}
	return syncFolder(filepath.Dir(dir))
}

func write(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// rename moves a file within its folder, for good.
func rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(to))
}

// syncFolder makes what was made, renamed or removed in a folder permanent.
func syncFolder(dir string) error {
	f, err := fileutil.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
