package differential_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/internal/peertest"
)

// sideScript is what happens to the servers in real time, and sideConfig to whom what
// is told: a route for each case, of which the label case of an alert says which it
// is about. Groups are told one second after an event, and then every four; whatever
// happens, happens two seconds before or after that.
const sideLasts = 21 * time.Second

var sideScript = `
0s  post A,case=plain[0s..1h]  B,case=plain,job=web,#summary=text[0s..1h]  C,case=plain,job=db[-500ms..1h]
3s  post D,case=plain[0s..4s]
11s post A,case=plain[@0s..0s]

0s  post A,case=nested,job=web[0s..1h] A,case=nested,job=web,severity=page[0s..1h] A,case=nested,job=db[0s..12s]

0s  post A,case=all,job=web[0s..1h] A,case=all,job=db[0s..7s]

0s  post Up,case=inhibited,job=web[0s..7s] Down,case=inhibited,job=web[0s..1h] Down,case=inhibited,job=db[0s..1h]
7s  post Up,case=inhibited,job=db[0s..1h]
7s  post More,case=inhibited,job=db[0s..1h]

0s  silence s1 0s..11s case=silenced alertname=A
0s  silence s2 6s..1h case=silenced alertname=~B|C
0s  post A,case=silenced[0s..1h] B,case=silenced[0s..11s] C,case=silenced,job=web[0s..1h]
15s expire s2

0s  post A,case=repeated[0s..1h]

0s  post A,case=several[0s..1h] B,case=several[0s..7s]

0s  post A,case=timeout
4s  post B,case=timeout

0s  post A,case=muted[0s..1h]
0s  post A,case=active[0s..1h]

0s  post A,case=failing[0s..1h] B,case=failing[0s..3s]

0s  post A,case=refusing[0s..1h]

0s  post A,case=old[-1h..1h]
3s  post B,case=old[0s..11s]

0s  post A,case=labelled,job=web[0s..1h]
`

// sideConfig is formatted with the address of the receivers, and a route that only
// the newer server knows how to read.
const sideConfig = `
global: {resolve_timeout: 6s}
route:
  receiver: rest
  group_by: [alertname]
  group_wait: 1s
  group_interval: 4s
  repeat_interval: 1h
  routes:
    - {matchers: [case=plain], receiver: plain, group_by: [case]}
    - matchers: [case=nested]
      receiver: nested
      group_by: [job]
      routes:
        - {matchers: [severity=page], receiver: page, continue: true}
        - {match_re: {severity: 'p.*|t.*'}, match: {job: web}, receiver: web}
    - {matchers: [case=all], receiver: all, group_by: ['...']}
    - {matchers: [case=inhibited], receiver: inhibited}
    - {matchers: [case=silenced], receiver: silenced, group_by: [case]}
    - {matchers: [case=repeated], receiver: repeated, repeat_interval: 6s}
    - {matchers: [case=several], receiver: several, group_by: [case], repeat_interval: 9s}
    - {matchers: [case=timeout], receiver: timeout, group_by: [case]}
    - {matchers: [case=muted], receiver: muted, mute_time_intervals: [always], continue: true}
    - {matchers: [case=muted], receiver: unmuted, mute_time_intervals: [never]}
    - {matchers: [case=active], receiver: active, active_time_intervals: [never, always], continue: true}
    - {matchers: [case=active], receiver: inactive, active_time_intervals: [never]}
    - {matchers: [case=failing], receiver: failing, group_by: [case]}
    - {matchers: [case=refusing], receiver: refusing}
    - {matchers: [case=old], receiver: old, group_by: [case], group_wait: 4s}
    %s
inhibit_rules:
  - {source_matchers: [alertname=Up], target_matchers: ['alertname=~"Down|More"'], equal: [case, job]}
time_intervals:
  - {name: always, time_intervals: [{years: ['2000:2100']}]}
  - {name: never, time_intervals: [{years: ['2000']}]}
receivers:
  - {name: rest, webhook_configs: [{url: '%[2]s/rest'}]}
`

const sideLabelled = `- {matchers: [case=labelled], receiver: labelled, labels: {runbook: 'https://wiki.example/{{ .GroupLabels.alertname }}'}}`

// sideReceivers have one webhook each, but for those with more.
var sideReceivers = []string{"plain", "nested", "page", "web", "all", "inhibited", "silenced", "repeated", "timeout", "muted", "unmuted", "active", "inactive", "failing", "refusing", "old", "labelled"}

func sideConfigFor(hook string, newer bool) string {
	labelled := ""
	if newer {
		labelled = sideLabelled
	}
	config := fmt.Sprintf(sideConfig, labelled, hook)
	for _, name := range sideReceivers {
		config += fmt.Sprintf("  - {name: %s, webhook_configs: [{url: '%s/%[1]s'}]}\n", name, hook)
	}
	return config + fmt.Sprintf("  - {name: several, webhook_configs: [{url: '%s/first'}, {url: '%[1]s/second', send_resolved: false}]}\n", hook)
}

// TestSideBySide posts the same to Debian's Alertmanager, to the one that ours stands
// for, and to ours, each a server with its API, and compares what their webhooks
// receive: content and order, and the time to within a second. A machine that is too
// busy for that has two more chances.
func TestSideBySide(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes 20 seconds of real time")
	}
	t.Parallel()
	var complaints []string
	for range 3 {
		if complaints = sideBySide(t); len(complaints) == 0 {
			return
		}
		t.Logf("%s", strings.Join(complaints, "\n"))
	}
	t.Errorf("%d differences, also the third time", len(complaints))
}

func sideBySide(t *testing.T) (complaints []string) {
	ours, newest, debian := newSideServer(t, true), newSideServer(t, true), newSideServer(t, false)
	ours.serveOurs(t)
	newest.serveTheirs(t, peertest.Alertmanager(t))
	debian.serveTheirs(t, "prometheus-alertmanager")

	servers := []*sideServer{ours, newest, debian}
	events := parse(t, sideScript)
	slices.SortStableFunc(events, func(a, b event) int { return int(min(1, max(-1, a.at-b.at))) })
	begin := time.Now().Add(100 * time.Millisecond).Truncate(time.Millisecond)
	for _, s := range servers {
		s.begin = begin
	}
	for _, e := range events {
		<-time.After(time.Until(begin.Add(e.at)))
		var all sync.WaitGroup
		for _, s := range servers {
			all.Go(func() {
				if err := s.happen(e); err != nil {
					t.Errorf("%s: %v: %v", s.name, e, err)
				}
			})
		}
		all.Wait()
	}
	<-time.After(time.Until(begin.Add(sideLasts)))

	complaints = append(complaints, compareSides(ours, newest)...)
	return append(complaints, compareSides(ours.withoutNews(), debian.withoutNews())...)
}

// compareSides returns in what the notifications of two servers differ.
func compareSides(got, want *sideServer) (complaints []string) {
	got.mu.Lock()
	defer got.mu.Unlock()
	want.mu.Lock()
	defer want.mu.Unlock()
	for _, receiver := range slices.Concat(sideReceivers, []string{"first", "second", "rest"}) {
		g, w := inSideOrder(got.told[receiver]), inSideOrder(want.told[receiver])
		for i := range max(len(g), len(w)) {
			switch {
			case i >= len(g):
				complaints = append(complaints, fmt.Sprintf("%s: not told by ours: %s", receiver, w[i]))
			case i >= len(w):
				complaints = append(complaints, fmt.Sprintf("%s: not told by %s: %s", receiver, want.name, g[i]))
			case g[i].content() != w[i].content() || (g[i].at-w[i].at).Abs() > time.Second:
				complaints = append(complaints, fmt.Sprintf("%s:\n  %s: %s\n  ours: %s", receiver, want.name, w[i], g[i]))
			}
		}
	}
	return complaints
}

// inSideOrder returns notifications in the order of time, by looks at a group: those
// are in every second second, and what comes of one has no order.
func inSideOrder(told []sideNotification) []sideNotification {
	told = slices.Clone(told)
	look := func(n sideNotification) time.Duration { return (n.at + time.Second) / (2 * time.Second) }
	slices.SortStableFunc(told, func(a, b sideNotification) int {
		return cmp.Or(cmp.Compare(look(a), look(b)), strings.Compare(a.content(), b.content()))
	})
	return told
}
