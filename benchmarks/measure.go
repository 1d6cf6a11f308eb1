package main

import (
	"runtime"
	"time"
)

// A subject is one library doing one task: it does it n times on so many
// goroutines, and tells what that took.
type subject interface {
	run(goroutines, n int) (sample, error)
}

// A sample is what one run took.
type sample struct {
	elapsed time.Duration // in all
	ns      float64       // of the wall clock, for one unit of the task
	cpu     float64       // ns of all threads, for one unit; 0 where it is not known
	allocs  float64       // for the task done once
	size    float64       // bytes: of a page, or of one thing on the heap
}

// A meter adds up what happens between start and stop.
type meter struct {
	began   time.Time
	cpu     time.Duration // when it began
	mallocs uint64        // when it began
	elapsed time.Duration
	used    time.Duration
	allocs  uint64
}

func (m *meter) start() {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	m.mallocs, m.cpu, m.began = memory.Mallocs, cpuTime(), time.Now()
}

func (m *meter) stop() {
	elapsed, cpu := time.Since(m.began), cpuTime()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	m.elapsed += elapsed
	m.used += cpu - m.cpu
	m.allocs += memory.Mallocs - m.mallocs
}

// sample returns what doing the task n times took, of so many units each.
func (m *meter) sample(n, units int) sample {
	all := float64(n) * float64(units)
	return sample{
		elapsed: m.elapsed,
		ns:      float64(m.elapsed) / all,
		cpu:     float64(m.used) / all,
		allocs:  float64(m.allocs / uint64(n)), // what the runtime itself allocates now and then is less than one
	}
}

// calibrate returns how often a subject does its task in d.
func calibrate(s subject, goroutines int, d time.Duration) (n int, err error) {
	for n = 1; ; {
		got, err := s.run(goroutines, n)
		if err != nil {
			return 0, err
		}
		if got.elapsed >= d/2 {
			return max(1, int(float64(n)*float64(d)/float64(got.elapsed))), nil
		}
		// The first rounds are too short to go by.
		next := 100 * n
		if got.elapsed > 0 {
			next = min(next, int(1.2*float64(n)*float64(d)/float64(got.elapsed)))
		}
		n = max(next, n+1)
	}
}
