package registry

import (
	"fmt"
	"sync"
)

// Ledger remembers what is wrong at present, so that it is reported when it
// begins and when it ends, and not each time it is seen. What it remembers is
// bounded. The zero value is empty and ready; any number of goroutines may use
// it.
type Ledger struct {
	mu      sync.Mutex // guards what follows
	entries map[entryKey]*ledgerEntry
	full    bool // and that was reported
}

// maxEntries is how much is wrong at a time before what comes on top is no
// longer reported one by one.
const maxEntries = 1000

type entryKey struct {
	scope, collector, family string
	reason                   Reason
}

// ledgerEntry stays when what was wrong has ended, for as long as there is room,
// to tell late news.
type ledgerEntry struct {
	wrong bool
	at    uint64 // the observation that said so
}

// Overflow stands for names where there are too many of them.
const Overflow = "__overflow__"

// Settle takes in what was seen to be wrong and returns what of it is news: what
// was not wrong before, and, if all that there is in this scope was looked at,
// what no longer is.
//
// Observations have numbers, by when they began. They may end in another order,
// and one that began before another does not change what that one said.
func (l *Ledger) Settle(number uint64, scope string, all bool, seen []Event) (news []Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range seen {
		key := entryKey{scope, e.Collector, e.Family, e.Reason}
		entry, known := l.entries[key]
		switch {
		case !known && len(l.entries) >= maxEntries && !l.forget():
			if !l.full {
				l.full = true
				news = append(news, Event{Family: Overflow, Reason: e.Reason, Series: e.Series, Err: func() error {
					return fmt.Errorf("more than %d families and collectors are left out, and what comes on top is not reported; the first of it: %w", maxEntries, e.Err())
				}})
			}
			continue
		case !known:
			if l.entries == nil {
				l.entries = make(map[entryKey]*ledgerEntry)
			}
			entry = new(ledgerEntry)
			l.entries[key] = entry
		case number < entry.at:
			continue
		}
		if !entry.wrong {
			news = append(news, e)
		}
		entry.wrong, entry.at = true, number
	}
	if !all {
		return news
	}
	for key, entry := range l.entries {
		if key.scope == scope && entry.wrong && entry.at < number {
			entry.wrong, entry.at = false, number
			news = append(news, Event{Collector: key.collector, Family: key.family, Reason: key.reason, Over: true})
		}
	}
	return news
}

// forget makes room and tells whether there is some. It needs the lock.
func (l *Ledger) forget() bool {
	for key, entry := range l.entries {
		if !entry.wrong {
			delete(l.entries, key)
			l.full = false
		}
	}
	return len(l.entries) < maxEntries
}
