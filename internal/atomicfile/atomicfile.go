// Package atomicfile replaces files in one step, so that a reader sees either the
// old or the new one, whole.
package atomicfile

import (
	"io"
	"os"
	"path/filepath"
)

// Replace writes a file, which everybody may read, beside the one of that name and puts it in its
// place. The name of the new one ends differently until then, so that who reads
// all *.prom of a folder does not see it. After an
// error the file that was there is still there.
func Replace(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	replaced := false
	defer func() {
		if !replaced {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	replaced = true
	return nil
}
