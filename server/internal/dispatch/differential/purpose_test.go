package differential_test

import (
	"os"
	"strings"
	"testing"
	"time"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/provider"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/common/model"
)

// Where the pipelines differ on purpose, the catalogue says what each tells, under
// the name of a row of docs/differences.md. What follows makes them equal for random
// programs.
const (
	differsInReload = "a reload" // groups wait anew, see generator.anew
	differsInTold   = "a reload after an alert was told resolved"
	// Neither side forgets anything, see longGC.
	differsInForgetting = "an alert that has ended and is sent again before that was told"
)

// longGC is a --alerts.gc-interval that is longer than any program lasts.
const longGC = 1000 * time.Hour

func TestDifferencesAreDocumented(t *testing.T) {
	content, err := os.ReadFile("../../../../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{differsInReload: true, differsInTold: true, differsInForgetting: true}
	for _, s := range catalogue(t) {
		if s.differs != "" {
			rows[s.differs] = true
		}
	}
	for row := range rows {
		if !strings.Contains(string(content), "\n| "+row+" | ") {
			t.Errorf("docs/differences.md has no row %q", row)
		}
	}
}

// remembering is differsInReload and differsInTold: what theirs makes its groups
// anew of is what fires and what the groups before had still to tell, whether or not
// the set of alerts has forgotten it.
type remembering struct {
	*mem.Alerts
	held []*amalert.Alert
}

func (r remembering) SlurpAndSubscribe(name string) ([]*amalert.Alert, provider.AlertIterator) {
	known, it := r.Alerts.SlurpAndSubscribe(name)
	seen := make(map[model.Fingerprint]bool)
	var alerts []*amalert.Alert
	for _, a := range known {
		if !a.Resolved() {
			seen[a.Fingerprint()] = true
			alerts = append(alerts, a)
		}
	}
	for _, a := range r.held {
		if !seen[a.Fingerprint()] {
			seen[a.Fingerprint()] = true
			alerts = append(alerts, a)
		}
	}
	return alerts, it
}

// held returns what the groups have.
func (s *theirs) held() []*amalert.Alert {
	if s.dispatcher == nil {
		return nil
	}
	groups, _, err := s.dispatcher.Groups(s.t.Context(), func(*dispatch.Route) bool { return true }, func(*amalert.Alert, time.Time) bool { return true })
	if err != nil {
		s.t.Fatal(err)
	}
	var all []*amalert.Alert
	for _, g := range groups {
		all = append(all, g.Alerts...)
	}
	return all
}
