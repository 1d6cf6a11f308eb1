package silence

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/cresset-metrics/cresset/prometheus"
)

// Options are the settings of a [Store]; the zero value is usable.
type Options struct {
	// Retention is how long a silence is remembered after its end.
	Retention time.Duration
	// MaxSilences limits how many silences there can be, expired ones included;
	// MaxSilenceBytes limits the size of each as it is stored. Neither limits
	// anything unless it is positive, and neither is asked about silences that come
	// from elsewhere.
	MaxSilences, MaxSilenceBytes int
	// LogChanges logs what people do: each silence made, updated and expired here.
	LogChanges bool
	// Journal is told about every change; nil keeps silences in memory alone.
	Journal Journal
	// Logger is nil for no logs.
	Logger *slog.Logger
	// Registerer takes the store's metrics; nil leaves them unregistered.
	Registerer prometheus.Registerer
}

// Store is the set of silences. Any number of goroutines may use it.
//
// A change is made under mu: the journal takes it, then it is in force. What need
// not be in that order (waiting for the journal, telling other copies) happens
// after mu is released. Readers hold mu for as long as it takes to look something
// up; [Store.SilencedBy] mostly does without, as answers.go explains.
type Store struct {
	retention                    time.Duration
	maxSilences, maxSilenceBytes int
	logChanges                   bool
	journal                      Journal
	logger                       *slog.Logger
	metrics                      *metrics
	answers                      *answers

	// writes is odd while somebody changes silences, and counts on with each change.
	writes atomic.Uint64

	mu        sync.RWMutex       // guards what follows; lock holds it to change silences
	records   map[string]*record // by ID
	index     *index
	broadcast func([]byte)
}

// New returns a store without silences.
func New(o Options) *Store {
	s := &Store{
		retention:       o.Retention,
		maxSilences:     o.MaxSilences,
		maxSilenceBytes: o.MaxSilenceBytes,
		logChanges:      o.LogChanges,
		journal:         o.Journal,
		logger:          o.Logger,
		answers:         newAnswers(),
		records:         make(map[string]*record),
		index:           newIndex(),
		broadcast:       func([]byte) {},
	}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	s.metrics = newMetrics(o.Registerer, s)
	return s
}

// lock is for those who change silences, as answers.go explains.
func (s *Store) lock() {
	s.mu.Lock()
	s.writes.Add(1)
}

func (s *Store) unlock() {
	s.writes.Add(1)
	s.mu.Unlock()
}

// Set makes a silence, or changes the one whose ID it carries, and returns when
// the journal has it safe. Of what it is given it keeps nothing, and ignores
// UpdatedAt and ExpiresAt; a zero StartsAt means now.
//
// A change that would rewrite what is past (other matchers; a start or an end that
// is over) expires the silence as it was and makes a new one. So the returned ID, by
// which the silence is known from now on, is not always the one that was given. It
// is valid too if the error is ErrNotSaved.
func (s *Store) Set(ctx context.Context, now time.Time, given *Silence) (id string, err error) {
	now = instant(now)
	sil, err := checked(given, now)
	if err != nil {
		return "", fmt.Errorf("invalid silence: %w", err)
	}
	done, err := s.set(now, sil)
	if err != nil {
		return "", err
	}
	return sil.ID, done(ctx)
}

// set decides under the lock what becomes of a silence that is valid.
func (s *Store) set(now time.Time, sil *Silence) (done func(context.Context) error, err error) {
	s.lock()
	defer s.unlock()

	var known *Silence
	if sil.ID != "" {
		if known = s.latest(sil.ID); known == nil {
			return nil, ErrNotFound
		}
		if mayUpdate(known, sil, now) {
			sil.Matchers = known.Matchers
			sil.UpdatedAt = after(known, now)
			if err := s.finish(sil); err != nil {
				return nil, err
			}
			s.logChange("update silence", sil)
			return s.commit(sil), nil
		}
	}

	if n := len(s.records); s.maxSilences > 0 && n+1 > s.maxSilences {
		return nil, fmt.Errorf("exceeded maximum number of silences: %d (limit: %d)", n, s.maxSilences)
	}
	uid, err := uuid.NewRandom()
	if err != nil {
		return nil, fmt.Errorf("generate uuid: %w", err)
	}
	sil.ID = uid.String()
	if sil.StartsAt.Before(now) {
		sil.StartsAt = now
	}
	sil.UpdatedAt = now
	if err := s.finish(sil); err != nil {
		return nil, err
	}

	changed := []*Silence{sil}
	if known != nil && known.StateAt(now) != Expired {
		old := s.expired(known, now)
		s.logChange("expire silence", old)
		changed = []*Silence{old, sil}
	}
	s.logChange("create silence", sil)
	return s.commit(changed...), nil
}

// finish gives a silence its end of life, and says whether it is too large or has
// text that cannot be stored.
func (s *Store) finish(sil *Silence) error {
	sil.ExpiresAt = sil.EndsAt.Add(s.retention)
	m := toMessage(sil)
	if n := proto.Size(m); s.maxSilenceBytes > 0 && n > s.maxSilenceBytes {
		return fmt.Errorf("silence exceeded maximum size: %d bytes (limit: %d bytes)", n, s.maxSilenceBytes)
	}
	return encodeTo(io.Discard, m)
}

// Expire ends a silence and returns when the journal has that safe. A silence that
// has ended stays as it is; that it has is told to the journal again, because whoever
// ended it may not have been told yet that it is safe.
func (s *Store) Expire(ctx context.Context, now time.Time, id string) error {
	done, err := s.expire(instant(now), id)
	if err != nil {
		return err
	}
	return done(ctx)
}

func (s *Store) expire(now time.Time, id string) (done func(context.Context) error, err error) {
	s.lock()
	defer s.unlock()
	known := s.latest(id)
	if known == nil {
		return nil, ErrNotFound
	}
	if known.StateAt(now) == Expired {
		return s.journaled([]*Silence{known}, false), nil
	}
	ended := s.expired(known, now)
	s.logChange("expire silence", ended)
	return s.commit(ended), nil
}

// expired returns the version of a silence that has not ended yet which ends now.
func (s *Store) expired(known *Silence, now time.Time) *Silence {
	ended := *known
	if known.StateAt(now) == Pending {
		ended.StartsAt = now
	}
	ended.EndsAt = now
	ended.UpdatedAt = after(known, now)
	ended.ExpiresAt = now.Add(s.retention)
	return &ended
}

// after returns the time of a change that people make now to what they see. It is
// later than that of the last change, because of two versions the younger is
// right, also if the copy of the server that made the last one has a clock that is
// ahead of ours.
func after(known *Silence, now time.Time) time.Time {
	if now.After(known.UpdatedAt) {
		return now
	}
	return known.UpdatedAt.Add(1)
}

// commit puts changed silences in force. What it returns is to be called without
// the lock: it tells the other copies, in one message so that there is no time at
// which they know of an end and not of what takes its place, and waits until the
// journal has the changes safe.
func (s *Store) commit(changed ...*Silence) (done func(context.Context) error) {
	saved := s.journaled(changed, false)
	s.adopt(changed...)
	broadcast := s.broadcast
	return func(ctx context.Context) error {
		if b, err := encodeAll(changed); err == nil {
			broadcast(b)
		} else {
			s.logger.Error("Other copies cannot be told about a silence", "silence_id", changed[0].ID, "err", err)
		}
		return saved(ctx)
	}
}

// journaled appends changes to the journal. What it returns waits for them; its
// errors are ErrNotSaved.
func (s *Store) journaled(changed []*Silence, gone bool) (saved func(context.Context) error) {
	if s.journal == nil || len(changed) == 0 {
		return func(context.Context) error { return nil }
	}
	changes := make([]Change, len(changed))
	for i, sil := range changed {
		changes[i] = Change{Silence: sil, Gone: gone}
	}
	wait := s.journal.Append(changes)
	return func(ctx context.Context) error {
		if err := wait(ctx); err != nil {
			return fmt.Errorf("%w: %w", ErrNotSaved, err)
		}
		return nil
	}
}

// adopt puts silences in force.
func (s *Store) adopt(silences ...*Silence) {
	for _, sil := range silences {
		known := s.records[sil.ID]
		r := known
		if known == nil || !sameMatchers(known.matchers, sil.Matchers) {
			r = newRecord(sil)
			s.records[sil.ID] = r
		}
		before := r.latest.Swap(sil)
		if before == nil || sil.EndsAt.After(before.EndsAt) {
			s.index.add(r)
		}
		if known != nil && known != r {
			known.latest.Store(nil)
		}
	}
	s.metrics.sizes(len(s.records), s.index)
}

// latest returns the silence with this ID, or nil.
func (s *Store) latest(id string) *Silence {
	if r := s.records[id]; r != nil {
		return r.latest.Load()
	}
	return nil
}

// Get returns the silence with this ID, or nil.
func (s *Store) Get(id string) *Silence {
	defer s.metrics.query(time.Now(), 1)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.latest(id)
}

// All returns every silence, the expired ones too, in no order.
func (s *Store) All() []*Silence {
	begin := time.Now()
	all := s.all()
	s.metrics.query(begin, len(all))
	return all
}

func (s *Store) all() []*Silence {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]*Silence, 0, len(s.records))
	for _, r := range s.records {
		all = append(all, r.latest.Load())
	}
	return all
}

// checked returns a copy of what was given, with matchers of its own and a start,
// or an error that says what is wrong with it.
func checked(given *Silence, now time.Time) (*Silence, error) {
	sil := &Silence{
		ID:          given.ID,
		StartsAt:    instant(given.StartsAt),
		EndsAt:      instant(given.EndsAt),
		CreatedBy:   given.CreatedBy,
		Comment:     given.Comment,
		Annotations: maps.Clone(given.Annotations),
	}
	if sil.StartsAt.IsZero() {
		sil.StartsAt = now
	}
	var err error
	if sil.Matchers, err = checkedMatchers(given.Matchers); err != nil {
		return nil, err
	}
	return sil, checkTimes(sil)
}

// instant returns a time as it is stored: in UTC, and nothing but that instant.
func instant(t time.Time) time.Time { return t.Round(0).UTC() }
