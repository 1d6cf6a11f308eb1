package inhibit

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
)

// BenchmarkInhibitedBy asks about one alert where 10,000 that match the source
// side of a rule have the same equal labels.
func BenchmarkInhibitedBy(b *testing.B) {
	rule := common.InhibitRule{
		SourceMatchers: common.Matchers{{Type: labels.MatchEqual, Name: "source", Value: "yes"}},
		TargetMatchers: common.Matchers{{Type: labels.MatchEqual, Name: "target", Value: "yes"}},
		Equal:          []string{"cluster"},
	}
	now := time.Now()
	for _, tc := range []struct {
		name   string
		target model.LabelSet
		make   func(i int) (ls model.LabelSet, ends time.Time)
	}{
		{"all fire", model.LabelSet{"target": "yes", "cluster": "c"}, func(int) (model.LabelSet, time.Time) {
			return model.LabelSet{"source": "yes", "cluster": "c"}, now.Add(time.Hour)
		}},
		{"one fires", model.LabelSet{"target": "yes", "cluster": "c"}, func(i int) (model.LabelSet, time.Time) {
			ends := now.Add(-time.Second)
			if i == 0 {
				ends = now.Add(time.Hour)
			}
			return model.LabelSet{"source": "yes", "cluster": "c"}, ends
		}},
		{"all are targets too", model.LabelSet{"source": "yes", "target": "yes", "cluster": "c"}, func(int) (model.LabelSet, time.Time) {
			return model.LabelSet{"source": "yes", "target": "yes", "cluster": "c"}, now.Add(time.Hour)
		}},
	} {
		sources := make([]*alert.Alert, 10_000)
		for i := range sources {
			ls, ends := tc.make(i)
			ls["n"] = model.LabelValue(fmt.Sprint(i))
			sources[i] = &alert.Alert{UpdatedAt: now, Alert: model.Alert{Labels: ls, StartsAt: now.Add(-time.Minute), EndsAt: ends}}
		}
		b.Run(tc.name+"/cresset", func(b *testing.B) {
			ih, err := New([]common.InhibitRule{rule})
			if err != nil {
				b.Fatal(err)
			}
			for _, a := range sources {
				ih.Update(a)
			}
			for b.Loop() {
				ih.InhibitedBy(tc.target, now)
			}
		})
		b.Run(tc.name+"/alertmanager", func(b *testing.B) {
			theirs := startUpstream(b, []common.InhibitRule{rule}, sources...)
			defer theirs.stop()
			for b.Loop() {
				theirs.ih.Mutes(context.Background(), tc.target)
			}
		})
	}
}
