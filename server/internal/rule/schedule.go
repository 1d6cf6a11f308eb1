package rule

import (
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// slots are the instants at which a group is evaluated: every interval, moved
// by an offset that depends on the group's name and file alone. Groups are
// spread over the interval in this way, and two servers with the same files
// evaluate the same group at the same instants.
type slots struct {
	interval time.Duration // > 0
	offset   time.Duration // 0 <= offset < interval
}

func newSlots(file, name string, interval time.Duration) slots {
	hash := labels.FromStrings("file", file, "name", name).Hash()
	return slots{interval: interval, offset: time.Duration(hash % uint64(interval))}
}

// latest returns the last slot that is not after t.
func (s slots) latest(t time.Time) time.Time {
	interval := int64(s.interval)
	sinceSlot := (t.UnixNano() - int64(s.offset)) % interval
	if sinceSlot < 0 { // before 1970
		sinceSlot += interval
	}
	return time.Unix(0, t.UnixNano()-sinceSlot).UTC()
}

// schedule walks along the slots of a group.
type schedule struct {
	slots
	done time.Time // the slot that was handed out last, or passed over at the start
}

// newSchedule returns a schedule whose first slot is the first one after now.
func newSchedule(s slots, now time.Time) schedule {
	return schedule{slots: s, done: s.latest(now)}
}

// turn is what a schedule wants of its driver.
type turn struct {
	due    time.Time // the slot to evaluate now; zero when none is due
	missed int       // slots before due that nobody evaluated, and nobody will
	wake   time.Time // when to ask again, if none is due
}

// advance returns what is to be done at now. A group that is late because its
// evaluation is slow skips all slots but the latest one. While the clock is set
// back by less than an interval, no slot is handed out twice; when it is set
// back further, the schedule starts again from the new time.
func (s *schedule) advance(now time.Time) turn {
	latest := s.latest(now)
	if !latest.After(s.done) {
		if s.done.Sub(latest) > s.interval {
			s.done = latest
		}
		return turn{wake: s.done.Add(s.interval)}
	}
	missed := int(latest.Sub(s.done)/s.interval) - 1
	s.done = latest
	return turn{due: latest, missed: missed}
}
