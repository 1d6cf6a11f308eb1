// Package integration speaks to the services that a receiver of the
// configuration names. What is said, and how, is the matter of Alertmanager's own
// integration packages, so that messages are the same to the byte. Around each of
// them this package puts what keeps a fault from doing harm to others:
//
//   - a text that cannot be expanded costs itself alone (errors.go);
//   - a template cannot run for ever, or fill the memory (bound.go);
//   - an answer cannot either (response.go);
//   - an attempt ends soon after its context, and a panic ends in an error.
package integration

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/config/receiver"
	amnotify "github.com/prometheus/alertmanager/notify"
	commonconfig "github.com/prometheus/common/config"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/notify"
)

// AlertmanagerVersion is that of the Alertmanager whose behaviour integrations have.
// Services are told it.
const AlertmanagerVersion = "0.34.2"

// The packages of the integrations take this from how the program was built, which
// says nothing of them.
func init() { amnotify.UserAgentHeader = "Alertmanager/" + AlertmanagerVersion }

const (
	// overtime is how long an attempt may go on after its context has ended. SMTP
	// and Telegram look at no context: with a server that hangs, they would hold up
	// their group for ever.
	overtime = time.Second
	// maxHanging is how many attempts of one integration may go on unseen after
	// that. While so many do, further ones fail at once.
	maxHanging = 5
)

// Options are what the integrations of all receivers have in common.
type Options struct {
	// Templates are those that the texts of the configuration can use. Required.
	Templates *Templates
	// TemplateErrors is told how many texts of an integration could not be expanded
	// in one attempt; nil is told nothing.
	TemplateErrors func(integration string, texts int)
	// Logger takes what goes wrong; nil discards it.
	Logger *slog.Logger
}

// Build returns the integrations of a receiver. The configuration must not be
// changed afterwards. The error tells of each integration that cannot be built.
func Build(rc config.Receiver, o Options) ([]notify.Integration, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.TemplateErrors == nil {
		o.TemplateErrors = func(string, int) {}
	}
	var all []notify.Integration
	var errs []error
	for _, one := range apart(rc) {
		in := &integration{options: o, receiver: owned(one.receiver), index: one.index}
		first, err := in.build(in.receiver)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		in.name, in.sendResolved = first.Name(), first.SendResolved()
		in.idle = []*amnotify.Integration{first}
		in.texts = textsOf(in.receiver)
		all = append(all, in)
	}
	return all, errors.Join(errs...)
}

// single is a receiver that has one integration, which is the index-th of its kind
// in the configuration.
type single struct {
	receiver config.Receiver
	index    int
}

// apart returns a receiver for each integration of rc.
func apart(rc config.Receiver) []single {
	var all []single
	from := reflect.ValueOf(rc)
	for i := range from.NumField() {
		list := from.Field(i)
		if list.Kind() != reflect.Slice {
			continue
		}
		for j := range list.Len() {
			one := config.Receiver{Name: rc.Name, Labels: rc.Labels}
			reflect.ValueOf(&one).Elem().Field(i).Set(list.Slice(j, j+1))
			all = append(all, single{one, j})
		}
	}
	return all
}

// owned returns a copy of the configuration of an integration, because some
// complete theirs: email when it is made, PagerDuty while it notifies, which is
// therefore done here.
func owned(rc config.Receiver) config.Receiver {
	rc = rewritten(rc, func(t text) string { return t.source })
	for _, c := range rc.PagerdutyConfigs {
		if c.Severity == "" {
			c.Severity = "error"
		}
	}
	return rc
}

// integration is one entry of a receiver. Any number of goroutines may use it.
type integration struct {
	options      Options
	receiver     config.Receiver // with this integration alone
	name         string
	index        int
	sendResolved bool
	texts        []text
	hanging      atomic.Int64 // attempts that nobody waits for any more

	mu   sync.Mutex // guards idle
	idle []*amnotify.Integration
}

func (in *integration) SendResolved() bool { return in.sendResolved }
func (in *integration) Name() string       { return in.name }
func (in *integration) Index() int         { return in.index }
func (in *integration) String() string     { return fmt.Sprintf("%s[%d]", in.name, in.index) }

// Hanging returns how many attempts go on although nobody waits for them any more.
func (in *integration) Hanging() int { return int(in.hanging.Load()) }

// build makes Alertmanager's integration.
func (in *integration) build(rc config.Receiver, more ...commonconfig.HTTPClientOption) (*amnotify.Integration, error) {
	options := append([]commonconfig.HTTPClientOption{commonconfig.WithDialContextFunc(dial)}, more...)
	built, err := receiver.BuildReceiverIntegrations(rc, in.options.Templates.Template, in.options.Logger, options...)
	if err != nil {
		return nil, err
	}
	return &built[0], nil
}

// hasState are the integrations that keep something between two notifications
// without guarding it. What is theirs is used by one goroutine at a time.
var hasState = map[string]bool{"telegram": true, "wechat": true}

// borrow returns Alertmanager's integration, and the function that gives it back.
func (in *integration) borrow() (one *amnotify.Integration, giveBack func(), err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !hasState[in.name] {
		return in.idle[0], func() {}, nil
	}
	if n := len(in.idle); n > 0 {
		one, in.idle = in.idle[n-1], in.idle[:n-1]
	} else if one, err = in.build(in.receiver); err != nil {
		return nil, nil, err
	}
	return one, func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.idle = append(in.idle, one)
	}, nil
}

// outcome is what became of an attempt.
type outcome struct {
	again bool
	err   error
}

// withoutSecrets returns an error that can be logged. The others see to that
// themselves; in Telegram's errors there is the address, with the token of the bot.
func (in *integration) withoutSecrets(err error) error {
	if in.name == "telegram" {
		return amnotify.RedactURL(err)
	}
	return err
}

// Notify makes one attempt. It returns at the latest a second after the end of the
// context, with the context's error if the attempt has none yet.
func (in *integration) Notify(ctx context.Context, alerts ...*alert.Alert) (again bool, err error) {
	if n := in.hanging.Load(); n >= maxHanging {
		return true, fmt.Errorf("%d earlier attempts still wait for an answer", n)
	}
	limited, cancel := limitResponse(ctx)
	defer cancel()
	finished := make(chan outcome, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				in.options.Logger.Error("Integration panicked", "receiver", in.receiver.Name, "integration", in.String(), "panic", p, "stack", string(debug.Stack()))
				finished <- outcome{err: fmt.Errorf("panic: %v", p)}
			}
		}()
		again, err := in.attempt(limited, alerts)
		finished <- outcome{again, in.withoutSecrets(err)}
	}()
	select {
	case o := <-finished:
		return o.again, o.err
	case <-ctx.Done():
	}
	late := time.NewTimer(overtime)
	defer late.Stop()
	select {
	case o := <-finished:
		return o.again, o.err
	case <-late.C:
	}
	in.hanging.Add(1)
	go func() {
		<-finished
		in.hanging.Add(-1)
	}()
	return true, fmt.Errorf("no answer: %w", context.Cause(ctx))
}
