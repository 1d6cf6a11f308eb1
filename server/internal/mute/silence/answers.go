package silence

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/common/model"
)

// Which silences match a label set is asked at every flush and for every alert
// that is shown, while silences change rarely. So the answer is kept: the records
// of the index that match a set of labels, as of a version of the index.
//
// Asking is then: find the answer, see that its version is still the index's, and
// ask each of its records whether it is active. That takes the lock of a shard for
// reading, and none of the store's. An answer of an older version is brought up to
// date by looking at the records added since; without an answer the index names
// the candidates; for both the store's lock is held for reading.
//
// What makes it right while others write: writers count when they begin and when
// they end, so whoever asks without the lock sees whether somebody wrote meanwhile,
// and then asks again with it. A change is so seen whole, above all one that puts a
// silence in the place of another. One that moves neither the matchers nor the end
// of a silence to later leaves the version of the index alone, for it is seen in
// the record itself. An answer does not depend on the time at which it was found,
// so times need not be asked about in order: what has ended leaves it only after
// the index has dropped it, which GC does.
//
// An answer is replaced as a whole and never changed. It goes when it was not used
// between two sweeps, and there is a limit to how many there are.

const (
	answerShards = 16
	// maxAnswers per shard: 262,144 in all, some 100 MB with ten labels each.
	maxAnswers = 1 << 14
	// manyAdded is how many additions make it cheaper to ask the index than to try
	// each of them.
	manyAdded = 64
)

// answers holds what is known about label sets.
type answers struct {
	seed   maphash.Seed
	shards [answerShards]answerShard
}

type answerShard struct {
	mu sync.RWMutex // guards byHash
	// byHash holds one answer per hash: of two label sets that share one, only the
	// last asked about has an answer.
	byHash map[uint64]*answer
}

type answer struct {
	labels  []label // in no order
	version uint64
	records []*record // by ID
	used    atomic.Bool
}

type label struct {
	name  model.LabelName
	value model.LabelValue
}

func newAnswers() *answers {
	a := &answers{seed: maphash.MakeSeed()}
	for i := range a.shards {
		a.shards[i].byHash = make(map[uint64]*answer)
	}
	return a
}

// hash is the same for the same labels in any order.
func (as *answers) hash(ls model.LabelSet) uint64 {
	var sum uint64
	for name, value := range ls {
		h := maphash.String(as.seed, string(name))
		h = (h<<31 | h>>33) * 0x9e3779b97f4a7c15
		h ^= maphash.String(as.seed, string(value))
		sum += h * 0x9e3779b97f4a7c15
	}
	return sum
}

// get returns the answer for a label set, or nil. The hash only leads to it: the
// labels are compared.
func (as *answers) get(hash uint64, ls model.LabelSet) *answer {
	shard := &as.shards[hash%answerShards]
	shard.mu.RLock()
	a := shard.byHash[hash]
	shard.mu.RUnlock()
	if a == nil || !a.of(ls) {
		return nil
	}
	if !a.used.Load() {
		a.used.Store(true)
	}
	return a
}

func (as *answers) put(hash uint64, a *answer) {
	a.used.Store(true)
	shard := &as.shards[hash%answerShards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if _, known := shard.byHash[hash]; !known && len(shard.byHash) >= maxAnswers {
		for other := range shard.byHash {
			delete(shard.byHash, other)
			break
		}
	}
	shard.byHash[hash] = a
}

// sweep forgets the answers that nobody has asked for since the last sweep.
func (as *answers) sweep() {
	for i := range as.shards {
		shard := &as.shards[i]
		shard.mu.Lock()
		for hash, a := range shard.byHash {
			if !a.used.Swap(false) {
				delete(shard.byHash, hash)
			}
		}
		shard.mu.Unlock()
	}
}

// of says whether the answer is about exactly these labels.
func (a *answer) of(ls model.LabelSet) bool {
	if len(a.labels) != len(ls) {
		return false
	}
	for _, l := range a.labels {
		if value, ok := ls[l.name]; !ok || value != l.value {
			return false
		}
	}
	return true
}

// active returns the IDs of the records that are active at now, sorted.
func (a *answer) active(now time.Time) []string {
	var ids []string
	for _, r := range a.records {
		if latest := r.latest.Load(); latest != nil && latest.StateAt(now) == Active {
			ids = append(ids, r.id)
		}
	}
	return ids
}

// SilencedBy returns the IDs of the silences that match these labels and are
// active at now, sorted; nil if there is none. It is fast enough to be asked about
// every alert again and again.
func (s *Store) SilencedBy(ls model.LabelSet, now time.Time) []string {
	if s.index.version.Load() == 0 {
		return nil // there never was a silence
	}
	hash := s.answers.hash(ls)
	if ids, ok := s.silencedByKnown(hash, ls, now); ok {
		return ids
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	a := s.answers.get(hash, ls)
	if a == nil || a.version < s.index.version.Load() {
		a = s.answer(ls, a)
		s.answers.put(hash, a)
	}
	return a.active(now)
}

// silencedByKnown is SilencedBy without the lock, if the answer is known and nobody
// writes.
func (s *Store) silencedByKnown(hash uint64, ls model.LabelSet, now time.Time) (ids []string, ok bool) {
	writes := s.writes.Load()
	if writes%2 == 1 {
		return nil, false
	}
	a := s.answers.get(hash, ls)
	if a == nil || a.version < s.index.version.Load() {
		return nil, false
	}
	ids = a.active(now)
	return ids, s.writes.Load() == writes
}

// answer finds out which records match a label set, from what was known before if
// known is not nil. The caller holds the lock for reading.
func (s *Store) answer(ls model.LabelSet, known *answer) *answer {
	begin := time.Now()
	a := &answer{version: s.index.version.Load()}
	looked := 0
	consider := func(r *record) {
		looked++
		if r.latest.Load() != nil && r.matches(ls) {
			a.records = append(a.records, r)
		}
	}

	var added []addition
	if known == nil {
		a.labels = make([]label, 0, len(ls))
		for name, value := range ls {
			a.labels = append(a.labels, label{name, value})
		}
	} else {
		a.labels = known.labels
		added = s.index.since(known.version)
	}
	if known == nil || len(added) > manyAdded {
		s.index.find(ls, consider)
	} else {
		for _, r := range known.records {
			if s.index.has(r) {
				a.records = append(a.records, r)
			}
		}
		for _, addition := range added {
			consider(addition.record)
		}
	}
	slices.SortFunc(a.records, func(a, b *record) int { return strings.Compare(a.id, b.id) })
	a.records = slices.Compact(a.records)

	s.metrics.query(begin, looked)
	s.metrics.skipped.Add(float64(max(0, len(s.records)-looked)))
	return a
}
