package registry

import (
	"context"
	"log/slog"
)

// Event tells of something that is left out of a page, or that no longer is.
type Event struct {
	// Collector is what failed; it is empty if single series were left out.
	Collector string
	// Family is the name of the family of what was left out, if it is known.
	Family string
	Reason Reason
	Series int // how many were left out; 0 if it is a collector that failed
	// Err returns what was wrong with the first of them. It is nil if Over.
	Err  func() error
	Over bool // it is no longer left out
}

// LogTo returns a Report that writes a line to a log for each event: a warning
// when something begins to be left out, and an information when that has ended.
// Without a logger, it is the default one of that time.
func LogTo(logger *slog.Logger) func(Event) {
	return func(e Event) {
		log := logger
		if log == nil {
			log = slog.Default()
		}
		attrs := make([]slog.Attr, 0, 4)
		if e.Collector != "" {
			attrs = append(attrs, slog.String("collector", e.Collector))
		} else {
			attrs = append(attrs, slog.String("family", e.Family))
		}
		attrs = append(attrs, slog.String("reason", string(e.Reason)))
		if e.Over {
			log.LogAttrs(context.Background(), slog.LevelInfo, "no longer left out of the metrics", attrs...)
			return
		}
		if e.Series > 0 {
			attrs = append(attrs, slog.Int("series", e.Series))
		}
		attrs = append(attrs, slog.Any("error", e.Err()))
		log.LogAttrs(context.Background(), slog.LevelWarn, "left out of the metrics", attrs...)
	}
}
