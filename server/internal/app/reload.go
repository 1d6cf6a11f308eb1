package app

import (
	"errors"
	"fmt"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/config"
	"github.com/cresset-metrics/cresset/server/internal/rule"
)

// ErrNotReady is returned by Reload before the server has started and after it
// has begun to stop.
var ErrNotReady = errors.New("the server is not ready")

// Reload reads all files anew and puts them into effect. If anything about them
// is wrong, nothing changes, and the error says what, a line for each problem.
func (a *App) Reload() error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	parts := a.parts.Load()
	if parts == nil {
		a.logger.Warn("The configuration was not loaded", "err", ErrNotReady)
		return ErrNotReady
	}
	next, err := a.load()
	if err == nil {
		err = a.apply(parts, a.config.Load(), next)
	}
	if err != nil {
		a.reloads.failed()
		a.logger.Error("The configuration was not loaded; the one before runs on", "err", err)
		return err
	}
	a.config.Store(next)
	a.logger.Info("The configuration was loaded")
	return nil
}

func (a *App) load() (*config.Config, error) {
	cfg, err := config.Load(config.Files{
		Prometheus:   a.o.PrometheusFile,
		Alertmanager: a.o.AlertmanagerFile,
		LenientRules: a.o.LenientRules,
		Self:         a.self,
	})
	if err != nil {
		return nil, err
	}
	for _, warning := range cfg.Warnings {
		a.logger.Warn("The configuration may not be what was meant", "warning", warning)
	}
	return cfg, nil
}

// apply tells all parts of a configuration. Should one refuse it, it and those
// that were told before it are told to go back to the last one: a part may have
// taken over what came before the reason to refuse.
func (a *App) apply(p *parts, last, next *config.Config) error {
	steps := p.steps()
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
	a.reloads.succeeded(time.Now())
	return nil
}

func ruleConfig(c *config.Config) rule.Config {
	global := c.Prometheus.GlobalConfig
	return rule.Config{
		Interval:       time.Duration(global.EvaluationInterval),
		QueryOffset:    time.Duration(global.RuleQueryOffset),
		ExternalLabels: global.ExternalLabels,
		Files:          c.Rules,
	}
}
