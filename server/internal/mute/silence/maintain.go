package silence

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// GC forgets the silences whose time has come, and what was remembered for
// labels that nobody asks about. It returns how many silences it forgot, and an
// error that names those that should not have been there.
func (s *Store) GC(now time.Time) (int, error) {
	begin := time.Now()
	defer func() { s.metrics.gcDuration.Observe(time.Since(begin).Seconds()) }()
	s.answers.sweep()

	s.lock()
	defer s.unlock()
	var gone []*Silence
	var errs []error
	for id, r := range s.records {
		sil := r.latest.Load()
		if sil.ExpiresAt.IsZero() {
			s.metrics.gcErrors.Inc()
			errs = append(errs, fmt.Errorf("silence %s has zero expiration timestamp", id))
		}
		if sil.ExpiresAt.After(now) {
			continue
		}
		delete(s.records, id)
		r.latest.Store(nil)
		gone = append(gone, sil)
	}
	// Not waited for: one that comes back after a crash is forgotten again.
	s.journaled(gone, true)
	s.index.prune(now)
	s.metrics.sizes(len(s.records), s.index)
	return len(gone), errors.Join(errs...)
}

// Maintain does what is to be done every now and then and at the end: GC, and
// then a snapshot, unless write is nil. write is called once with a function that
// writes the snapshot ([Store.WriteSnapshot]); it is to replace the file that held
// the last one, and return what came of it.
func (s *Store) Maintain(now time.Time, write func(snapshot func(io.Writer) (int64, error)) error) error {
	s.metrics.maintenance.Inc()
	s.logger.Debug("Running maintenance")
	begin := time.Now()
	_, err := s.GC(now)
	var size int64
	if write != nil {
		err = errors.Join(err, write(func(w io.Writer) (n int64, err error) {
			size, err = s.WriteSnapshot(w)
			return size, err
		}))
	}
	s.metrics.snapshotSize.Set(float64(size))
	if err != nil {
		s.metrics.maintenanceErrors.Inc()
		return err
	}
	s.logger.Debug("Maintenance done", "duration", time.Since(begin), "size", size)
	return nil
}
