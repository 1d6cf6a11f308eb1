package registry

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// tally counts what is left out of one page.
type tally struct {
	items []*tallied // in the order in which they were found
	byKey map[tallyKey]*tallied
}

type tallyKey struct {
	foreign *foreign // that failed; nil if single series were left out
	family  string
	reason  Reason
}

type tallied struct {
	tallyKey
	n   int          // series, or errors
	err func() error // the first
}

func newTally() *tally { return &tally{byKey: make(map[tallyKey]*tallied)} }

func (t *tally) add(key tallyKey, n int, err func() error) {
	key.family = strings.ToValidUTF8(key.family, "\uFFFD") // it becomes a label value
	item, known := t.byKey[key]
	if !known {
		item = &tallied{tallyKey: key, err: err}
		t.byKey[key] = item
		t.items = append(t.items, item)
	}
	item.n += n
}

// series counts series of a family.
func (t *tally) series(family string, reason Reason, n int, err func() error) {
	t.add(tallyKey{family: family, reason: reason}, n, err)
}

// error counts an error that a source reported: as that of a series, if it is
// about one, or else as a failure of the source.
func (t *tally) error(f *foreign, b *because) {
	err := func() error { return b.err }
	switch {
	case b.family != "" || f == nil:
		t.series(b.family, b.reason, 1, err)
	case f.isFamily:
		t.series(f.name, b.reason, 1, err)
	default:
		t.add(tallyKey{foreign: f, reason: b.reason}, 1, err)
	}
}

// timeout counts a source that did not come back in time.
func (t *tally) timeout(f *foreign, took time.Duration) {
	err := errors.New("there was no time left to ask it")
	if took > 0 {
		err = fmt.Errorf("has not come back after %v, and is not asked again until it has", took)
	}
	t.error(f, &because{Timeout, "", err})
}

// events tells what was left out.
func (t *tally) events() []Event {
	var all []Event
	for _, item := range t.items {
		e := Event{Family: item.family, Reason: item.reason, Err: item.err}
		if item.foreign != nil {
			e.Collector = item.foreign.name
		} else {
			e.Series = item.n
		}
		all = append(all, e)
	}
	return all
}
