package alertmanager

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/models"
)

// getStatus tells about the program, its configuration and its cluster.
func (api *API) getStatus(w http.ResponseWriter, _ *http.Request) {
	original, err := shownConfig(api.opts.Pipeline.Config())
	if err != nil {
		internalError(w, err)
		return
	}
	uptime := strfmt.DateTime(api.opts.Started)
	v := &api.opts.Version
	respond(w, http.StatusOK, &models.AlertmanagerStatus{
		Uptime:  &uptime,
		Cluster: api.clusterStatus(),
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

// clusterStatus lists the peers by name.
func (api *API) clusterStatus() *models.ClusterStatus {
	if api.opts.Cluster == nil {
		return &models.ClusterStatus{Status: new(models.ClusterStatusStatusDisabled), Peers: []*models.PeerStatus{}}
	}
	c := api.opts.Cluster()
	peers := make([]*models.PeerStatus, len(c.Peers))
	for i, p := range c.Peers {
		peers[i] = &models.PeerStatus{Name: &p.Name, Address: &p.Address}
	}
	slices.SortStableFunc(peers, func(a, b *models.PeerStatus) int { return strings.Compare(*a.Name, *b.Name) })
	return &models.ClusterStatus{Name: c.Name, Status: &c.Status, Peers: peers}
}
