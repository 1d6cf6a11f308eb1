package rule

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// Apply makes the engine evaluate the groups of cfg from now on, whether it runs
// already or not. Groups that stay the same are not touched. A rule keeps its
// state when it is changed, moved to another group, or given other labels; see
// heirs. Of a rule that is gone, the firing alerts are sent resolved, and the
// series marked stale. On an error, nothing changes.
//
// Apply waits for the running evaluation of a rule in each group that is
// changed or removed. It does nothing once Run has come to its end.
func (e *Engine) Apply(cfg Config) error {
	e.change.Lock()
	defer e.change.Unlock()

	wanted, err := e.build(cfg)
	if err != nil || e.hasEnded() {
		return err
	}
	if !e.applied {
		e.recall(wanted)
	}
	c := e.compare(wanted)
	e.env.metrics.loaded(cfg.Files)
	e.applied = true
	for _, g := range c.leaving {
		g.halt()
	}
	var changes sync.WaitGroup
	for _, g := range c.arriving {
		changes.Go(func() {
			for _, old := range c.sources(g) {
				old.wait()
			}
			c.settle(g)
			e.put(g)
		})
	}
	for _, old := range c.leaving {
		changes.Go(func() {
			old.wait()
			if wanted[old.key()] == nil {
				e.remove(old, c.left(old))
			}
		})
	}
	changes.Wait()
	_ = e.env.guard(func() error { // whose log says enough: the configuration is in force
		e.resolve(c.gone())
		return nil
	})
	return nil
}

// inUse returns the present groups, by key.
func (e *Engine) inUse() map[string]*group {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.groups)
}

func (e *Engine) hasEnded() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ended
}

// build makes the groups of a configuration, none of which runs yet.
func (e *Engine) build(cfg Config) (map[string]*group, error) {
	if cfg.Interval <= 0 {
		return nil, fmt.Errorf("evaluation interval %v: must be more than 0", cfg.Interval)
	}
	inUse := e.inUse()
	groups := make(map[string]*group)
	for _, f := range cfg.Files {
		for _, def := range lastGood(f, inUse) {
			g := newGroup(f.Path, def, cfg, e.env)
			if g.Interval <= 0 {
				return nil, fmt.Errorf("%s: group %q: interval %v: must be more than 0", f.Path, g.Name, g.Interval)
			}
			if groups[g.key()] != nil {
				return nil, fmt.Errorf("%s: group %q is there twice", f.Path, g.Name)
			}
			if !e.applied && (e.env.queryable != nil || e.env.journal != nil) {
				g.unrestored = evaluationsBeforeRestore
				for _, r := range g.rules {
					r.unrestored = true
				}
			}
			groups[g.key()] = g
		}
	}
	return groups, nil
}

// succession is what a new configuration changes.
type succession struct {
	leaving, arriving []*group // in the order of their keys
	continues         map[*groupRule]place
	heirs             map[*groupRule]bool // old rules that are continued
}

// compare finds out what changes with the wanted groups. The groups that do not
// change are put in the place of the wanted ones that are the same.
func (e *Engine) compare(wanted map[string]*group) *succession {
	current := e.inUse()
	c := &succession{continues: make(map[*groupRule]place), heirs: make(map[*groupRule]bool)}
	for _, key := range slices.Sorted(maps.Keys(current)) {
		if next := wanted[key]; next == nil || !current[key].same(next) {
			c.leaving = append(c.leaving, current[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		if old := current[key]; old == nil || !old.same(wanted[key]) {
			c.arriving = append(c.arriving, wanted[key])
		}
	}
	old, next := places(c.leaving), places(c.arriving)
	for i, j := range heirs(old, next) {
		if j >= 0 {
			c.continues[next[i].rule] = old[j]
			c.heirs[old[j].rule] = true
		}
	}
	return c
}

// predecessor returns the group in whose place a new one comes, or nil.
func (c *succession) predecessor(g *group) *group {
	i := slices.IndexFunc(c.leaving, func(old *group) bool { return old.key() == g.key() })
	if i < 0 {
		return nil
	}
	return c.leaving[i]
}

// sources returns the groups that have to end before a new one can begin.
func (c *succession) sources(g *group) []*group {
	var all []*group
	if old := c.predecessor(g); old != nil {
		all = append(all, old)
	}
	for _, r := range g.rules {
		if p, ok := c.continues[r]; ok && !slices.Contains(all, p.group) {
			all = append(all, p.group)
		}
	}
	return all
}

// settle makes a new group, which does not run yet, go on where its sources, which
// have ended, left off.
func (c *succession) settle(g *group) {
	for _, r := range g.rules {
		from, ok := c.continues[r]
		if !ok {
			continue
		}
		r.alerts, r.written = from.rule.alerts, from.rule.written
		r.relabelled = from.rule.relabelled || !labels.Equal(from.rule.Labels, r.Labels)
		if r.recalled, r.unrestored = from.remembered(), from.rule.unrestored; r.unrestored {
			g.unrestored = max(g.unrestored, from.group.unrestored)
		}
		if from.group.key() != g.key() || from.rule.id != r.id {
			from.group.remember(context.Background(), from.rule.id, changes(r.recalled, nil))
			g.remember(context.Background(), r.id, changes(nil, r.recalled))
		}
		if !r.unrestored {
			r.recalled = nil
		}
	}
	old := c.predecessor(g)
	if old == nil {
		return
	}
	g.orphans = c.left(old)
	g.evaluationTime, g.lastEvaluation = old.evaluationTime, old.lastEvaluation
	if old.Interval == g.Interval {
		g.schedule = old.schedule // so that no slot is lost
	}
}

// remembered returns the alerts of a rule as the journal knows them.
func (p place) remembered() alerts {
	if p.rule.unrestored {
		return p.rule.recalled.with(p.rule.alerts)
	}
	return p.rule.alerts
}

// left returns the series that a group which has ended leaves behind: of rules
// that nobody continues, or that were gone before.
func (c *succession) left(old *group) []series {
	all := slices.Clone(old.orphans)
	for _, r := range old.rules {
		if !c.heirs[r] {
			all = slices.AppendSeq(all, maps.Values(r.written))
		}
	}
	return all
}

// gone returns the alerting rules that nobody continues.
func (c *succession) gone() []place {
	return slices.DeleteFunc(places(c.leaving), func(p place) bool {
		return p.rule.Kind != definition.KindAlerting || c.heirs[p.rule]
	})
}

// put adds a group, in the place of its predecessor if there was one.
func (e *Engine) put(g *group) {
	g.metrics = e.env.metrics.group(g)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.groups[g.key()] = g
	e.start(g)
}

// remove forgets a group that has ended. What it leaves is marked stale, as of
// now, after two intervals: until then other groups can take its series over.
func (e *Engine) remove(g *group, left []series) {
	now := e.env.now()
	e.env.metrics.forget(g)
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.groups, g.key())
	if e.running == nil || len(left) == 0 {
		return
	}
	ctx := e.running
	e.wg.Go(func() {
		wait := time.NewTimer(2 * g.Interval)
		defer wait.Stop()
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		if err := g.markStale(ctx, now, left); err != nil {
			e.env.logger.Warn("Marking the series of a removed group stale failed", "file", g.file, "group", g.Name, "err", err)
		}
	})
}

// resolve ends the alerts of rules that are gone: whoever was told that they fire
// is told that they do not, once. An alert that another rule holds up stays.
func (e *Engine) resolve(gone []place) {
	now := e.env.now()
	var firing map[string]bool // of all groups, by key; found when it is needed
	for _, p := range gone {
		p.group.remember(context.Background(), p.rule.id, changes(p.remembered(), nil))
		var told alerts
		for _, a := range p.rule.alerts.recalled(p.rule.recalled, now) {
			if a.state != StateFiring || a.lastSentAt.IsZero() {
				continue
			}
			if firing == nil {
				firing = e.firing(nil)
			}
			if !firing[a.key] {
				told = append(told, a.notAfter(now).resolved(now))
			}
		}
		p.group.send(context.Background(), p.rule.generatorURL, told, now)
	}
}

// firing returns the keys of all alerts that fire, but for those of one rule.
func (e *Engine) firing(but *groupRule) map[string]bool {
	keys := make(map[string]bool)
	for _, g := range e.inUse() {
		g.mu.Lock()
		for _, r := range g.rules {
			for _, a := range r.alerts {
				if a.state == StateFiring && r != but {
					keys[a.key] = true
				}
			}
		}
		g.mu.Unlock()
	}
	return keys
}
