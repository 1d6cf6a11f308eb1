package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/alertmanager/config"
	amnotify "github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/mute/inhibit"
	"github.com/cresset-metrics/cresset/server/internal/mute/interval"
	"github.com/cresset-metrics/cresset/server/internal/notify"
	"github.com/cresset-metrics/cresset/server/internal/notify/integration"
	"github.com/cresset-metrics/cresset/server/internal/route"
)

// generation is everything that is made from one configuration. Apart from the
// inhibitor, which learns of alerts, it is immutable.
type generation struct {
	config       *config.Config
	root         *route.Route
	inhibitor    *inhibit.Inhibitor
	intervals    *interval.Set
	receivers    map[string]*notify.Receiver // those that a route names
	integrations int                         // of all receivers
	templates    *integration.Templates
}

// newGeneration builds whatever can fail, so that a configuration is known to be
// good before anything of it is put into force.
func newGeneration(c *config.Config, o Options, shared *notify.Shared) (*generation, error) {
	gen := &generation{config: c, intervals: interval.New(c), receivers: make(map[string]*notify.Receiver)}
	var err error
	if gen.templates, err = integration.LoadTemplates(c.Templates, o.ExternalURL); err != nil {
		return nil, fmt.Errorf("notification templates: %w", err)
	}
	if gen.root, err = route.New(c.Route); err != nil {
		return nil, err
	}
	if gen.inhibitor, err = inhibit.New(c.InhibitRules); err != nil {
		return nil, err
	}
	if err := gen.buildReceivers(o, shared); err != nil {
		return nil, err
	}
	for r := range gen.root.All() {
		if _, ok := gen.receivers[r.Receiver]; !ok {
			return nil, fmt.Errorf("route %s: receiver %q is not defined", r.ID(), r.Receiver)
		}
		if err := errors.Join(gen.intervals.Check(r.MuteTimeIntervals...), gen.intervals.Check(r.ActiveTimeIntervals...)); err != nil {
			return nil, fmt.Errorf("route %s: %w", r.ID(), err)
		}
	}
	return gen, nil
}

func (gen *generation) buildReceivers(o Options, shared *notify.Shared) error {
	used := make(map[string]bool)
	for r := range gen.root.All() {
		used[r.Receiver] = true
	}
	build := func(rc config.Receiver) ([]notify.Integration, error) {
		return integration.Build(rc, integration.Options{Templates: gen.templates, TemplateErrors: shared.Metrics.TemplateErrors, Logger: shared.Logger})
	}
	if o.Integrations != nil {
		build = func(rc config.Receiver) (all []notify.Integration, err error) {
			given, err := o.Integrations(rc)
			for i := range given {
				all = append(all, &given[i])
			}
			return all, err
		}
	}
	var errs []error
	for _, rc := range gen.config.Receivers {
		if !used[rc.Name] {
			shared.Logger.Info("Receiver is not used by any route", "receiver", rc.Name)
			continue
		}
		integrations, err := build(rc)
		if err != nil {
			errs = append(errs, fmt.Errorf("receiver %q: %w", rc.Name, err))
			continue
		}
		gen.receivers[rc.Name] = notify.NewReceiver(rc.Name, integrations, shared)
		gen.integrations += len(integrations)
	}
	return errors.Join(errs...)
}

// warn logs what is allowed but hardly meant.
func (gen *generation) warn(retention time.Duration, logger *slog.Logger) {
	for r := range gen.root.All() {
		if r.RepeatInterval > retention {
			logger.Warn("repeat_interval is longer than notifications are remembered: they may be repeated earlier",
				"route", r.Key(), "repeat_interval", r.RepeatInterval, "retention", retention)
		}
		if r.RepeatInterval < r.GroupInterval {
			logger.Warn("repeat_interval is shorter than group_interval: notifications are repeated after group_interval",
				"route", r.Key(), "repeat_interval", r.RepeatInterval, "group_interval", r.GroupInterval)
		}
	}
}

// routeLabels expands the labels of a route for a group. One that cannot be
// expanded is left out and logged.
func (gen *generation) routeLabels(ctx context.Context, r *route.Route, group model.LabelSet, alerts []*alert.Alert, logger *slog.Logger) model.LabelSet {
	expanded := make(model.LabelSet, len(r.Labels))
	if len(r.Labels) == 0 {
		return expanded
	}
	data := gen.templates.Data(r.Receiver, group, r.Labels, amnotify.ReasonUnknown.String(), alerts...)
	expand := gen.templates.RouteLabelRenderer(data)
	check := gen.templates.NewCheck(ctx, data)
	for name, text := range r.Labels {
		err, value := check.Text(string(text)), ""
		if err == nil {
			value, err = expand(string(name))
		}
		if err != nil {
			logger.Error("Route label cannot be expanded", "route", r.ID(), "label", name, "err", err)
			continue
		}
		expanded[name] = model.LabelValue(value)
	}
	return expanded
}
