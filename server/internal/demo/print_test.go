package demo

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestPrint compares with testdata. After a change that is meant:
// go test -run TestPrint -update, and read the difference.
func TestPrint(t *testing.T) {
	t0 := time.Date(2026, 3, 1, 23, 59, 50, 0, time.UTC)
	now := t0.Add(75 * time.Second).In(time.FixedZone("CET", 3600))
	one := Alert{
		Status: "firing",
		Labels: map[string]string{"alertname": "CheckoutFails", "severity": "critical", "path": "/checkout", "job": "shop"},
		Annotations: map[string]string{
			"summary":     "48.2% of the checkouts fail.",
			"description": "Customers cannot pay.\n\nLook at the payment service.\n",
		},
		StartsAt:     t0,
		GeneratorURL: "http://127.0.0.1:9090/graph?g0.expr=up&g0.tab=1",
	}
	over := one
	over.Status, over.EndsAt = "resolved", t0.Add(12400*time.Millisecond)
	bare := Alert{Status: "firing", StartsAt: now.Add(time.Minute)} // a clock that is ahead
	hostile := Alert{
		Status:      "firing",
		Labels:      map[string]string{"alertname": "A\x1b[2J", "x": "a\nRESOLVED  b", "severity": "\u202elow"},
		Annotations: map[string]string{"summary": "one\r\x1b[31mtwo\x07", "description": "tab\there"},
		StartsAt:    t0, GeneratorURL: "http://x/\x1b]8;;y",
	}
	for _, tc := range []struct {
		name   string
		n      Notification
		colour bool
	}{
		{"firing", Notification{Alerts: []Alert{one}}, false},
		{"firing_colour", Notification{Alerts: []Alert{one}}, true},
		{"resolved", Notification{Alerts: []Alert{over}}, false},
		{"resolved_colour", Notification{Alerts: []Alert{over}}, true},
		{"several", Notification{Alerts: []Alert{one, over, bare}, TruncatedAlerts: 3}, false},
		{"hostile", Notification{Alerts: []Alert{hostile}}, false},
		{"none", Notification{}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out bytes.Buffer
			Print(&out, tc.n, now, tc.colour)
			file := filepath.Join("testdata", tc.name+".txt")
			if *update {
				if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := out.String(); got != string(want) {
				t.Errorf("got\n%q, want\n%q", got, want)
			}
		})
	}
}
