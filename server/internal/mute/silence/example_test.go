package silence_test

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

func ExampleStore() {
	now := time.Date(2026, 3, 1, 22, 0, 0, 0, time.UTC)
	s := silence.New(silence.Options{Retention: 120 * time.Hour})
	id, err := s.Set(context.Background(), now, &silence.Silence{
		Matchers:  []labels.Matchers{{{Type: labels.MatchRegexp, Name: "host", Value: "db-.*"}}},
		EndsAt:    now.Add(2 * time.Hour),
		CreatedBy: "ana",
		Comment:   "new disks",
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	alert := model.LabelSet{"alertname": "DiskFull", "host": "db-7"}
	for _, hours := range []time.Duration{1, 3} {
		at := now.Add(hours * time.Hour)
		fmt.Printf("%s: silenced by %d, which is %s\n", at.Format("15:04"), len(s.SilencedBy(alert, at)), s.Get(id).StateAt(at))
	}
	// Output:
	// 23:00: silenced by 1, which is active
	// 01:00: silenced by 0, which is expired
}
