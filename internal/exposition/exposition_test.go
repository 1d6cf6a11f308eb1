package exposition

import (
	"math"
	"testing"
	"time"
)

func TestSeriesSetCopies(t *testing.T) {
	from := Series{Labels: labels("a", "b"), Dist: Distribution{Count: whole(2), Buckets: []Bucket{bucket(1, 1), bucket(2, 2)}}, HasTimestamp: true}
	to := Series{Value: 5, Dist: Distribution{Buckets: make([]Bucket, 0, 10)}}
	before := &to.Dist.Buckets[:1][0]
	to.Set(&from)
	if to.Value != 0 || to.Dist.Count != whole(2) || len(to.Dist.Buckets) != 2 || !to.HasTimestamp || to.Labels != from.Labels {
		t.Errorf("got %+v, want %+v", to, from)
	}
	if &to.Dist.Buckets[0] != before {
		t.Error("the memory that was there was not used again")
	}
	to.Dist.Buckets[0].Count = whole(9)
	if from.Dist.Buckets[0].Count != whole(1) {
		t.Error("the copy shares its points with the original")
	}
}

func TestTimes(t *testing.T) {
	tests := []struct {
		name string
		got  Time
		want Time
	}{
		{"epoch", UnixNano(0), Time{0, 0, true}},
		{"after", UnixNano(1_500_000_000), Time{1, 500_000_000, true}},
		{"before", UnixNano(-1), Time{-1, 999_999_999, true}},
		{"last", UnixNano(math.MaxInt64), Time{9223372036, 854775807, true}},
		{"first", UnixNano(math.MinInt64), Time{-9223372037, 145224192, true}},
		{"of a clock", TimeOf(time.Unix(-5, 7)), Time{-5, 7, true}},
		{"beyond nanoseconds", TimeOf(time.Unix(1e12, 7)), Time{1e12, 7, true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.got != test.want {
				t.Errorf("got %v, want %v", test.got, test.want)
			}
		})
	}
}

func TestTimesInSeconds(t *testing.T) {
	tests := []struct {
		time Time
		want float64
	}{
		{UnixNano(0), 0},
		{UnixNano(1_700_000_000_123_456_789), 1700000000.1234567},
		{UnixNano(-1), -1e-9},
		{UnixNano(math.MaxInt64), 9223372036.854775807},
		{UnixNano(math.MinInt64), -9223372036.854775807},
		{Time{1e10, 500_000_000, true}, 1e10 + 0.5}, // the year 2286: its nanoseconds do not fit
		{Time{-1e10, 500_000_000, true}, -1e10 + 0.5},
		{Time{math.MaxInt64, 0, true}, math.MaxInt64},
		{Time{math.MinInt64, 0, true}, math.MinInt64},
	}
	for _, test := range tests {
		if got := test.time.inSeconds(); got != test.want {
			t.Errorf("%+v: got %v, want %v", test.time, got, test.want)
		}
	}
}
