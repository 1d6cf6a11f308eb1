package differential_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/prometheus/rules"
)

// evaluationsBeforeRestore is after how many evaluations of a group its alerts are
// restored.
const evaluationsBeforeRestore = 2

// steppedTheirs are Prometheus' groups without the manager's goroutines: they are
// evaluated, copied and restored when they are told to.
type steppedTheirs struct {
	*theirs
	groups map[string]*rules.Group
	missed map[string]int // evaluations until a group is restored
}

func (s *steppedTheirs) start(c settings, f files) error {
	s.groups, s.missed = make(map[string]*rules.Group), make(map[string]int)
	if err := s.build(c); err != nil {
		return err
	}
	if err := s.reload(c, f); err != nil {
		return err
	}
	for key, g := range s.groups {
		s.missed[key] = evaluationsBeforeRestore
		for _, r := range g.AlertingRules() {
			r.SetRestored(false)
		}
	}
	return nil
}

func (s *steppedTheirs) reload(c settings, f files) error {
	s.offer(c, f)
	loaded, errs := s.manager.LoadGroups(orDefault(c.interval, time.Minute), c.external, externalURL, nil, false, slices.Sorted(maps.Keys(f))...)
	if errs != nil {
		return errors.Join(errs...)
	}
	for key, g := range loaded {
		for _, r := range g.AlertingRules() {
			r.SetRestored(true)
		}
		old := s.groups[key]
		switch {
		case old == nil:
		case old.Equals(g):
			loaded[key] = old
		default:
			g.CopyState(old)
			delete(s.missed, key)
		}
	}
	s.groups = loaded
	return nil
}

func (s *steppedTheirs) stop() {}

func (s *steppedTheirs) evaluate(at time.Time) {
	for _, key := range slices.Sorted(maps.Keys(s.groups)) {
		g := s.groups[key]
		s.iterate(context.Background(), g, at)
		if s.missed[key] > 0 {
			if s.missed[key]--; s.missed[key] == 0 {
				g.RestoreForState(at)
			}
		}
	}
}

func (s *steppedTheirs) look() view {
	var all []*rules.Group
	for _, key := range slices.Sorted(maps.Keys(s.groups)) {
		all = append(all, s.groups[key])
	}
	return s.state(all)
}

// steppedOurs is our engine, told when to do what.
type steppedOurs struct {
	*ours
	missed map[string]int
}

func (s *steppedOurs) start(c settings, f files) error {
	s.missed = make(map[string]int)
	if err := s.build(c); err != nil {
		return err
	}
	if err := s.reload(c, f); err != nil {
		return err
	}
	for _, g := range s.engine.Groups() {
		s.missed[g.File+";"+g.Name] = evaluationsBeforeRestore
	}
	return nil
}

func (s *steppedOurs) stop() {}

func (s *steppedOurs) evaluate(at time.Time) {
	for _, g := range s.engine.Groups() {
		if err := s.engine.EvaluateGroup(context.Background(), g.File, g.Name, at); err != nil {
			s.t.Error(err)
		}
		key := g.File + ";" + g.Name
		if s.missed[key] > 0 {
			if s.missed[key]--; s.missed[key] == 0 {
				if err := s.engine.RestoreGroup(context.Background(), g.File, g.Name, at); err != nil {
					s.t.Error(err)
				}
			}
		}
	}
}

func (s *steppedOurs) look() view {
	v := s.ours.look()
	v.metrics = nil
	return v
}
