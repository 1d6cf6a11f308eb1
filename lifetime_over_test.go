package cresset_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset"
)

// With makes a series that has expired, whether or not anything has noticed that
// before.
func TestWithMakesWhatHasExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := cresset.NewRegistry()
		gauges := cresset.NewGaugeVec[call](reg, "g", "", cresset.TTL(time.Minute))
		gauges.With(call{"GET", 1}).Set(1)
		gauges.With(call{"GET", 2}).Set(2)
		time.Sleep(time.Minute)
		gauges.With(call{"GET", 1})
		wantPage(t, reg, "g{code=\"1\",method=\"GET\"} 0\n")
		time.Sleep(30 * time.Second)
		gauges.With(call{"GET", 1}) // which does not prolong it
		time.Sleep(30 * time.Second)
		wantPage(t, reg, "")
	})
}
