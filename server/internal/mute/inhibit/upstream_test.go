package inhibit

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/featurecontrol"
	reference "github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/provider/mem"
	clientprometheus "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/server/internal/alert"
)

// upstream is Alertmanager's own inhibitor with the alerts that feed it.
type upstream struct {
	alerts *mem.Alerts
	ih     *reference.Inhibitor
	stop   func()
}

// startUpstream starts an inhibitor that knows no alerts unless some are put
// first.
func startUpstream(t interface{ Fatal(...any) }, rules []common.InhibitRule, known ...*alert.Alert) *upstream {
	ctx, cancel := context.WithCancel(context.Background())
	logger := slog.New(slog.DiscardHandler)
	alerts, err := mem.NewAlerts(ctx, time.Hour, 0, nil, logger, eventrecorder.NopRecorder(), clientprometheus.NewRegistry(), featurecontrol.NoopFlags{})
	if err != nil {
		t.Fatal(err)
	}
	if err := alerts.Put(ctx, known...); err != nil {
		t.Fatal(err)
	}
	ih := reference.NewInhibitor(alerts, rules, logger, eventrecorder.NopRecorder())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		ih.Run()
	}()
	ih.WaitForLoading()
	return &upstream{alerts, ih, func() {
		ih.Stop()
		<-stopped
		alerts.Close()
		cancel()
	}}
}

// Random rules and alerts, in the order in which Alertmanager stores them, inhibit
// what they do in Alertmanager.
func TestAgainstAlertmanager(t *testing.T) {
	labelSet := rapid.Custom(func(t *rapid.T) model.LabelSet {
		ls := model.LabelSet{}
		for _, name := range []model.LabelName{"a", "b", "c"} {
			if v := rapid.SampledFrom([]model.LabelValue{"", "1", "2"}).Draw(t, string(name)); v != "" {
				ls[name] = v
			}
		}
		if len(ls) == 0 {
			ls["d"] = "1" // an alert has a label
		}
		return ls
	})
	matchers := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) *labels.Matcher {
		m, err := labels.NewMatcher(
			labels.MatchType(rapid.IntRange(0, 3).Draw(t, "type")),
			rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name"),
			rapid.SampledFrom([]string{"", "1", "2", "1|2"}).Draw(t, "value"))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}), 1, 2)
	rule := rapid.Custom(func(t *rapid.T) common.InhibitRule {
		return common.InhibitRule{
			SourceMatchers: matchers.Draw(t, "source"),
			TargetMatchers: matchers.Draw(t, "target"),
			Equal:          rapid.SliceOfDistinct(rapid.SampledFrom([]string{"b", "c"}), rapid.ID[string]).Draw(t, "equal"),
		}
	})
	inBubbles(t, func(t *rapid.T) {
		rules := rapid.SliceOfN(rule, 1, 3).Draw(t, "rules")
		theirs := startUpstream(t, rules)
		defer theirs.stop()
		ours, err := New(rules)
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0:
				time.Sleep(time.Duration(rapid.IntRange(1, 20).Draw(t, "minutes")) * time.Minute)
			case 1:
				ours.Expire(time.Now())
			default:
				now := time.Now()
				a := &alert.Alert{UpdatedAt: now, Alert: model.Alert{
					Labels:   labelSet.Draw(t, "labels"),
					StartsAt: now.Add(-time.Hour),
					EndsAt:   now.Add(time.Duration(rapid.IntRange(-5, 30).Draw(t, "ends")) * time.Minute),
				}}
				if err := theirs.alerts.Put(context.Background(), a); err != nil {
					t.Fatal(err)
				}
				stored, err := theirs.alerts.Get(a.Fingerprint())
				if err != nil {
					t.Fatal(err)
				}
				ours.Update(stored)
			}
			synctest.Wait()
			for range 5 {
				target := labelSet.Draw(t, "target labels")
				_, got := ours.InhibitedBy(target, time.Now())
				if want := theirs.ih.Mutes(context.Background(), target); got != want {
					t.Fatalf("%v is inhibited: got %v, want %v", target, got, want)
				}
			}
		}
	})
}

// inBubbles checks a property with a virtual clock for each program. What it
// panics with, as rapid does to fail, is carried out of the bubble; that a draw was
// not possible by a line of its own, for rapid tells panics apart by their lines.
func inBubbles(t *testing.T, property func(*rapid.T)) {
	rapid.Check(t, func(rt *rapid.T) {
		var failure any
		synctest.Test(t, func(*testing.T) {
			defer func() { failure = recover() }()
			property(rt)
		})
		if fmt.Sprintf("%T", failure) == "rapid.invalidData" {
			panic(failure)
		}
		if failure != nil {
			panic(failure)
		}
	})
}
