package differential_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/dispatch"
	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
	"github.com/cresset-metrics/cresset/server/internal/notify"
	"github.com/cresset-metrics/cresset/server/internal/state"
)

// ours is the pipeline of this server, composed of its parts as package app does it.
type ours struct {
	t        *testing.T
	recorder *recorder
	options  dispatch.Options  // without what start fills in
	dir      string            // of what survives a restart; nothing does if empty
	ids      map[string]string // of silences, by the names that programs give them

	store    *alert.Store
	silences *silence.Store
	pipeline *dispatch.Pipeline
	keeper   *state.Keeper

	cancel  context.CancelFunc
	running sync.WaitGroup
}

func newOurs(t *testing.T, o dispatch.Options, dir string) *ours {
	t.Helper()
	s := &ours{t: t, recorder: newRecorder(t), options: o, dir: dir, ids: make(map[string]string)}
	s.start()
	return s
}

// start runs the parts. They have no configuration yet, and know what there was when
// they were stopped.
func (s *ours) start() {
	journals := state.NewJournals()
	s.store = alert.NewStore(alert.Options{Journal: journals.Alerts()})
	s.silences = silence.New(silence.Options{Retention: retention, Journal: journals.Silences()})
	log := notify.NewLog(notify.LogOptions{Retention: retention, Journal: journals.Notified()})
	o := s.options
	o.Store, o.Log, o.Silences, o.Journal = s.store, log, s.silences, journals.Groups()
	o.ExternalURL, o.Integrations = externalURL, s.recorder.integrations
	s.pipeline = dispatch.New(o)
	ctx, cancel := context.WithCancel(s.t.Context())
	s.cancel = cancel
	run := func(run func(context.Context) error) {
		s.running.Go(func() {
			if err := run(ctx); err != nil {
				s.t.Error(err)
			}
		})
	}
	if s.dir == "" {
		run(func(ctx context.Context) error { return maintain(ctx, log, s.silences) })
	} else {
		s.keeper = state.New(state.Options{
			Dir: filepath.Join(s.dir, "state"), AlertmanagerDir: s.dir,
			Journals: journals, Pipeline: s.pipeline, Silences: s.silences, Log: log, MaintainEvery: maintenance,
		})
		s.keeper.Restore(time.Now())
		run(s.keeper.Run)
	}
	run(s.pipeline.Run)
}

// maintain does what a keeper does, without its files.
func maintain(ctx context.Context, log *notify.Log, silences *silence.Store) error {
	tick := time.NewTicker(maintenance)
	defer tick.Stop()
	nowhere := func(func(io.Writer) (int64, error)) error { return nil }
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			if err := errors.Join(log.Maintain(now, nowhere), silences.Maintain(now, nowhere)); err != nil {
				return err
			}
		}
	}
}

func (s *ours) stop() {
	s.crash()
	if s.keeper != nil {
		if err := s.keeper.Close(time.Now()); err != nil {
			s.t.Error(err)
		}
	}
}

// crash stops without saving what has changed since that was done last.
func (s *ours) crash() {
	s.cancel()
	s.running.Wait()
}

func (s *ours) reload(c *config.Config) error { return s.pipeline.Apply(c) }

func (s *ours) post(alerts []posted) error {
	received := make([]*alert.Alert, len(alerts))
	for i, p := range alerts {
		received[i] = &alert.Alert{Alert: model.Alert{
			Labels: maps.Clone(p.labels), Annotations: maps.Clone(p.annotations), GeneratorURL: generatorURL,
			StartsAt: s.recorder.instant(p.starts), EndsAt: s.recorder.instant(p.ends),
		}}
	}
	return s.store.Receive(s.t.Context(), time.Now(), received)
}

func (s *ours) silence(q *silenced) error {
	id, err := s.silences.Set(s.t.Context(), time.Now(), &silence.Silence{
		ID:        s.ids[q.name],
		Matchers:  []labels.Matchers{q.matchers},
		StartsAt:  s.recorder.instant(&q.starts),
		EndsAt:    s.recorder.instant(&q.ends),
		CreatedBy: "somebody",
		Comment:   "something",
	})
	if err == nil {
		s.ids[q.name] = id
	}
	return err
}

func (s *ours) expire(name string) error {
	id, ok := s.ids[name]
	if !ok {
		return errors.New("there is no such silence")
	}
	return s.silences.Expire(s.t.Context(), time.Now(), id)
}

func (s *ours) told() *recorder { return s.recorder }
