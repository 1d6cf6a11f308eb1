package silence_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/pkg/labels"
	reference "github.com/prometheus/alertmanager/silence"
	pb "github.com/prometheus/alertmanager/silence/silencepb"
	clientprometheus "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
)

// alerts are what is asked about, with ten labels each.
func alerts(n int) []model.LabelSet {
	sets := make([]model.LabelSet, n)
	for i := range sets {
		sets[i] = model.LabelSet{
			"alertname": model.LabelValue(fmt.Sprintf("Alert%d", i%100)), "instance": model.LabelValue(fmt.Sprintf("host-%d:9100", i)),
			"job": "node", "cluster": "eu-west-1", "severity": "warning", "team": "platform", "namespace": "default",
			"device": "/dev/sda1", "fstype": "ext4", "mountpoint": "/var/lib",
		}
	}
	return sets
}

// shapes are kinds of silences, each of which matches one alert of alerts or so.
var shapes = []struct {
	name     string
	matchers func(i int) labels.Matchers
}{
	{"equal", func(i int) labels.Matchers {
		return labels.Matchers{
			{Type: labels.MatchEqual, Name: "alertname", Value: fmt.Sprintf("Alert%d", i%100)},
			{Type: labels.MatchEqual, Name: "instance", Value: fmt.Sprintf("host-%d:9100", i)},
		}
	}},
	{"regexp", func(i int) labels.Matchers {
		return labels.Matchers{{Type: labels.MatchRegexp, Name: "instance", Value: fmt.Sprintf("host-%d:.*", i)}}
	}},
}

// sides make a store with n silences, and return how it is asked and how one more
// silence is made.
var sides = []struct {
	name string
	make func(b *testing.B, n int, matchers func(int) labels.Matchers) (muted func(model.LabelSet) bool, add func(int))
}{
	{"cresset", func(b *testing.B, n int, matchers func(int) labels.Matchers) (func(model.LabelSet) bool, func(int)) {
		s := silence.New(silence.Options{Retention: time.Hour})
		add := func(i int) {
			sil := &silence.Silence{Matchers: []labels.Matchers{matchers(i)}, EndsAt: time.Now().Add(time.Hour)}
			if _, err := s.Set(context.Background(), time.Now(), sil); err != nil {
				b.Fatal(err)
			}
		}
		for i := range n {
			add(i)
		}
		return func(ls model.LabelSet) bool { return len(s.SilencedBy(ls, time.Now())) > 0 }, add
	}},
	{"alertmanager", func(b *testing.B, n int, matchers func(int) labels.Matchers) (func(model.LabelSet) bool, func(int)) {
		s, err := reference.New(reference.Options{Retention: time.Hour, Metrics: clientprometheus.NewRegistry(), EventRecorder: eventrecorder.NopRecorder()})
		if err != nil {
			b.Fatal(err)
		}
		add := func(i int) {
			set := &pb.MatcherSet{}
			for _, m := range matchers(i) {
				t := pb.Matcher_EQUAL
				if m.Type == labels.MatchRegexp {
					t = pb.Matcher_REGEXP
				}
				set.Matchers = append(set.Matchers, &pb.Matcher{Type: t, Name: m.Name, Pattern: m.Value})
			}
			sil := &pb.Silence{MatcherSets: []*pb.MatcherSet{set}, EndsAt: timestamppb.New(time.Now().Add(time.Hour))}
			if err := s.Set(context.Background(), sil); err != nil {
				b.Fatal(err)
			}
		}
		for i := range n {
			add(i)
		}
		silencer := reference.NewSilencer(s, slog.New(slog.DiscardHandler), eventrecorder.NopRecorder())
		return func(ls model.LabelSet) bool { return silencer.Mutes(context.Background(), ls) }, add
	}},
}

// BenchmarkSilencedBy asks about each of many alerts: for the first time, again,
// and after one more silence was made. Every fifth alert is silenced.
func BenchmarkSilencedBy(b *testing.B) {
	const silences, asked = 10_000, 50_000
	for _, shape := range shapes {
		for _, side := range sides {
			prefix := shape.name + "/" + side.name
			sets := alerts(asked)
			b.Run(prefix+"/first", func(b *testing.B) {
				muted, _ := side.make(b, silences, shape.matchers)
				for i := 0; b.Loop(); i++ {
					muted(sets[i%asked])
				}
			})
			b.Run(prefix+"/again", func(b *testing.B) {
				muted, _ := side.make(b, silences, shape.matchers)
				few := sets[8_000:12_000]
				for _, ls := range few {
					muted(ls)
				}
				for i := 0; b.Loop(); i++ {
					muted(few[i%len(few)])
				}
			})
			b.Run(prefix+"/changed", func(b *testing.B) {
				muted, add := side.make(b, silences, shape.matchers)
				few := sets[8_000:12_000]
				for _, ls := range few {
					muted(ls)
				}
				for i := 0; b.Loop(); i++ {
					if i%len(few) == 0 {
						b.StopTimer()
						add(silences + i/len(few))
						b.StartTimer()
					}
					muted(few[i%len(few)])
				}
			})
		}
	}
}
