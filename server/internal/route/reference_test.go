package route

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/config"
	amcommon "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
	"pgregory.net/rapid"
)

var (
	someNames  = rapid.SampledFrom([]string{"a", "b", "c"})
	someValues = rapid.SampledFrom([]string{"", "1", "2"})
)

func drawRoute(t *rapid.T, depth int) *config.Route {
	duration := func(label string) *model.Duration {
		if !rapid.Bool().Draw(t, label+" set") {
			return nil
		}
		return new(model.Duration(time.Duration(rapid.IntRange(1, 5).Draw(t, label)) * time.Minute))
	}
	r := &config.Route{
		Receiver:       rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "receiver"),
		Continue:       rapid.Bool().Draw(t, "continue"),
		GroupWait:      duration("wait"),
		GroupInterval:  duration("interval"),
		RepeatInterval: duration("repeat"),
	}
	switch rapid.IntRange(0, 3).Draw(t, "group by") {
	case 0:
		r.GroupByAll = true
	case 1:
		r.GroupBy = []model.LabelName{}
	case 2:
		for _, n := range rapid.SliceOfNDistinct(someNames, 1, 3, rapid.ID[string]).Draw(t, "names") {
			r.GroupBy = append(r.GroupBy, model.LabelName(n))
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "matchers") {
		m, err := labels.NewMatcher(labels.MatchType(rapid.IntRange(0, 3).Draw(t, "type")), someNames.Draw(t, "name"), someValues.Draw(t, "value"))
		if err != nil {
			t.Fatal(err)
		}
		r.Matchers = append(r.Matchers, m)
	}
	if rapid.Bool().Draw(t, "old style") {
		r.Match = map[string]string{someNames.Draw(t, "name"): someValues.Draw(t, "value")}
	}
	if depth > 0 {
		for range rapid.IntRange(0, 3).Draw(t, "children") {
			r.Routes = append(r.Routes, drawRoute(t, depth-1))
		}
	}
	return r
}

func drawLabels(t *rapid.T) model.LabelSet {
	ls := model.LabelSet{"alertname": "x"}
	for _, n := range []model.LabelName{"a", "b", "c"} {
		if v := someValues.Draw(t, string(n)); v != "" {
			ls[n] = model.LabelValue(v)
		}
	}
	return ls
}

// Every alert takes the same routes as in Alertmanager, with the same settings
// and the same keys.
func TestAgainstReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawRoute(t, 3)
		c.Receiver, c.Matchers, c.Match = "root", amcommon.Matchers{}, nil
		ours, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		reference := dispatch.NewRoute(c, nil)
		ls := drawLabels(t)

		var got, want []string
		for _, r := range ours.Match(ls) {
			by := slices.Clone(r.GroupBy)
			got = append(got, describe(r.ID(), r.GroupKey(r.GroupLabels(ls)), r.Receiver, r.GroupByAll, by, r.GroupWait, r.GroupInterval, r.RepeatInterval))
		}
		for _, r := range reference.Match(ls) {
			o := r.RouteOpts
			var by []model.LabelName
			group := model.LabelSet{}
			for n, v := range ls {
				if _, ok := o.GroupBy[n]; ok || o.GroupByAll {
					group[n] = v
				}
			}
			if !o.GroupByAll {
				for n := range o.GroupBy {
					by = append(by, n)
				}
			}
			want = append(want, describe(r.ID(), r.Key()+":"+group.String(), o.Receiver, o.GroupByAll, by, o.GroupWait, o.GroupInterval, o.RepeatInterval))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("alert %v:\n got %q\nwant %q", ls, got, want)
		}
	})
}

func describe(id, groupKey, receiver string, all bool, by []model.LabelName, times ...time.Duration) string {
	slices.Sort(by)
	return fmt.Sprint(id, " ", groupKey, " ", receiver, " ", all, by, times)
}
