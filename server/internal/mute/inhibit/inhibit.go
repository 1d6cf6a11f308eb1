// Package inhibit says whether an alert is muted because another one, by a rule
// of the configuration, already tells the story.
package inhibit

import (
	"sync"
	"time"

	"github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
)

// Inhibitor knows the alerts that can inhibit others. One goroutine tells it
// about alerts in the order in which they change; any number may ask it.
type Inhibitor struct {
	mu    sync.RWMutex // guards the sources inside each rule
	rules []*rule
}

// New returns an inhibitor for the rules of a loaded configuration; it knows no
// alerts yet.
func New(rules []common.InhibitRule) (*Inhibitor, error) {
	ih := &Inhibitor{rules: make([]*rule, 0, len(rules))}
	for i, c := range rules {
		r, err := newRule(c, i)
		if err != nil {
			return nil, err
		}
		ih.rules = append(ih.rules, r)
	}
	return ih, nil
}

// Update takes a new alert, or the new version of a known one.
func (ih *Inhibitor) Update(a *alert.Alert) {
	ih.mu.Lock()
	defer ih.mu.Unlock()
	for _, r := range ih.rules {
		r.update(a)
	}
}

// InhibitedBy returns the fingerprint of an alert that fires at now and inhibits
// the alert with these labels. If there are several, it is the one with the
// lowest fingerprint of the first rule that has one.
func (ih *Inhibitor) InhibitedBy(ls model.LabelSet, now time.Time) (model.Fingerprint, bool) {
	ih.mu.RLock()
	defer ih.mu.RUnlock()
	for _, r := range ih.rules {
		if by, ok := r.inhibitor(ls, now); ok {
			return by, true
		}
	}
	return 0, false
}

// Expire forgets the alerts that are resolved at now.
func (ih *Inhibitor) Expire(now time.Time) {
	ih.mu.Lock()
	defer ih.mu.Unlock()
	for _, r := range ih.rules {
		r.expire(now)
	}
}
