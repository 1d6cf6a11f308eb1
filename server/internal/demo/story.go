package demo

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// story is told by one goroutine, which alone writes to out. What happens
// elsewhere comes to it through the channels.
type story struct {
	out      io.Writer
	terminal bool
	colour   bool
	pace     pace
	began    time.Time
	shop     *Shop

	notifications chan Notification
	states        chan string

	firing, resolved bool   // these notifications were delivered
	state            string // of the alert, as last heard; at first stateInactive
	mute             bool   // the server's API does not answer
	waitingShown     bool   // the last line of the terminal says what is waited for
}

// tell goes through the story, stage by stage. The fault comes at its time; it
// heals when a person was told of it, however long that took.
func (s *story) tell(ctx context.Context) error {
	if err := s.pause(ctx, "the fault", s.pace.calm); err != nil {
		return err
	}
	s.shop.Break()
	s.say("A fault begins: half of the checkouts fail.")
	active := func() bool { return s.state == statePending || s.state == stateFiring || s.firing }
	if err := s.await(ctx, "the alert to be pending", active); err != nil {
		return err
	}
	if err := s.await(ctx, "the firing notification", func() bool { return s.firing }); err != nil {
		return err
	}
	if err := s.pause(ctx, "the fault to heal", s.pace.suffering); err != nil {
		return err
	}
	s.shop.Heal()
	s.say("The fault heals: all checkouts work again.")
	return s.await(ctx, "the resolved notification", func() bool { return s.resolved })
}

// waitError says what was waited for when the context ended.
type waitError struct{ what string }

func (e waitError) Error() string { return "waiting for " + e.what }

// pause lets the time pass.
func (s *story) pause(ctx context.Context, what string, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	return s.wait(ctx, what, timer.C, func() bool { return false })
}

// await waits until happened says so.
func (s *story) await(ctx context.Context, what string, happened func() bool) error {
	return s.wait(ctx, what, nil, happened)
}

// wait takes in what happens, until over delivers or happened says so.
func (s *story) wait(ctx context.Context, what string, over <-chan time.Time, happened func() bool) error {
	began := time.Now()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for !happened() {
		select {
		case n := <-s.notifications:
			s.notified(n)
		case state := <-s.states:
			s.changed(state)
		case <-over:
			return nil
		case <-tick.C:
			s.waiting(what, time.Since(began))
		case <-ctx.Done():
			s.clear()
			return waitError{what}
		}
	}
	return nil
}

// notified prints a notification.
func (s *story) notified(n Notification) {
	s.say("A %s notification is delivered:", clean(n.Status))
	fmt.Fprintln(s.out)
	Print(s.out, n, time.Now(), s.colour)
	fmt.Fprintln(s.out)
	for _, a := range n.Alerts {
		if a.Labels["alertname"] != alertName {
			continue
		}
		switch a.Status {
		case firing:
			s.firing = true
		case resolved:
			s.resolved = s.firing
		}
	}
}

// changed tells of a new state of the alert.
func (s *story) changed(state string) {
	s.mute = state == stateUnknown
	if s.mute || state == s.state {
		return
	}
	before := s.state
	s.state = state
	switch {
	case state == statePending:
		s.say("The alert is pending: it fires if this lasts for 3s.")
	case state == stateFiring:
		s.say("The alert fires. Its group waits 1s for others like it.")
	case before == stateFiring:
		s.say("The alert is over. Its group tells so within 2s.")
	}
}

// say writes a line of the story.
func (s *story) say(format string, args ...any) {
	s.clear()
	fmt.Fprintf(s.out, "%s  %s\n", s.elapsed(), fmt.Sprintf(format, args...))
}

func (s *story) elapsed() string {
	t := fmt.Sprintf("%5.1fs", time.Since(s.began).Seconds())
	if s.colour {
		return faint + t + plain
	}
	return t
}

// waiting shows at a terminal what is waited for, once that takes long enough
// for a person to wonder.
func (s *story) waiting(what string, since time.Duration) {
	if !s.terminal || since < 2*time.Second {
		return
	}
	fmt.Fprintf(s.out, "%s%s  … waiting for %s (%s)", clearLine, s.elapsed(), what, since.Round(time.Second))
	s.waitingShown = true
}

// clear removes what waiting showed.
func (s *story) clear() {
	if s.waitingShown {
		fmt.Fprint(s.out, clearLine)
		s.waitingShown = false
	}
}

// explain makes the error of a story that did not end: whether it was stopped or
// its time was over, and what was missing.
func (s *story) explain(parent context.Context, duration time.Duration, err error) error {
	var missing []string
	if !s.firing {
		missing = append(missing, "the firing notification")
	}
	if !s.resolved {
		missing = append(missing, "the resolved notification")
	}
	if parent.Err() != nil {
		return fmt.Errorf("the demo was interrupted while %w", err)
	}
	silence := ""
	if s.mute {
		silence = ", and the server's API did not answer"
	}
	return fmt.Errorf("the demo did not end within %s: missing %s; it was still %w%s",
		duration, strings.Join(missing, " and "), err, silence)
}
