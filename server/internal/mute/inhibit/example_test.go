package inhibit_test

import (
	"fmt"
	"time"

	"github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/mute/inhibit"
)

func ExampleInhibitor() {
	ih, err := inhibit.New([]common.InhibitRule{{
		SourceMatchers: common.Matchers{{Type: labels.MatchEqual, Name: "alertname", Value: "ClusterDown"}},
		TargetMatchers: common.Matchers{{Type: labels.MatchEqual, Name: "severity", Value: "warning"}},
		Equal:          []string{"cluster"},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ih.Update(&alert.Alert{Alert: model.Alert{
		Labels: model.LabelSet{"alertname": "ClusterDown", "cluster": "east"},
		EndsAt: now.Add(5 * time.Minute),
	}})

	for _, cluster := range []model.LabelValue{"east", "west"} {
		_, inhibited := ih.InhibitedBy(model.LabelSet{"severity": "warning", "cluster": cluster}, now)
		fmt.Println(cluster, inhibited)
	}
	// Output:
	// east true
	// west false
}
