package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/config"
)

// ErrNotReady is returned by Reload before the server has started, which then makes
// up for it, and after it has begun to stop.
var ErrNotReady = errors.New("the server is not ready")

// reloader loads configurations and puts them into force, one after the other,
// whoever asks for it.
type reloader struct {
	files    config.Files
	interval time.Duration // in which to look whether files have changed; 0 is never
	logger   *slog.Logger
	metrics  *reloadMetrics

	current atomic.Pointer[config.Config] // in force, or the first one before that; written under mu

	mu       sync.Mutex                   // held while a configuration is loaded and applied; guards what follows
	steps    []func(*config.Config) error // nil before open and after end
	seen     config.Checksum              // of what was last tried
	wanted   bool                         // somebody asked for a reload before open
	hasEnded bool
}

// load reads the first configuration, before there are parts to be told of it.
func (r *reloader) load() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	next, err := r.read()
	if err != nil {
		return err
	}
	r.current.Store(next)
	return nil
}

// begin tells the parts of the first configuration.
func (r *reloader) begin(steps []func(*config.Config) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.apply(steps, nil, r.current.Load())
	if err != nil {
		r.metrics.failed()
	}
	return err
}

// open makes reloads possible, and makes up for the one that was asked for before.
func (r *reloader) open(steps []func(*config.Config) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps = steps
	if r.wanted {
		_ = r.reloadLocked() // logs what is wrong; the configuration before runs on
	}
}

// end waits for a reload that is under way and refuses further ones.
func (r *reloader) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps, r.hasEnded = nil, true
}

func (r *reloader) reload() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reloadLocked()
}

func (r *reloader) reloadLocked() error {
	if r.steps == nil {
		r.wanted = true
		if r.hasEnded {
			r.logger.Warn("The configuration was not loaded: the server is stopping")
		} else {
			r.logger.Info("The configuration will be loaded once the server has started")
		}
		return ErrNotReady
	}
	next, err := r.read()
	if err == nil {
		err = r.apply(r.steps, r.current.Load(), next)
	}
	if err != nil {
		r.metrics.failed()
		r.logger.Error("Loading configuration file failed; the configuration before runs on", "file", r.names(), "err", err)
		return err
	}
	r.current.Store(next)
	return nil
}

// watch reloads whenever the content of the files has changed, until ctx ends. What
// is bad is tried again when it has changed again.
func (r *reloader) watch(ctx context.Context) error {
	if r.interval <= 0 {
		<-ctx.Done()
		return nil
	}
	ticker := time.NewTicker(r.interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			r.reloadIfChanged()
		}
	}
}

func (r *reloader) reloadIfChanged() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.steps != nil && r.files.Checksum() != r.seen {
		r.logger.Info("The files of the configuration have changed")
		_ = r.reloadLocked() // logs what is wrong; the configuration before runs on
	}
}

// read loads the files. The checksum is taken first, so that a change meanwhile is
// seen as one later.
func (r *reloader) read() (*config.Config, error) {
	if r.interval > 0 {
		r.seen = r.files.Checksum()
	}
	r.logger.Info("Loading configuration file", "file", r.names())
	cfg, err := config.Load(r.files)
	if err != nil {
		return nil, err
	}
	for _, warning := range cfg.Warnings {
		r.logger.Warn("The configuration may not be what was meant", "warning", warning)
	}
	r.logger.Info("Completed loading of configuration file", "file", r.names())
	return cfg, nil
}

// names are the files, for people.
func (r *reloader) names() string {
	var names []string
	for _, name := range []string{r.files.Prometheus, r.files.Alertmanager} {
		if name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "built-in"
	}
	return strings.Join(names, ",")
}

// apply tells all parts of a configuration. Should one refuse it, it and those
// that were told before it are told to go back to the last one: a part may have
// taken over what came before the reason to refuse.
func (r *reloader) apply(steps []func(*config.Config) error, last, next *config.Config) error {
	for i, step := range steps {
		err := step(next)
		if err == nil {
			continue
		}
		for _, undo := range steps[:i+1] {
			if last == nil {
				break
			}
			if undoErr := undo(last); undoErr != nil {
				err = errors.Join(err, fmt.Errorf("going back to the configuration before failed too: %w", undoErr))
			}
		}
		return err
	}
	r.metrics.succeeded(time.Now(), next)
	return nil
}
