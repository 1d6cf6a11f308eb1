package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// alertName is the alert of files/rules.yml.
const alertName = "CheckoutFails"

// The states of the alert, as the server's API has them, but for the last two.
const (
	statePending  = "pending"
	stateFiring   = "firing"
	stateInactive = "inactive"        // the API does not list it
	stateUnknown  = "not to be known" // the API does not answer
)

// watch asks the server at the given URL for the state of the alert until ctx
// ends, and sends each change. The first state is taken to be inactive.
func watch(ctx context.Context, client *http.Client, server string, every time.Duration, states chan<- string) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	last := stateInactive
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		state, err := alertState(ctx, client, server)
		if err != nil {
			state = stateUnknown
		}
		if state == last {
			continue
		}
		select {
		case states <- state:
			last = state
		case <-ctx.Done():
			return
		}
	}
}

// alertState asks once.
func alertState(ctx context.Context, client *http.Client, server string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"/api/v1/alerts", nil)
	if err != nil {
		return "", err
	}
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answers %s", req.URL, res.Status)
	}
	var answer struct {
		Data struct {
			Alerts []struct {
				Labels map[string]string `json:"labels"`
				State  string            `json:"state"`
			} `json:"alerts"`
		} `json:"data"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return "", fmt.Errorf("%s: %w", req.URL, err)
	}
	for _, a := range answer.Data.Alerts {
		if a.Labels["alertname"] == alertName {
			return a.State, nil
		}
	}
	return stateInactive, nil
}
