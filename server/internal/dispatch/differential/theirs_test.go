package differential_test

import (
	"cmp"
	"errors"
	"log/slog"
	"maps"
	"net/url"
	"sync"
	"testing"
	"time"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/marker"
	"github.com/prometheus/alertmanager/nflog"
	amnotify "github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/provider"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/alertmanager/silence/silencepb"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/types/known/timestamppb"

	ourdispatch "github.com/cresset-metrics/cresset/server/internal/dispatch"
)

// theirs is Alertmanager without its server, composed of its packages as its
// program does it.
type theirs struct {
	t        *testing.T
	recorder *recorder
	start    time.Time // before which nothing is flushed

	// remembers takes a fault away, see purpose_test.go.
	remembers bool

	alerts   *mem.Alerts
	silences *silence.Silences
	silencer *silence.Silencer
	log      *nflog.Log
	marker   marker.GroupMarker
	pipeline *amnotify.PipelineBuilder
	ids      map[string]string // of silences, by the names that programs give them

	maintenance sync.WaitGroup
	stopc       chan struct{}

	inhibitor      *inhibit.Inhibitor
	dispatcher     *dispatch.Dispatcher
	resolveTimeout time.Duration
}

// What both sides are told.
const (
	retention   = 120 * time.Hour
	maintenance = 15 * time.Minute
)

var externalURL = &url.URL{Scheme: "http", Host: "alertmanager.example"}

func newTheirs(t *testing.T, p *program) *theirs {
	t.Helper()
	logger, reg, nop := slog.New(slog.DiscardHandler), prometheus.NewRegistry(), eventrecorder.NopRecorder()
	s := &theirs{
		t: t, recorder: newRecorder(t), start: time.Now().Add(p.startDelay), remembers: p.remembers,
		marker: marker.NewGroupMarker(), stopc: make(chan struct{}), ids: make(map[string]string),
	}
	var err error
	fatal := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	s.log, err = nflog.New(nflog.Options{Retention: retention, Metrics: reg})
	fatal(err)
	s.silences, err = silence.New(silence.Options{Retention: retention, Metrics: reg, EventRecorder: nop})
	fatal(err)
	s.silencer = silence.NewSilencer(s.silences, logger, nop)
	s.alerts, err = mem.NewAlerts(t.Context(), cmp.Or(p.gcInterval, ourdispatch.DefaultGCInterval), 0, s.silencer, logger, nop, reg, featurecontrol.NoopFlags{})
	fatal(err)
	s.pipeline = amnotify.NewPipelineBuilder(reg, featurecontrol.NoopFlags{}, nop)
	s.maintenance.Go(func() { s.log.Maintenance(maintenance, "", s.stopc, nil) })
	s.maintenance.Go(func() { s.silences.Maintenance(maintenance, "", s.stopc, nil) })
	return s
}

// reload puts a configuration into force: what was running is stopped, notifications
// under way among it.
func (s *theirs) reload(c *config.Config) error {
	logger, nop := slog.New(slog.DiscardHandler), eventrecorder.NopRecorder()
	tmpl, err := template.FromGlobs(c.Templates)
	if err != nil {
		return err
	}
	tmpl.ExternalURL = externalURL
	root := dispatch.NewRoute(c.Route, nil)
	receivers := make(map[string][]amnotify.Integration)
	for _, rc := range c.Receivers {
		if receivers[rc.Name], err = s.recorder.integrations(rc); err != nil {
			return err
		}
	}
	intervals := make(map[string][]timeinterval.TimeInterval)
	for _, i := range c.MuteTimeIntervals {
		intervals[i.Name] = i.TimeIntervals
	}
	for _, i := range c.TimeIntervals {
		intervals[i.Name] = i.TimeIntervals
	}

	var alerts provider.Alerts = s.alerts
	if s.remembers {
		alerts = remembering{s.alerts, s.held()}
	}
	s.inhibitor.Stop()
	s.dispatcher.Stop()
	inhibitor := inhibit.NewInhibitor(s.alerts, c.InhibitRules, logger, nop)
	stages := s.pipeline.New(receivers, func() time.Duration { return 0 }, inhibitor, s.silencer, timeinterval.NewIntervener(intervals), s.marker, s.log, nil)
	timeout := func(d time.Duration) time.Duration { return max(d, amnotify.MinTimeout) }
	dispatcher := dispatch.NewDispatcher(alerts, root, stages, s.marker, timeout, 30*time.Second, nil, logger, nop, nil, tmpl)
	go inhibitor.Run()
	inhibitor.WaitForLoading()
	s.inhibitor = inhibitor
	go dispatcher.Run(s.start)
	dispatcher.WaitForLoading()
	s.dispatcher = dispatcher
	s.resolveTimeout = time.Duration(c.Global.ResolveTimeout)
	return nil
}

// post does what their API does with a request.
func (s *theirs) post(alerts []posted) error {
	now := time.Now()
	var valid []*amalert.Alert
	var errs []error
	for _, p := range alerts {
		a := &amalert.Alert{UpdatedAt: now, Alert: model.Alert{Labels: maps.Clone(p.labels), Annotations: maps.Clone(p.annotations), GeneratorURL: generatorURL}}
		a.StartsAt, a.EndsAt = s.recorder.instant(p.starts), s.recorder.instant(p.ends)
		if a.StartsAt.IsZero() {
			if a.StartsAt = a.EndsAt; a.EndsAt.IsZero() {
				a.StartsAt = now
			}
		}
		if a.EndsAt.IsZero() {
			a.Timeout, a.EndsAt = true, now.Add(s.resolveTimeout)
		}
		maps.DeleteFunc(a.Labels, func(_ model.LabelName, value model.LabelValue) bool { return value == "" })
		if err := a.Validate(); err != nil {
			errs = append(errs, err)
			continue
		}
		valid = append(valid, a)
	}
	if err := s.alerts.Put(s.t.Context(), valid...); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (s *theirs) silence(q *silenced) error {
	sil := &silencepb.Silence{
		Id:        s.ids[q.name],
		StartsAt:  timestamppb.New(s.recorder.instant(&q.starts)),
		EndsAt:    timestamppb.New(s.recorder.instant(&q.ends)),
		CreatedBy: "somebody",
		Comment:   "something",
	}
	set := &silencepb.MatcherSet{}
	for _, m := range q.matchers {
		types := map[labels.MatchType]silencepb.Matcher_Type{
			labels.MatchEqual: silencepb.Matcher_EQUAL, labels.MatchNotEqual: silencepb.Matcher_NOT_EQUAL,
			labels.MatchRegexp: silencepb.Matcher_REGEXP, labels.MatchNotRegexp: silencepb.Matcher_NOT_REGEXP,
		}
		set.Matchers = append(set.Matchers, &silencepb.Matcher{Type: types[m.Type], Name: m.Name, Pattern: m.Value})
	}
	sil.MatcherSets = []*silencepb.MatcherSet{set}
	if err := s.silences.Set(s.t.Context(), sil); err != nil {
		return err
	}
	s.ids[q.name] = sil.Id
	return nil
}

func (s *theirs) expire(name string) error { return s.silences.Expire(s.t.Context(), s.ids[name]) }

func (s *theirs) stop() {
	s.inhibitor.Stop()
	s.dispatcher.Stop()
	s.alerts.Close()
	close(s.stopc)
	s.maintenance.Wait()
}

func (s *theirs) told() *recorder { return s.recorder }
