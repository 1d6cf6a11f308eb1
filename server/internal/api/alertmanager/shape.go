package alertmanager

import (
	"encoding/json"

	"github.com/go-openapi/strfmt"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
)

// The shapes of what is listed. The fields are in the order in which
// Alertmanager writes them, which costs nothing and lets answers be compared.

type shownAlert struct {
	Annotations  model.LabelSet  `json:"annotations"`
	EndsAt       strfmt.DateTime `json:"endsAt"`
	Fingerprint  string          `json:"fingerprint"`
	Receivers    []receiverName  `json:"receivers"`
	StartsAt     strfmt.DateTime `json:"startsAt"`
	Status       shownStatus     `json:"status"`
	UpdatedAt    strfmt.DateTime `json:"updatedAt"`
	GeneratorURL string          `json:"generatorURL,omitempty"`
	Labels       model.LabelSet  `json:"labels"`
}

type shownStatus struct {
	InhibitedBy []string `json:"inhibitedBy"`
	MutedBy     []string `json:"mutedBy"`
	SilencedBy  []string `json:"silencedBy"`
	State       string   `json:"state"`
}

type shownGroup struct {
	Alerts      json.RawMessage `json:"alerts"` // escaped, which the group itself is not
	Labels      model.LabelSet  `json:"labels"`
	Receiver    receiverName    `json:"receiver"`
	RouteLabels model.LabelSet  `json:"routeLabels"`
}

type shownReceiver struct {
	Labels model.LabelSet `json:"labels"`
	Name   string         `json:"name"`
}

type receiverName struct {
	Name string `json:"name"`
}

// show is an alert as the API shows it. One that is muted for whatever reason is
// suppressed. No list and no mapping is ever null.
func show(a *alert.Alert, receivers []string, muted mutes, mutedBy []string) shownAlert {
	names := make([]receiverName, len(receivers))
	for i, name := range receivers {
		names[i].Name = name
	}
	annotations := a.Annotations
	if annotations == nil {
		annotations = model.LabelSet{}
	}
	state := "active"
	if len(muted.silencedBy) > 0 || len(muted.inhibitedBy) > 0 || len(mutedBy) > 0 {
		state = "suppressed"
	}
	return shownAlert{
		Annotations: annotations,
		EndsAt:      strfmt.DateTime(a.EndsAt),
		Fingerprint: a.Fingerprint().String(),
		Receivers:   names,
		StartsAt:    strfmt.DateTime(a.StartsAt),
		Status: shownStatus{
			InhibitedBy: orEmpty(muted.inhibitedBy),
			MutedBy:     orEmpty(mutedBy),
			SilencedBy:  orEmpty(muted.silencedBy),
			State:       state,
		},
		UpdatedAt:    strfmt.DateTime(a.UpdatedAt),
		GeneratorURL: a.GeneratorURL,
		Labels:       a.Labels,
	}
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
