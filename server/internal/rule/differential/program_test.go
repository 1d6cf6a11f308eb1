package differential_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// program is what both engines are put through. Time goes on in steps; at the
// beginning of each, the samples of the step are stored, then its events happen,
// then the engines run until the next step.
type program struct {
	files  files
	series []string      // in the notation of promtool's rule tests, one value per step
	steps  int           // how many steps there are
	every  time.Duration // length of a step; 0 is a minute
	events map[int]event // by step

	// restores says that the files are there when the engines start, so that
	// they look for alerts of an earlier process. Otherwise they are loaded right
	// after the start.
	restores bool

	// clock says by how much the clock is wrong in a step. It counts only where the
	// engines are told the time.
	clock map[int]time.Duration

	// leaveOut are texts; lines that contain one of them are not compared.
	leaveOut []string

	settings
}

// settings are what the engines are told besides rule files.
type settings struct {
	interval    time.Duration // evaluation_interval; 0 is a minute
	offset      time.Duration // rule_query_offset
	external    labels.Labels // external_labels
	resendDelay time.Duration // 0 is a minute
	tolerance   time.Duration // for-outage-tolerance; 0 is an hour
	grace       time.Duration // for-grace-period; 0 is ten minutes
	concurrency int           // of independent rules of a group; 0 is none
	noRestore   bool          // what was stored cannot be read when alerts are to be restored

	// A query whose expression contains the key takes that long, or fails with
	// that text.
	slow map[string]time.Duration
	fail map[string]string
}

// files are rule files: their contents by name.
type files map[string]string

// event is what happens at the beginning of a step. What is nil or zero stays as
// it is.
type event struct {
	reload   files
	external labels.Labels
	interval time.Duration
	offset   time.Duration
	fail     map[string]string // empty: nothing fails any more
	restart  time.Duration     // both engines end, and start again that much later; steps until then are left out
}

// one is the usual case of a single file.
func one(content string) files { return files{"r.yml": content} }

func (p *program) step() time.Duration {
	if p.every == 0 {
		return time.Minute
	}
	return p.every
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// String returns the program as somebody needs it who looks for a fault.
func (p *program) String() string {
	var b strings.Builder
	p.files.write(&b)
	fmt.Fprintf(&b, "settings: %+v, a step takes %v\n", p.settings, p.step())
	for _, step := range slices.Sorted(maps.Keys(p.clock)) {
		fmt.Fprintf(&b, "step %d: the clock is wrong by %v\n", step, p.clock[step])
	}
	for _, s := range p.series {
		fmt.Fprintf(&b, "series: %s\n", s)
	}
	for _, step := range slices.Sorted(maps.Keys(p.events)) {
		e := p.events[step]
		fmt.Fprintf(&b, "step %d:", step)
		if e.restart > 0 {
			fmt.Fprintf(&b, " restart, down for %v", e.restart)
		}
		if !e.external.IsEmpty() {
			fmt.Fprintf(&b, " external labels %s", e.external)
		}
		if e.interval > 0 {
			fmt.Fprintf(&b, " interval %v", e.interval)
		}
		if e.offset > 0 {
			fmt.Fprintf(&b, " query offset %v", e.offset)
		}
		if e.fail != nil {
			fmt.Fprintf(&b, " failing %v", e.fail)
		}
		b.WriteByte('\n')
		if e.reload != nil {
			b.WriteString("reload:\n")
			e.reload.write(&b)
		}
	}
	return b.String()
}

func (f files) write(b *strings.Builder) {
	for _, name := range slices.Sorted(maps.Keys(f)) {
		fmt.Fprintf(b, "--- %s\n%s\n", name, strings.TrimSpace(f[name]))
	}
}
