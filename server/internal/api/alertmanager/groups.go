package alertmanager

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
)

// getGroups lists the groups of alerts, sorted by labels and receiver; the
// alerts in each by job, instance and labels.
func (api *API) getGroups(w http.ResponseWriter, r *http.Request) {
	f, err := newFilter(r.URL.Query(), api.opts.Pipeline.Config())
	if err != nil {
		badRequest(w, err.Error())
		return
	}
	at := api.opts.Now()
	groups := api.opts.Pipeline.Groups(at, f.wantsReceiver)

	// An alert can be in several groups. What it is and who is told about it is
	// found out once.
	seen := make(map[model.Fingerprint]*listedAlert)
	for _, g := range groups {
		if r.Context().Err() != nil {
			return // nobody waits for the answer
		}
		g.Alerts = slices.DeleteFunc(g.Alerts, func(a *alert.Alert) bool {
			if !f.wantsAlert(a, at) {
				return true
			}
			fp := a.Fingerprint()
			l := seen[fp]
			if l == nil {
				l = &listedAlert{muted: api.mutesOf(a, at)}
				seen[fp] = l
			}
			if !f.wantsState(l.muted) {
				return true
			}
			l.receivers = append(l.receivers, g.Receiver)
			return false
		})
	}
	for _, l := range seen {
		slices.Sort(l.receivers)
	}

	listed := []shownGroup{}
	for _, g := range groups {
		if len(g.Alerts) == 0 || (len(g.MutedBy) > 0 && !f.muted) {
			continue
		}
		alerts := make([]shownAlert, len(g.Alerts))
		for i, a := range g.Alerts {
			l := seen[a.Fingerprint()]
			alerts[i] = show(a, l.receivers, l.muted, g.MutedBy)
		}
		escaped, err := json.Marshal(alerts)
		if err != nil {
			internalError(w, err)
			return
		}
		listed = append(listed, shownGroup{
			Alerts:      escaped,
			Labels:      g.Labels,
			Receiver:    receiverName{g.Receiver},
			RouteLabels: g.RouteLabels(),
		})
	}
	respond(w, http.StatusOK, listed)
}

// listedAlert is what the groups of an alert have in common.
type listedAlert struct {
	receivers []string
	muted     mutes
}
