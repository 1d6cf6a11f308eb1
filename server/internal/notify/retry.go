package notify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	amnotify "github.com/prometheus/alertmanager/notify"
	"go.opentelemetry.io/otel/attribute"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/tracing"
)

// The pause before a further attempt: it grows by half each time up to a limit,
// and varies by half around its value so that failing receivers are not all
// asked again at once.
const (
	firstPause   = 500 * time.Millisecond
	pauseGrowth  = 1.5
	pauseJitter  = 0.5
	longestPause = time.Minute
)

// notify sends the alerts, trying again until it works, the integration says
// that it is useless, or the context ends. Without alerts there is nothing to
// send.
func (r *Receiver) notify(ctx context.Context, in Integration, alerts []*alert.Alert) error {
	m := r.shared.Metrics.of(r.name, in.Name())
	m.notifications.Inc()
	if len(alerts) == 0 {
		return nil
	}
	ctx, span := scope.Start(ctx, "notify.RetryStage.Exec", func() []attribute.KeyValue {
		return []attribute.KeyValue{attribute.String("alerting.group.name", r.name), attribute.String("alerting.integration.name", in.Name()), attribute.Int("alerting.alerts.count", len(alerts))}
	})
	attempts, err := r.attempt(ctx, in, alerts, m)
	tracing.End(span, err)
	if err == nil {
		return nil
	}
	m.failed(failureReason(err))
	return fmt.Errorf("%s/%s: notification failed after %d attempts: %w", r.name, in, attempts, err)
}

// attempt returns how often it tried, and the last error that the integration
// gave; the context's only if there was none.
func (r *Receiver) attempt(ctx context.Context, in Integration, alerts []*alert.Alert, m *integrationMetrics) (attempts int, last error) {
	logger := r.shared.Logger.With("receiver", r.name, "integration", in.String())
	pause := firstPause
	for ctx.Err() == nil {
		attempts++
		begin := time.Now()
		again, err := in.Notify(ctx, alerts...)
		took := time.Since(begin)
		m.request(took, err)
		if err == nil {
			logger.Debug("Notified", "attempts", attempts, "duration", took, "alerts", len(alerts))
			return attempts, nil
		}
		if !again {
			return attempts, err
		}
		if ctx.Err() == nil {
			if last == nil || last.Error() != err.Error() {
				logger.Warn("Notification failed, trying again", "attempts", attempts, "err", err)
			}
			last = err
		} else if last == nil { // cut off in its first attempt
			last = err
			if !errors.Is(err, ctx.Err()) {
				last = fmt.Errorf("%w: %w", ctx.Err(), err)
			}
		}
		if !sleep(ctx, jittered(pause)) {
			break
		}
		pause = min(time.Duration(float64(pause)*pauseGrowth), longestPause)
	}
	if last == nil {
		last = ctx.Err()
	}
	return attempts, last
}

func jittered(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (1 - pauseJitter + 2*pauseJitter*rand.Float64()))
}

// sleep waits and says whether the context lasted that long.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// failureReason is the metric label for an error.
func failureReason(err error) string {
	var with *amnotify.ErrorWithReason
	switch {
	case errors.As(err, &with):
		return with.Reason.String()
	case errors.Is(err, context.Canceled):
		return amnotify.ContextCanceledReason.String()
	case errors.Is(err, context.DeadlineExceeded):
		return amnotify.ContextDeadlineExceededReason.String()
	}
	return amnotify.DefaultReason.String()
}
