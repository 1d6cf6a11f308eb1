package route

import (
	"log/slog"
	"testing"

	"github.com/prometheus/alertmanager/config"
	amcommon "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v2"
)

// Whatever stands under matchers in a file, a route with it takes the same alerts as
// in Alertmanager, under the same key.
func FuzzMatchers(f *testing.F) {
	compat.InitFromFlags(slog.New(slog.DiscardHandler), featurecontrol.NoopFlags{})
	for _, text := range []string{
		`a="b"`, `a=~"b|c"`, `a!~"b.*"`, `{a="b",c!=""}`, `a=`, `"with space"="x"`, `"\xff"=x`, `a=~"("`, `{a="b"`, `foo=bar, x=~.+`, `a="\""`, `état=ouvert`, `a=~"\\Qb"`, "a=\"\n\"",
	} {
		f.Add(text, "a", "b")
	}
	f.Fuzz(func(t *testing.T, text, name, value string) {
		content, err := yaml.Marshal([]string{text})
		if err != nil {
			t.Skip(err)
		}
		var matchers amcommon.Matchers
		if err := yaml.Unmarshal(content, &matchers); err != nil {
			return
		}
		c := &config.Route{Receiver: "root", Routes: []*config.Route{{Receiver: "child", Matchers: matchers}}}
		ours, err := New(c)
		if err != nil {
			t.Fatalf("%q was read, but no route made of it: %v", text, err)
		}
		theirs := dispatch.NewRoute(c, nil)
		for _, ls := range []model.LabelSet{{"alertname": "x"}, {model.LabelName(name): model.LabelValue(value)}} {
			got, want := ours.Match(ls), theirs.Match(ls)
			if len(got) != 1 || len(want) != 1 {
				t.Fatalf("%q takes %v by %d routes, want 1 as there (%d)", text, ls, len(got), len(want))
			}
			if got[0].Receiver != want[0].RouteOpts.Receiver || got[0].Key() != want[0].Key() || got[0].ID() != want[0].ID() {
				t.Errorf("%q, alert %v:\n got %s %s %s\nwant %s %s %s", text, ls, got[0].Receiver, got[0].Key(), got[0].ID(), want[0].RouteOpts.Receiver, want[0].Key(), want[0].ID())
			}
		}
	})
}
