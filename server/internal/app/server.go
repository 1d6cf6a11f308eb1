package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/config"
)

// server is what both servers, [App] and [Alertmanager], have in common: a front
// that clients see, a configuration that can be loaded anew, and a way to start
// and stop.
type server struct {
	logger      *slog.Logger
	version     string // of Cresset
	started     time.Time
	registry    *registries
	front       *front
	externalURL *url.URL // how users reach the server
	prefix      string   // of all paths: empty, or with a slash in front and none at the end
	reloader    *reloader

	// apologizes says that requests get an answer while the parts are built, which
	// may take long. Else the ports are served when all is ready: that is what scripts
	// wait for.
	apologizes bool
}

// house is the parts of a server, tied together.
type house interface {
	// steps are how each part is told of a configuration, those first that can find
	// something wrong with it.
	steps() []func(*config.Config) error
	// start runs the parts. They are stopped in the order of what it returns.
	start(fail context.CancelCauseFunc) []*running
	// handler answers requests.
	handler() http.Handler
	// stopping is called first when the server stops.
	stopping() (done func())
	// close saves what must survive, now that it changes no more.
	close() error
}

// Reload reads all files anew and puts them into effect. If anything about them
// is wrong, nothing changes, and the error says what, a line for each problem.
// Reloads happen one after the other, whoever asks for them.
func (s *server) Reload() error { return s.reloader.reload() }

// run builds the parts, runs them until ctx ends, and stops them in order.
func (s *server) run(ctx context.Context, build func() (house, error)) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)

	var requests *running
	if s.apologizes {
		requests = start("web", fail, s.front.serve)
	}
	house, err := build()
	if err != nil {
		fail(err)
		if requests == nil {
			return errors.Join(err, s.front.close())
		}
		requests.stop()
		return err
	}
	var running []*running
	if err := s.reloader.begin(house.steps()); err != nil {
		fail(err)
	} else {
		running = house.start(fail)
		s.reloader.open(house.steps())
		s.front.answer(house.handler())
		s.logger.Info("Ready", "url", s.externalURL.String()+"/")
	}
	if requests == nil {
		requests = start("web", fail, s.front.serve)
	}
	watcher := start("configuration", fail, s.reloader.watch)

	<-ctx.Done()
	s.logger.Info("Shutting down gracefully")
	defer house.stopping()()
	s.front.answer(http.HandlerFunc(stopping))
	requests.stop()
	watcher.stop()
	s.reloader.end()
	for _, stage := range running {
		stage.stop()
	}
	err = house.close()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		err = errors.Join(cause, err)
	}
	s.logger.Info("Stopped")
	return err
}

// running is a part that runs, or several that are stopped together.
type running struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// start runs functions, each of which ends when its context does. Should one end
// before, or with an error, that is the reason for everything to stop.
func start(name string, fail context.CancelCauseFunc, runs ...func(context.Context) error) *running {
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{cancel: cancel}
	for _, run := range runs {
		r.done.Go(func() {
			if err := run(ctx); err != nil {
				fail(fmt.Errorf("%s: %w", name, err))
			} else if ctx.Err() == nil {
				fail(fmt.Errorf("%s: stopped by itself", name))
			}
		})
	}
	return r
}

// stop ends the functions and waits for them.
func (r *running) stop() {
	r.cancel()
	r.done.Wait()
}
