package config

import (
	"log/slog"
	"sync"

	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/matcher/compat"
)

// How matchers and label names are read is one choice for the whole process.
var matchers sync.Once

// UseMatchers chooses how matchers and label names are read by the features classic-mode and
// utf8-strict-mode; without either, UTF-8 names with a fallback to the classic syntax,
// and a warning to the logger where the two disagree. A command chooses before it
// does anything else: only the first choice counts, and reading a file without one
// is the choice to have neither feature.
func UseMatchers(logger *slog.Logger, features featurecontrol.Flagger) {
	matchers.Do(func() { compat.InitFromFlags(logger, features) })
}

func useMatchersUnlessChosen() { UseMatchers(slog.Default(), featurecontrol.NoopFlags{}) }
