package alertmanager

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
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
		muted := api.mutesOf(a, at)
		if !f.wantsState(muted) {
			continue
		}
		listed = append(listed, show(a, receivers, muted, nil))
	}
	slices.SortFunc(listed, func(a, b shownAlert) int { return strings.Compare(a.Fingerprint, b.Fingerprint) })
	respondEscaped(w, http.StatusOK, listed)
}

// mutes are the IDs of the silences, and the fingerprints of the alerts, that keep
// an alert from being told.
type mutes struct {
	silencedBy, inhibitedBy []string
}

func (api *API) mutesOf(a *alert.Alert, at time.Time) mutes {
	var m mutes
	if api.opts.Silences != nil {
		m.silencedBy = api.opts.Silences.SilencedBy(a.Labels, at)
	}
	if fp, ok := api.opts.Pipeline.InhibitedBy(a.Labels, at); ok {
		m.inhibitedBy = []string{fp.String()}
	}
	return m
}

// postAlerts takes alerts in. Those that are valid stay, whatever is wrong with
// the others.
func (api *API) postAlerts(w http.ResponseWriter, r *http.Request) {
	alerts, err := api.decodeAlerts(r)
	if err != nil {
		api.refuse(w, r, err)
		return
	}
	switch err := api.opts.Store.Receive(r.Context(), api.opts.Now(), alerts); {
	case errors.Is(err, alert.ErrNotSaved):
		api.opts.Logger.Error("Failed to save alerts", "err", err)
		internalError(w, err)
	case err != nil:
		api.opts.Logger.Warn("Invalid alerts refused", "remote", r.RemoteAddr, "err", err)
		badRequest(w, err.Error())
	default:
		respondEmpty(w, http.StatusOK)
	}
}

// bytesPerAlert is the least that one alert takes of the largest body. It keeps
// many tiny alerts, which are a hundred times larger in memory, from filling it.
const bytesPerAlert = 64

// decodeAlerts reads the body. Its errors say themselves which status they are.
//
// The body is first checked to be JSON, and then read alert by alert: that keeps
// only one of them in the shape in which it came.
func (api *API) decodeAlerts(r *http.Request) ([]*alert.Alert, error) {
	var raw json.RawMessage
	if err := api.decode(r, "alerts", &raw); err != nil {
		return nil, err
	}
	if raw[0] != '[' {
		var list models.PostableAlerts // null is an empty one
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, openapi.NewParseError("alerts", "body", "", err)
		}
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return nil, openapi.NewParseError("alerts", "body", "", err)
	}
	most := int(api.opts.MaxBodyBytes/bytesPerAlert) + 1
	var alerts []*alert.Alert
	var invalid error // the first; what cannot be read at all comes before it
	for i := 0; d.More(); i++ {
		var p *models.PostableAlert
		if err := d.Decode(&p); err != nil {
			return nil, openapi.NewParseError("alerts", "body", "", err)
		}
		if i == most {
			return nil, openapi.New(http.StatusRequestEntityTooLarge, "body has more than %d alerts: send fewer at a time", most)
		}
		if invalid == nil {
			invalid = validateAlert(p, i)
		}
		if invalid == nil {
			alerts = append(alerts, newAlert(p))
		}
	}
	return alerts, invalid
}

// validateAlert says what is wrong with the alert at an index of the body.
func validateAlert(p *models.PostableAlert, i int) error {
	index := strconv.Itoa(i)
	if p == nil {
		return openapi.Required(index, "body", nil)
	}
	err := p.Validate(strfmt.Default)
	if all := new(openapi.CompositeError); errors.As(err, &all) {
		return all.ValidateName(index)
	}
	return err
}

func newAlert(p *models.PostableAlert) *alert.Alert {
	return &alert.Alert{Alert: model.Alert{
		Labels:       labelSet(p.Labels),
		Annotations:  labelSet(p.Annotations),
		StartsAt:     time.Time(p.StartsAt),
		EndsAt:       time.Time(p.EndsAt),
		GeneratorURL: string(p.GeneratorURL),
	}}
}

func labelSet(posted models.LabelSet) model.LabelSet {
	ls := make(model.LabelSet, len(posted))
	for name, value := range posted {
		ls[model.LabelName(name)] = model.LabelValue(value)
	}
	return ls
}
