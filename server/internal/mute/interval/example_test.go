package interval_test

import (
	"fmt"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/timeinterval"

	"github.com/cresset-metrics/cresset/server/internal/mute/interval"
)

func ExampleSet() {
	night := timeinterval.TimeInterval{Times: []timeinterval.TimeRange{{StartMinute: 22 * 60, EndMinute: 24 * 60}}}
	set := interval.New(&config.Config{TimeIntervals: []config.TimeInterval{
		{Name: "night", TimeIntervals: []timeinterval.TimeInterval{night}},
	}})
	for _, hour := range []int{21, 22} {
		by, reason := set.MutedBy(nil, []string{"night"}, time.Date(2026, 3, 1, hour, 0, 0, 0, time.UTC))
		fmt.Printf("%d:00 %v %q\n", hour, by, reason)
	}
	// Output:
	// 21:00 [] ""
	// 22:00 [night] "mute_time_interval"
}
