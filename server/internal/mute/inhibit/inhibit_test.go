package inhibit

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/server/internal/alert"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return t0.Add(time.Duration(minutes) * time.Minute) }

func TestMain(m *testing.M) {
	compat.InitFromFlags(slog.New(slog.DiscardHandler), featurecontrol.NoopFlags{})
	m.Run()
}

func load(t *testing.T, rules string) *Inhibitor {
	t.Helper()
	c, err := config.Load("route: {receiver: r}\nreceivers: [{name: r}]\ninhibit_rules:\n" + rules)
	if err != nil {
		t.Fatal(err)
	}
	ih, err := New(c.InhibitRules)
	if err != nil {
		t.Fatal(err)
	}
	return ih
}

// firing returns an alert that fires until the given minute.
func firing(ls model.LabelSet, until int) *alert.Alert {
	return &alert.Alert{Alert: model.Alert{Labels: ls, StartsAt: t0, EndsAt: at(until)}}
}

const (
	critical = "- {name: critical, source_matchers: [severity=critical], target_matchers: ['severity=~\"warning|info\"'], equal: [cluster, service]}\n"
	oldStyle = "- {source_match: {alertname: Down}, target_match_re: {alertname: 'Slow|Errors'}, equal: [instance]}\n"
	selfish  = "- {source_matchers: [env=prod], target_matchers: [severity=warning], equal: [cluster]}\n"
)

// Section 2.10.
func TestInhibitedBy(t *testing.T) {
	warning := model.LabelSet{"severity": "warning", "cluster": "a"}
	for _, tc := range []struct {
		name    string
		rules   string
		sources []*alert.Alert
		target  model.LabelSet
		want    bool
	}{
		{"equal labels equal", critical,
			[]*alert.Alert{firing(model.LabelSet{"severity": "critical", "cluster": "a", "service": "s"}, 10)},
			model.LabelSet{"severity": "warning", "cluster": "a", "service": "s"}, true},
		{"an equal label differs", critical,
			[]*alert.Alert{firing(model.LabelSet{"severity": "critical", "cluster": "a", "service": "s"}, 10)},
			model.LabelSet{"severity": "warning", "cluster": "a", "service": "t"}, false},
		{"a missing equal label is an empty one", critical,
			[]*alert.Alert{firing(model.LabelSet{"severity": "critical", "cluster": "a"}, 10)}, warning, true},
		{"values are not run together", critical,
			[]*alert.Alert{firing(model.LabelSet{"severity": "critical", "cluster": "ab", "service": "c"}, 10)},
			model.LabelSet{"severity": "info", "cluster": "a", "service": "bc"}, false},
		{"not a target", critical,
			[]*alert.Alert{firing(model.LabelSet{"severity": "critical", "cluster": "a"}, 10)},
			model.LabelSet{"severity": "page", "cluster": "a"}, false},
		{"not a source", critical,
			[]*alert.Alert{firing(model.LabelSet{"severity": "page", "cluster": "a"}, 10)}, warning, false},
		{"the source is resolved", critical,
			[]*alert.Alert{firing(model.LabelSet{"severity": "critical", "cluster": "a"}, 5)}, warning, false},
		{"one of several sources is resolved, whichever came last", critical,
			[]*alert.Alert{
				firing(model.LabelSet{"severity": "critical", "cluster": "a", "n": "1"}, 3),
				firing(model.LabelSet{"severity": "critical", "cluster": "a", "n": "2"}, 10),
				firing(model.LabelSet{"severity": "critical", "cluster": "a", "n": "3"}, 4),
			}, warning, true},
		{"a source that resolved and fires again", critical,
			[]*alert.Alert{
				firing(model.LabelSet{"severity": "critical", "cluster": "a"}, 3),
				firing(model.LabelSet{"severity": "critical", "cluster": "a"}, 10),
			}, warning, true},
		{"a source that fired and resolves", critical,
			[]*alert.Alert{
				firing(model.LabelSet{"severity": "critical", "cluster": "a"}, 10),
				firing(model.LabelSet{"severity": "critical", "cluster": "a"}, 3),
			}, warning, false},
		{"the old way to write matchers", oldStyle,
			[]*alert.Alert{firing(model.LabelSet{"alertname": "Down", "instance": "i"}, 10)},
			model.LabelSet{"alertname": "Slow", "instance": "i"}, true},
		{"an alert does not inhibit itself", selfish,
			[]*alert.Alert{firing(model.LabelSet{"env": "prod", "severity": "warning"}, 10)},
			model.LabelSet{"env": "prod", "severity": "warning"}, false},
		{"two of a kind do not inhibit each other", selfish,
			[]*alert.Alert{firing(model.LabelSet{"env": "prod", "severity": "warning", "n": "1"}, 10)},
			model.LabelSet{"env": "prod", "severity": "warning", "n": "2"}, false},
		{"a two-sided source inhibits a pure target", selfish,
			[]*alert.Alert{firing(model.LabelSet{"env": "prod", "severity": "warning"}, 10)},
			model.LabelSet{"severity": "warning"}, true},
		{"a pure source inhibits a two-sided target", selfish,
			[]*alert.Alert{firing(model.LabelSet{"env": "prod"}, 10)},
			model.LabelSet{"env": "prod", "severity": "warning"}, true},
		{"the second rule counts too", selfish + critical,
			[]*alert.Alert{firing(model.LabelSet{"severity": "critical", "cluster": "a"}, 10)}, warning, true},
		{"a null rule inhibits nothing", "- null\n",
			[]*alert.Alert{firing(model.LabelSet{"severity": "critical"}, 10)}, model.LabelSet{"severity": "warning"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ih := load(t, tc.rules)
			for _, s := range tc.sources {
				ih.Update(s)
			}
			if _, got := ih.InhibitedBy(tc.target, at(5)); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// Ends far away, on either side, are what they say.
func TestFarEnds(t *testing.T) {
	for _, tc := range []struct {
		ends time.Time
		want bool
	}{
		{time.Time{}, true}, // it has none
		{time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), true},
		{time.Date(2263, 1, 1, 0, 0, 0, 0, time.UTC), true},
		{time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), false},
		{time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC), false},
		{time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC), false},
	} {
		ih := load(t, critical)
		ih.Update(&alert.Alert{Alert: model.Alert{Labels: model.LabelSet{"severity": "critical"}, EndsAt: tc.ends}})
		if _, got := ih.InhibitedBy(model.LabelSet{"severity": "info"}, t0); got != tc.want {
			t.Errorf("a source that ends in %d inhibits: got %v, want %v", tc.ends.Year(), got, tc.want)
		}
	}
}

// The answer is the same each time: of several sources, the lowest fingerprint.
func TestInhibitedByIsStable(t *testing.T) {
	ih := load(t, critical)
	lowest := ^model.Fingerprint(0)
	for n := range 50 {
		s := firing(model.LabelSet{"severity": "critical", "n": model.LabelValue(fmt.Sprint(n))}, 10)
		lowest = min(lowest, s.Fingerprint())
		ih.Update(s)
	}
	if got, ok := ih.InhibitedBy(model.LabelSet{"severity": "info"}, t0); !ok || got != lowest {
		t.Errorf("got %v, %v; want %v", got, ok, lowest)
	}
}

func TestExpire(t *testing.T) {
	ih := load(t, critical)
	for n := range 10 {
		ih.Update(firing(model.LabelSet{"severity": "critical", "cluster": model.LabelValue(fmt.Sprint(n % 3)), "n": model.LabelValue(fmt.Sprint(n))}, n))
	}
	ih.Expire(at(8))
	left := 0
	for _, set := range ih.rules[0].sources {
		left += len(set.pure.byFingerprint) + len(set.twoSided.byFingerprint)
	}
	if left != 1 || len(ih.rules[0].sources) != 1 {
		t.Errorf("%d sources in %d sets are left, want the one that fires", left, len(ih.rules[0].sources))
	}
	if _, ok := ih.InhibitedBy(model.LabelSet{"severity": "info", "cluster": "0"}, at(8)); !ok {
		t.Error("the source that still fires is forgotten")
	}
}

// Whatever happens to the sources, the answer is that of a search through all
// alerts by the rule's definition.
func TestAgainstNaiveSearch(t *testing.T) {
	value := rapid.SampledFrom([]model.LabelValue{"", "1", "2"})
	labelSet := rapid.Custom(func(t *rapid.T) model.LabelSet {
		ls := model.LabelSet{}
		for _, n := range []model.LabelName{"a", "b", "c"} {
			if v := value.Draw(t, string(n)); v != "" {
				ls[n] = v
			}
		}
		return ls
	})
	matchers := rapid.Custom(func(t *rapid.T) common.Matchers {
		m, err := labels.NewMatcher(labels.MatchType(rapid.IntRange(0, 3).Draw(t, "type")), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name"), string(value.Draw(t, "value")))
		if err != nil {
			t.Fatal(err)
		}
		return common.Matchers{m}
	})
	rapid.Check(t, func(t *rapid.T) {
		rule := common.InhibitRule{
			SourceMatchers: matchers.Draw(t, "source"),
			TargetMatchers: matchers.Draw(t, "target"),
			Equal:          rapid.SliceOfDistinct(rapid.SampledFrom([]string{"b", "c"}), rapid.ID[string]).Draw(t, "equal"),
		}
		ih, err := New([]common.InhibitRule{rule})
		if err != nil {
			t.Fatal(err)
		}
		known := make(map[model.Fingerprint]*alert.Alert)
		for minute := range rapid.IntRange(1, 20).Draw(t, "steps") {
			if rapid.IntRange(0, 5).Draw(t, "expire") == 0 {
				ih.Expire(at(minute))
			}
			a := firing(labelSet.Draw(t, "alert"), minute+rapid.IntRange(-2, 5).Draw(t, "ends"))
			ih.Update(a)
			known[a.Fingerprint()] = a

			target := labelSet.Draw(t, "target labels")
			_, got := ih.InhibitedBy(target, at(minute))
			if want := naive(rule, known, target, at(minute)); got != want {
				t.Fatalf("minute %d, target %v: got %v, want %v; alerts %v", minute, target, got, want, known)
			}
		}
	})
}

func naive(rule common.InhibitRule, known map[model.Fingerprint]*alert.Alert, target model.LabelSet, now time.Time) bool {
	source, side := labels.Matchers(rule.SourceMatchers), labels.Matchers(rule.TargetMatchers)
	if !side.Matches(target) {
		return false
	}
	for _, a := range known {
		if a.ResolvedAt(now) || !source.Matches(a.Labels) || (source.Matches(target) && side.Matches(a.Labels)) {
			continue
		}
		equal := true
		for _, n := range rule.Equal {
			equal = equal && a.Labels[model.LabelName(n)] == target[model.LabelName(n)]
		}
		if equal {
			return true
		}
	}
	return false
}
