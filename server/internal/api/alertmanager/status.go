package alertmanager

import (
	"net/http"

	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/models"
)

// getStatus tells about the program and its configuration. There is no cluster.
func (api *API) getStatus(w http.ResponseWriter, _ *http.Request) {
	original, err := shownConfig(api.opts.Pipeline.Config())
	if err != nil {
		respond(w, http.StatusInternalServerError, err.Error())
		return
	}
	uptime := strfmt.DateTime(api.opts.Started)
	disabled := models.ClusterStatusStatusDisabled
	v := &api.opts.Version
	respond(w, http.StatusOK, &models.AlertmanagerStatus{
		Uptime:  &uptime,
		Cluster: &models.ClusterStatus{Status: &disabled, Peers: []*models.PeerStatus{}},
		Config:  &models.AlertmanagerConfig{Original: &original},
		VersionInfo: &models.VersionInfo{
			Version:   &v.Version,
			Revision:  &v.Revision,
			Branch:    &v.Branch,
			BuildUser: &v.BuildUser,
			BuildDate: &v.BuildDate,
			GoVersion: &v.GoVersion,
		},
	})
}
