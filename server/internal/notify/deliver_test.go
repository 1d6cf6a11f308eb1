package notify

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	amnotify "github.com/prometheus/alertmanager/notify"
)

// The life of one group, flush by flush: what each kind of integration is told.
func TestDeliver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		both := &integration{name: "webhook", sendResolved: true}
		firingOnly := &integration{name: "email"}
		r, _ := newReceiver(both, firingOnly)

		told := func(in *integration) string {
			var s []string
			for _, c := range in.calls {
				s = append(s, c.alerts+"("+c.reason+")")
			}
			in.calls = nil
			return strings.Join(s, ", ")
		}
		for _, step := range []struct {
			after          time.Duration
			alerts         []string
			both, onlyFire string
		}{
			{0, []string{"-z"}, "", ""},
			{5 * time.Minute, []string{"a"}, "a (first notification)", "a (first notification)"},
			{5 * time.Minute, []string{"a"}, "", ""},
			{5 * time.Minute, []string{"a", "b"}, "a b (new alerts added)", "a b (new alerts added)"},
			{5 * time.Minute, []string{"-a", "b"}, "-a b (some alerts resolved)", ""},
			{5 * time.Minute, []string{"b"}, "", ""},
			{4 * time.Hour, []string{"b"}, "b (repeat interval elapsed)", "b (repeat interval elapsed)"},
			{4 * time.Hour, []string{"b"}, "", ""}, // not longer ago than the interval
			{5 * time.Minute, []string{"b"}, "b (repeat interval elapsed)", "b (repeat interval elapsed)"},
			{5 * time.Minute, []string{"-b"}, "-b (all alerts resolved)", ""},
			{5 * time.Minute, []string{"-b"}, "", ""},
			{5 * time.Minute, []string{"b"}, "b (first notification)", "b (first notification)"},
		} {
			time.Sleep(step.after)
			if _, err := r.Deliver(t.Context(), batchOf(time.Now(), step.alerts...)); err != nil {
				t.Fatal(err)
			}
			if got := told(both); got != step.both {
				t.Errorf("%v: with send_resolved got %q, want %q", step.alerts, got, step.both)
			}
			if got := told(firingOnly); got != step.onlyFire {
				t.Errorf("%v: without send_resolved got %q, want %q", step.alerts, got, step.onlyFire)
			}
		}
	})
}

// Section 2.7: attempts go on until one works, the integration gives up, or the
// time is over; only success is remembered.
func TestRetry(t *testing.T) {
	broken, useless := errors.New("broken"), errors.New("useless")
	failUntil := func(n int, again bool, err error) func(context.Context, int) (bool, error) {
		return func(_ context.Context, attempt int) (bool, error) {
			if attempt < n {
				return again, err
			}
			return false, nil
		}
	}
	hang := func(ctx context.Context, _ int) (bool, error) {
		<-ctx.Done()
		return true, ctx.Err()
	}
	for _, tc := range []struct {
		name     string
		answer   func(context.Context, int) (bool, error)
		wantErr  error
		reason   string
		remember bool
	}{
		{"works at the fourth attempt", failUntil(4, true, broken), nil, "", true},
		{"useless to try again", failUntil(99, false, useless), useless, "other", false},
		{"never works", failUntil(999999, true, broken), broken, "other", false},
		{"hangs", hang, context.DeadlineExceeded, "contextDeadlineExceeded", false},
		{"a reason of its own", failUntil(999999, true, amnotify.NewErrorWithReason(amnotify.ServerErrorReason, broken)), nil, "serverError", false},
		{"panics", func(context.Context, int) (bool, error) { panic("oh") }, nil, "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in := &integration{name: "webhook", sendResolved: true, answer: tc.answer}
				r, log := newReceiver(in)
				begin := time.Now()
				ctx, cancel := context.WithDeadline(t.Context(), begin.Add(5*time.Minute))
				defer cancel()
				_, err := r.Deliver(ctx, batchOf(begin, "a"))
				if (err == nil) != tc.remember || (tc.wantErr != nil && !errors.Is(err, tc.wantErr)) {
					t.Errorf("got error %v, want %v", err, tc.wantErr)
				}
				if err != nil && tc.reason != "" && failureReason(err) != tc.reason {
					t.Errorf("got reason %q, want %q", failureReason(err), tc.reason)
				}
				if _, ok := log.Get(Key{`{}:{cluster="c"}`, "team", "webhook", 0}); ok != tc.remember {
					t.Errorf("the log has an entry: %v, want %v", ok, tc.remember)
				}
				if took := time.Since(begin); took > 5*time.Minute {
					t.Errorf("took %v, longer than allowed", took)
				}
				checkPauses(t, in.calls)
			})
		})
	}
}

// checkPauses holds each pause against the growing one that it varies around.
func checkPauses(t *testing.T, calls []call) {
	t.Helper()
	around := firstPause
	for i := 1; i < len(calls); i++ {
		if p := calls[i].at.Sub(calls[i-1].at); p < around/2 || p > around*3/2 {
			t.Errorf("pause %d is %v, want it within half of %v", i, p, around)
		}
		around = min(around*3/2, longestPause)
	}
}

// An integration that hangs delays no other one of its receiver.
func TestHangingNeighbour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hanging := &integration{name: "webhook", answer: func(ctx context.Context, _ int) (bool, error) {
			<-ctx.Done()
			return true, ctx.Err()
		}}
		good := &integration{name: "email"}
		r, log := newReceiver(hanging, good)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		if _, err := r.Deliver(ctx, batchOf(begin, "a")); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "team/webhook[0]") {
			t.Errorf("got error %v, want the deadline of team/webhook[0]", err)
		}
		if len(good.calls) != 1 || !good.calls[0].at.Equal(begin) {
			t.Errorf("the good one was called at %v, want once at %v", good.calls, begin)
		}
		if log.Len() != 1 {
			t.Errorf("%d entries in the log, want that of the good one", log.Len())
		}
	})
}

// What integrations and their templates look for in the context is there.
func TestContext(t *testing.T) {
	in := &integration{name: "slack", sendResolved: true}
	r, _ := newReceiver(in)
	at := time.Now()
	if _, err := r.Deliver(t.Context(), batchOf(at, "a", "-b")); err != nil {
		t.Fatal(err)
	}
	ctx := in.calls[0].ctx
	receiver, _ := amnotify.ReceiverName(ctx)
	key, _ := amnotify.GroupKey(ctx)
	group, _ := amnotify.GroupLabels(ctx)
	route, _ := amnotify.RouteLabels(ctx)
	id, _ := amnotify.RouteID(ctx)
	flush, _ := amnotify.FlushID(ctx)
	repeat, _ := amnotify.RepeatInterval(ctx)
	now, _ := amnotify.Now(ctx)
	firing, _ := amnotify.FiringAlerts(ctx)
	resolved, _ := amnotify.ResolvedAlerts(ctx)
	reason, _ := amnotify.NotificationReason(ctx)
	if receiver != "team" || key != `{}:{cluster="c"}` || group["cluster"] != "c" || route["team"] != "x" || id != "{}" || flush != 7 ||
		repeat != 4*time.Hour || !now.Equal(at) || len(firing) != 1 || len(resolved) != 1 || reason != amnotify.ReasonFirstNotification {
		t.Errorf("got %q %q %v %v %q %d %v %v %v %v %v", receiver, key, group, route, id, flush, repeat, now, firing, resolved, reason)
	}
}

// What an integration keeps for itself is there at its next notification, until
// the group was quiet.
func TestData(t *testing.T) {
	var found []string
	in := &integration{name: "slack", sendResolved: true, answer: func(ctx context.Context, attempt int) (bool, error) {
		data, ok := amnotify.NflogStore(ctx)
		if !ok {
			return false, errors.New("no data in the context")
		}
		ts, _ := data.GetStr("ts")
		found = append(found, ts)
		data.SetStr("ts", string(rune('0'+attempt)))
		return false, nil
	}}
	r, _ := newReceiver(in)
	now := time.Now()
	for _, alerts := range [][]string{{"a"}, {"a", "b"}, {"-a", "-b"}, {"c"}} {
		if _, err := r.Deliver(t.Context(), batchOf(now, alerts...)); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"", "1", "2", ""}; !slices.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
	}
}

// What is told is remembered also if the last entry is dated by a clock that was ahead:
// otherwise it would be told again with each flush until that time has come.
func TestEntryFromTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := &integration{name: "webhook", sendResolved: true}
		r, log := newReceiver(in)
		known := batchOf(time.Now(), "a")
		ahead := time.Now().Add(time.Hour)
		key := Key{GroupKey: known.GroupKey, Receiver: "team", Integration: "webhook"}
		if err := log.Record(t.Context(), Record{Key: key, Entry: Entry{Firing: Hashes{hash(known.Alerts[0].Labels)}, At: ahead, ExpiresAt: ahead.Add(time.Hour)}}); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			time.Sleep(5 * time.Minute)
			if _, err := r.Deliver(t.Context(), batchOf(time.Now(), "a", "b")); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(in.calls); n != 1 {
			t.Errorf("told %d times, want once", n)
		}
	})
}
