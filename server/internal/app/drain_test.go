package app

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/send"
)

// Another Alertmanager that hangs holds up the end of the server for the time of
// the drain at most, and not at all where nothing is to be drained.
func TestStopAndAnAlertmanagerThatHangs(t *testing.T) {
	for _, test := range []struct {
		name string
		drop bool
		most time.Duration // a busy machine included
	}{
		{"drained", false, send.DefaultDrainTimeout + 4*time.Second},
		{"dropped", true, send.DefaultDrainTimeout - time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			asked := make(chan struct{}, 100)
			am := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				asked <- struct{}{}
				<-r.Context().Done()
			}))
			defer am.Close()
			dir := write(t, map[string]string{
				"prometheus.yml": fmt.Sprintf(`
global: {evaluation_interval: 200ms}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}
`, am.Listener.Addr()),
				"rules.yml": "groups: [{name: g, rules: [{alert: Always, expr: vector(1)}]}]\n",
			})
			_, stop := launch(t, Options{PrometheusFile: filepath.Join(dir, "prometheus.yml"), SendDropOnStop: test.drop})
			t.Cleanup(stop)
			<-asked
			begin := time.Now()
			stop()
			if took := time.Since(begin); took > test.most {
				t.Errorf("stopping took %v, want %v at most", took, test.most)
			}
		})
	}
}
