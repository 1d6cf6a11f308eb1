// Package alert holds the set of active alerts: what clients and the rule
// engine send comes in through [Store.Receive], is completed, checked and merged
// with what is known, and every change reaches each [Subscription].
//
// The package is told the time; it reads no clock and starts no goroutine.
package alert

import (
	"sort"

	amalert "github.com/prometheus/alertmanager/alert"
)

// Alert is one alert as every later part of the pipeline sees it: the type that
// notification integrations and templates take. Once an alert is in a [Store]
// it is never changed again; an update is a new Alert.
type Alert = amalert.Alert

// Sort sorts alerts as notifications and the API show them: by job, instance, then
// all labels. Those that are equal in this keep their order.
func Sort(alerts []*Alert) { sort.Stable(amalert.AlertSlice(alerts)) }
