package state

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
	"github.com/cresset-metrics/cresset/server/internal/notify"
)

// This file is the two files that Alertmanager keeps in its storage folder. They are
// read at the start and written every now and then, so that a folder can come from
// there and go back. Both merge by time with what is known, so it does not matter
// which is older.
const (
	silencesFile = "silences"
	logFile      = "nflog"
)

// takeOver reads what Alertmanager left. A file that cannot be read is put aside.
func (k *Keeper) takeOver(now time.Time) {
	takeOver(k, now, silencesFile, silence.ReadSnapshot, k.o.Silences.Import)
	takeOver(k, now, logFile, notify.UnmarshalRecords, k.o.Log.Import)
}

func takeOver[T any](k *Keeper, now time.Time, name string, read func(io.Reader) ([]T, error), take func(time.Time, []T)) {
	path := filepath.Join(k.o.AlertmanagerDir, name)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var things []T
	if err == nil {
		things, err = read(bytes.NewReader(content))
	}
	if err != nil {
		k.putAside(path, now, err)
		return
	}
	take(now, things)
	k.o.Logger.Debug("Read a file of Alertmanager", "file", path, "entries", len(things))
}

// Maintain forgets silences and notifications whose time is over, and writes the
// others to Alertmanager's files.
func (k *Keeper) Maintain(now time.Time) error {
	k.maintaining.Lock()
	defer k.maintaining.Unlock()
	into := func(name string) func(func(io.Writer) (int64, error)) error {
		return func(write func(io.Writer) (int64, error)) error {
			var content bytes.Buffer
			if _, err := write(&content); err != nil {
				return err
			}
			return replace(filepath.Join(k.o.AlertmanagerDir, name), content.Bytes())
		}
	}
	err := errors.Join(k.o.Silences.Maintain(now, into(silencesFile)), k.o.Log.Maintain(now, into(logFile)))
	if err != nil {
		return fmt.Errorf("silences and notifications cannot be saved as Alertmanager saves them: %w", err)
	}
	return nil
}
