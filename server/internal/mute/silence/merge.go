package silence

import (
	"bytes"
	"maps"
	"slices"
	"time"

	"github.com/cresset-metrics/cresset/prometheus"
)

// oversized is the length above which a message between copies reaches each of
// them directly, so that nobody has to pass it on.
const oversized = 700

// Merge takes what another copy of the server sent: of two versions of a silence
// the one that was updated later is right, and what would be forgotten by now is
// no news. News is journaled, and passed on to other copies unless those have it
// anyway. If there is an error nothing is merged.
func (s *Store) Merge(now time.Time, b []byte) error {
	silences, err := decode(bytes.NewReader(b))
	if err != nil {
		return err
	}
	silences = slices.DeleteFunc(silences, func(sil *Silence) bool { return sil.ExpiresAt.IsZero() })
	broadcast, news := s.merge(now, s.compiled(silences, s.metrics.indexErrors), true)
	if len(news) == 0 || len(b) > oversized {
		return nil
	}
	s.metrics.propagated.Inc()
	s.logger.Debug("Gossiping new silence", "silence_id", news[0].ID, "silences", len(news))
	broadcast(b)
	return nil
}

// Restore takes the silences that the journal kept in an earlier run, and merges
// them with what the store knows by now. The journal is not told.
func (s *Store) Restore(now time.Time, silences []*Silence) {
	s.merge(now, s.compiled(silences, s.metrics.loadErrors), false)
}

// Import takes silences that were kept elsewhere, as by an Alertmanager, and
// merges them with what the store knows by now. The journal is told what was news,
// and is not waited for.
func (s *Store) Import(now time.Time, silences []*Silence) {
	s.merge(now, s.compiled(silences, s.metrics.loadErrors), true)
}

// merge puts in force what is news, and returns it. A silence that does not say
// when to forget it is in force until the next GC.
func (s *Store) merge(now time.Time, silences []*Silence, journal bool) (broadcast func([]byte), news []*Silence) {
	now = instant(now)
	s.lock()
	defer s.unlock()
	for _, sil := range silences {
		if !sil.ExpiresAt.IsZero() && sil.ExpiresAt.Before(now) {
			continue
		}
		if known := s.latest(sil.ID); known == nil || known.UpdatedAt.Before(sil.UpdatedAt) {
			s.adopt(sil)
			news = append(news, sil)
		}
	}
	if journal {
		s.journaled(news, false)
	}
	return s.broadcast, news
}

// compiled returns copies of the silences whose matchers can be understood, with
// matchers that match. The others are counted and logged.
func (s *Store) compiled(silences []*Silence, failed prometheus.Counter) []*Silence {
	ok := make([]*Silence, 0, len(silences))
	for _, sil := range silences {
		matchers, err := compileAll(sil.Matchers)
		if err != nil {
			failed.Inc()
			s.logger.Error("Failed to compile silence matchers", "silence_id", sil.ID, "err", err)
			continue
		}
		c := *sil
		c.Matchers, c.Annotations = matchers, maps.Clone(sil.Annotations)
		ok = append(ok, &c)
	}
	return ok
}

// SetBroadcast sets what is called with each change that other copies are to
// [Store.Merge]. It is called without a lock, and is not to block for long.
func (s *Store) SetBroadcast(f func([]byte)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broadcast = f
}
