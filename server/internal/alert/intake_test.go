package alert

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

// Section 2.1: what a client leaves out is filled in.
func TestReceiveCompletes(t *testing.T) {
	now, timeout := at(10), 7*time.Minute
	for _, tc := range []struct {
		name         string
		starts, ends time.Time
		wantStarts   time.Time
		wantEnds     time.Time
		wantTimeout  bool
	}{
		{"nothing given", time.Time{}, time.Time{}, now, now.Add(timeout), true},
		{"start given", at(3), time.Time{}, at(3), now.Add(timeout), true},
		{"end given, in the past", time.Time{}, at(4), at(4), at(4), false},
		{"end given, in the future", time.Time{}, at(40), at(40), at(40), false},
		{"both given", at(1), at(20), at(1), at(20), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := NewStore(Options{})
			s.SetResolveTimeout(timeout)
			a := named("a", tc.starts, tc.ends)
			a.Labels["empty"] = ""
			if err := s.Receive(t.Context(), now, []*Alert{a}); err != nil {
				t.Fatalf("Receive: %v", err)
			}
			got := s.Get(model.LabelSet{"alertname": "a"}.Fingerprint())
			if got == nil {
				t.Fatal("the alert is not stored under its labels without the empty one")
			}
			if !got.StartsAt.Equal(tc.wantStarts) || !got.EndsAt.Equal(tc.wantEnds) || got.Timeout != tc.wantTimeout {
				t.Errorf("got start %v, end %v, timeout %v; want %v, %v, %v",
					got.StartsAt, got.EndsAt, got.Timeout, tc.wantStarts, tc.wantEnds, tc.wantTimeout)
			}
			if !got.UpdatedAt.Equal(now) {
				t.Errorf("got UpdatedAt %v, want %v", got.UpdatedAt, now)
			}
		})
	}
}

// Section 2.1: the invalid alerts of a batch are reported, one error each, and
// the valid ones are kept.
func TestReceiveKeepsTheValid(t *testing.T) {
	s := NewStore(Options{})
	backwards := named("backwards", at(5), at(4))
	badName := named("bad", at(0), at(9))
	badName.Labels[""] = "x"
	badValue := named("bad", at(0), at(9))
	badValue.Labels["x"] = "\xff"
	badAnnotation := named("bad", at(0), at(9))
	badAnnotation.Annotations = model.LabelSet{"x": "\xff"}
	onlyEmpty := &Alert{Alert: model.Alert{Labels: model.LabelSet{"x": ""}}}

	err := s.Receive(t.Context(), at(1), []*Alert{named("good", at(0), at(9)), backwards, badName, badValue, badAnnotation, onlyEmpty, named("also good", at(0), at(9))})
	want := []string{
		"start time must be before end time",
		`invalid label set: invalid name ""`,
		`invalid label set: invalid value "\xff"`,
		`invalid annotations: invalid value "\xff"`,
		"at least one label pair required",
	}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Errorf("got error %q, want %q", err, strings.Join(want, "\n"))
	}
	if n := len(s.All()); n != 2 {
		t.Errorf("%d alerts are stored, want the 2 valid ones", n)
	}
}

func TestReceiveUsesTheTimeoutInForce(t *testing.T) {
	s := NewStore(Options{})
	for i, d := range []time.Duration{DefaultResolveTimeout, time.Hour, time.Minute} {
		if i > 0 {
			s.SetResolveTimeout(d)
		}
		if err := s.Receive(t.Context(), at(float64(i)), []*Alert{named("a", at(0), time.Time{})}); err != nil {
			t.Fatal(err)
		}
		if got, want := s.All()[0].EndsAt, at(float64(i)).Add(d); !got.Equal(want) {
			t.Errorf("timeout %v: got end %v, want %v", d, got, want)
		}
	}
}
