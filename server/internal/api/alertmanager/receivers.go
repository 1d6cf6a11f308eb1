package alertmanager

import "net/http"

// getReceivers lists the receivers in the order of the configuration.
func (api *API) getReceivers(w http.ResponseWriter, r *http.Request) {
	matchers, err := receiverMatchers(r.URL.Query())
	if err != nil {
		badRequest(w, err.Error())
		return
	}
	c := api.opts.Pipeline.Config()
	listed := make([]shownReceiver, 0, len(c.Receivers))
	for i := range c.Receivers {
		rc := &c.Receivers[i]
		if ls := receiverLabels(rc); labelsMatch(matchers, ls) {
			listed = append(listed, shownReceiver{Labels: ls, Name: rc.Name})
		}
	}
	respond(w, http.StatusOK, listed)
}
