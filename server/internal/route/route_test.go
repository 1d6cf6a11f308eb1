package route

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/common/model"
)

func TestMain(m *testing.M) {
	compat.InitFromFlags(slog.New(slog.DiscardHandler), featurecontrol.NoopFlags{})
	m.Run()
}

// load builds the tree of a configuration file.
func load(t *testing.T, yaml string) *Route {
	t.Helper()
	c, err := config.Load(yaml)
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(c.Route)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const tree = `
route:
  receiver: root
  group_by: [cluster, alertname]
  group_wait: 10s
  labels: {team: ops, shift: '{{ .Status }}'}
  routes:
  - matchers: [team="db"]
    receiver: db
    group_by: []
    group_interval: 1m
    mute_time_intervals: [night]
    labels: {team: db}
    routes:
    - match: {severity: page}
      receiver: dba
      repeat_interval: 1h
  - matchers: [severity="page"]
    receiver: pager
    continue: true
  - match_re: {severity: page|warn}
    group_by: ['...']
    active_time_intervals: [day]
    receiver: mail
receivers: [{name: root}, {name: db}, {name: dba}, {name: pager}, {name: mail}]
time_intervals: [{name: night}, {name: day}]
`

// Section 2.3: which routes take an alert, and into which group it goes.
func TestMatch(t *testing.T) {
	root := load(t, tree)
	for _, tc := range []struct {
		name   string
		labels model.LabelSet
		want   []string // group keys
	}{
		{"no child: the root itself", model.LabelSet{"alertname": "a"},
			[]string{`{}:{alertname="a"}`}},
		{"a child without a matching child of its own", model.LabelSet{"alertname": "a", "team": "db"},
			[]string{`{}/{team="db"}:{}`}},
		{"the deepest node, and no sibling after it", model.LabelSet{"alertname": "a", "team": "db", "severity": "page"},
			[]string{`{}/{team="db"}/{severity="page"}:{}`}},
		{"continue: the next sibling too", model.LabelSet{"alertname": "a", "cluster": "c", "severity": "page"},
			[]string{`{}/{severity="page"}:{alertname="a", cluster="c"}`, `{}/{severity=~"^(?:page|warn)$"}:{alertname="a", cluster="c", severity="page"}`}},
		{"group by all labels", model.LabelSet{"alertname": "a", "x": "y", "severity": "warn"},
			[]string{`{}/{severity=~"^(?:page|warn)$"}:{alertname="a", severity="warn", x="y"}`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, r := range root.Match(tc.labels) {
				got = append(got, r.GroupKey(r.GroupLabels(tc.labels)))
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// Section 1.1: what a child inherits and what it does not.
func TestInheritance(t *testing.T) {
	root := load(t, tree)
	db := root.Routes[0]
	dba, pager, mail := db.Routes[0], root.Routes[1], root.Routes[2]
	for _, tc := range []struct {
		name                  string
		route                 *Route
		wait, interval, again time.Duration
		mute, active          []string
		team                  model.LabelValue
	}{
		{"root", root, 10 * time.Second, DefaultGroupInterval, DefaultRepeatInterval, nil, nil, "ops"},
		{"db", db, 10 * time.Second, time.Minute, DefaultRepeatInterval, []string{"night"}, nil, "db"},
		{"dba", dba, 10 * time.Second, time.Minute, time.Hour, nil, nil, "db"},
		{"pager", pager, 10 * time.Second, DefaultGroupInterval, DefaultRepeatInterval, nil, nil, "ops"},
		{"mail", mail, 10 * time.Second, DefaultGroupInterval, DefaultRepeatInterval, nil, []string{"day"}, "ops"},
	} {
		r := tc.route
		if r.Receiver != tc.name || r.GroupWait != tc.wait || r.GroupInterval != tc.interval || r.RepeatInterval != tc.again {
			t.Errorf("%s: got receiver %s and times %v, %v, %v; want %v, %v, %v", tc.name, r.Receiver, r.GroupWait, r.GroupInterval, r.RepeatInterval, tc.wait, tc.interval, tc.again)
		}
		if !slices.Equal(r.MuteTimeIntervals, tc.mute) || !slices.Equal(r.ActiveTimeIntervals, tc.active) {
			t.Errorf("%s: got intervals %v, %v; want %v, %v", tc.name, r.MuteTimeIntervals, r.ActiveTimeIntervals, tc.mute, tc.active)
		}
		if r.Labels["team"] != tc.team || r.Labels["shift"] != "{{ .Status }}" {
			t.Errorf("%s: got labels %v, want team %s and the inherited shift", tc.name, r.Labels, tc.team)
		}
	}
}
