package alertmanager

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	openapi "github.com/go-openapi/errors"
	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
)

// getAlerts lists the current alerts, sorted by fingerprint.
func (api *API) getAlerts(w http.ResponseWriter, r *http.Request) {
	f, err := newFilter(r.URL.Query(), api.opts.Pipeline.Config())
	if err != nil {
		badRequest(w, err.Error())
		return
	}
	at := api.opts.Now()
	listed := []shownAlert{}
	for _, a := range api.opts.Store.All() {
		if r.Context().Err() != nil {
			return // nobody waits for the answer
		}
		if !f.wantsAlert(a, at) {
			continue
		}
		receivers := api.opts.Pipeline.ReceiversOf(a.Labels)
		if !f.wantsReceivers(receivers) {
			continue
		}
		by := api.inhibitedBy(a, at)
		if !f.wantsState(len(by) > 0) {
			continue
		}
		listed = append(listed, show(a, receivers, by, nil))
	}
	slices.SortFunc(listed, func(a, b shownAlert) int { return strings.Compare(a.Fingerprint, b.Fingerprint) })
	respond(w, http.StatusOK, listed)
}

// inhibitedBy returns the fingerprints of the alerts that inhibit a: one or none.
func (api *API) inhibitedBy(a *alert.Alert, at time.Time) []string {
	if fp, ok := api.opts.Pipeline.InhibitedBy(a.Labels, at); ok {
		return []string{fp.String()}
	}
	return nil
}

// postAlerts takes alerts in. Those that are valid stay, whatever is wrong with
// the others.
func (api *API) postAlerts(w http.ResponseWriter, r *http.Request) {
	posted, err := api.decodeAlerts(w, r)
	if err != nil {
		api.opts.Logger.Debug("Request refused", "path", r.URL.Path, "err", err)
		openapi.ServeError(w, r, err)
		return
	}
	alerts := make([]*alert.Alert, len(posted))
	for i, p := range posted {
		alerts[i] = &alert.Alert{Alert: model.Alert{
			Labels:       labelSet(p.Labels),
			Annotations:  labelSet(p.Annotations),
			StartsAt:     time.Time(p.StartsAt),
			EndsAt:       time.Time(p.EndsAt),
			GeneratorURL: string(p.GeneratorURL),
		}}
	}
	err = api.opts.Store.Receive(r.Context(), api.opts.Now(), alerts)
	switch {
	case errors.Is(err, alert.ErrNotSaved):
		api.opts.Logger.Error("Alerts may not survive a crash", "err", err)
		respond(w, http.StatusInternalServerError, err.Error())
		return
	case err != nil:
		api.opts.Logger.Warn("Invalid alerts refused", "remote", r.RemoteAddr, "err", err)
		badRequest(w, err.Error())
		return
	}
	w.WriteHeader(http.StatusOK)
}

// decodeAlerts reads the body. Its errors say themselves which status they are.
func (api *API) decodeAlerts(w http.ResponseWriter, r *http.Request) (models.PostableAlerts, error) {
	if r.ContentLength == 0 {
		return nil, openapi.Required("alerts", "body", "")
	}
	if err := wantJSON(r.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	var posted models.PostableAlerts
	var tooLarge *http.MaxBytesError
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, api.opts.MaxBodyBytes)).Decode(&posted)
	switch {
	case errors.As(err, &tooLarge):
		return nil, openapi.New(http.StatusRequestEntityTooLarge, "body is larger than %d bytes: send fewer alerts at a time", tooLarge.Limit)
	case errors.Is(err, io.EOF):
		return nil, openapi.Required("alerts", "body", "")
	case err != nil:
		return nil, openapi.NewParseError("alerts", "body", "", err)
	}
	for i, p := range posted {
		if p == nil {
			return nil, openapi.Required(fmt.Sprintf("%d", i), "body", nil)
		}
	}
	return posted, posted.Validate(strfmt.Default)
}

func labelSet(posted models.LabelSet) model.LabelSet {
	ls := make(model.LabelSet, len(posted))
	for name, value := range posted {
		ls[model.LabelName(name)] = model.LabelValue(value)
	}
	return ls
}

func wantJSON(contentType string) error {
	const json = "application/json"
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	if mt, _, err := mime.ParseMediaType(contentType); err != nil || mt != json {
		return openapi.InvalidContentType(contentType, []string{json})
	}
	return nil
}
