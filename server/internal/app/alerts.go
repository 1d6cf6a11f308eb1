package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/rule"
)

// receive hands alerts of rules to our own alert pipeline, as a request to its
// API would.
func (p *parts) receive(logger *slog.Logger) func([]rule.Alert) {
	return func(alerts []rule.Alert) {
		received := make([]*alert.Alert, len(alerts))
		for i, a := range alerts {
			received[i] = &alert.Alert{Alert: model.Alert{
				Labels:       labelSet(a.Labels),
				Annotations:  labelSet(a.Annotations),
				StartsAt:     a.StartsAt,
				EndsAt:       a.EndsAt,
				GeneratorURL: a.GeneratorURL,
			}}
		}
		if err := p.alerting.alerts.Receive(context.Background(), time.Now(), received); err != nil {
			logger.Error("Alerts of rules are not valid and were left out", "err", err)
		}
	}
}

func labelSet(ls labels.Labels) model.LabelSet {
	set := make(model.LabelSet, ls.Len())
	ls.Range(func(l labels.Label) { set[model.LabelName(l.Name)] = model.LabelValue(l.Value) })
	return set
}
