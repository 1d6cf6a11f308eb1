package silence

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
)

// checkedMatchers compiles what somebody wants to silence, or says what is wrong
// with it. The texts are those that Alertmanager's clients know.
func checkedMatchers(given []labels.Matchers) ([]labels.Matchers, error) {
	if len(given) == 0 {
		return nil, errors.New("at least one matcher set required")
	}
	sets := make([]labels.Matchers, len(given))
	for i, set := range given {
		if len(set) == 0 {
			return nil, fmt.Errorf("matcher set %d is empty", i)
		}
		allMatchEmpty := true
		for j, m := range set {
			if err := checkMatcher(m); err != nil {
				return nil, fmt.Errorf("invalid label matcher %d in set %d: %w", j, i, err)
			}
			compiled, err := compile(m)
			if err != nil {
				return nil, fmt.Errorf("invalid label matcher %d in set %d: invalid regular expression %q: %w", j, i, m.Value, err)
			}
			sets[i] = append(sets[i], compiled)
			allMatchEmpty = allMatchEmpty && mustBeEmpty(compiled)
		}
		if allMatchEmpty {
			return nil, fmt.Errorf("matcher set %d: at least one matcher must not match the empty string", i)
		}
	}
	return sets, nil
}

func checkMatcher(m *labels.Matcher) error {
	if !compat.IsValidLabelName(model.LabelName(m.Name)) {
		return fmt.Errorf("invalid label name %q", m.Name)
	}
	switch m.Type {
	case labels.MatchEqual, labels.MatchNotEqual:
		if !model.LabelValue(m.Value).IsValid() {
			return fmt.Errorf("invalid label value %q", m.Value)
		}
	case labels.MatchRegexp, labels.MatchNotRegexp:
		if _, err := regexp.Compile(m.Value); err != nil {
			return fmt.Errorf("invalid regular expression %q: %w", m.Value, err)
		}
	default:
		return unknownType(m.Type)
	}
	return nil
}

// mustBeEmpty says whether a matcher asks for no more than a label that may be
// missing. One that is negated always asks for something.
func mustBeEmpty(m *labels.Matcher) bool {
	return (m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp) && m.Matches("")
}

// compileAll compiles matchers that were valid where they come from.
func compileAll(given []labels.Matchers) ([]labels.Matchers, error) {
	sets := make([]labels.Matchers, len(given))
	for i, set := range given {
		sets[i] = make(labels.Matchers, len(set))
		for j, m := range set {
			var err error
			if sets[i][j], err = compile(m); err != nil {
				return nil, err
			}
		}
	}
	return sets, nil
}

func compile(m *labels.Matcher) (*labels.Matcher, error) {
	if m.Type < labels.MatchEqual || m.Type > labels.MatchNotRegexp {
		return nil, unknownType(m.Type)
	}
	return labels.NewMatcher(m.Type, m.Name, m.Value)
}

func unknownType(t labels.MatchType) error {
	return fmt.Errorf("unknown matcher type %q", wireType(t))
}

func checkTimes(s *Silence) error {
	if s.EndsAt.IsZero() {
		return errors.New("invalid zero end timestamp")
	}
	if s.EndsAt.Before(s.StartsAt) {
		return errors.New("end time must not be before start time")
	}
	return nil
}

// mayUpdate says whether a silence can become another one and keep its ID, which
// it can as long as what is past stays true: it silences the same alerts, and
// neither its start nor, once it is active, its end are moved into the past.
func mayUpdate(from, to *Silence, now time.Time) bool {
	if !sameMatchers(from.Matchers, to.Matchers) {
		return false
	}
	switch from.StateAt(now) {
	case Pending:
		return !to.StartsAt.Before(now)
	case Active:
		return from.StartsAt.Unix() == to.StartsAt.Unix() && !to.EndsAt.Before(now)
	}
	return false
}

func sameMatchers(a, b []labels.Matchers) bool {
	return slices.EqualFunc(a, b, func(a, b labels.Matchers) bool {
		return slices.EqualFunc(a, b, func(a, b *labels.Matcher) bool {
			return a == b || a.Type == b.Type && a.Name == b.Name && a.Value == b.Value
		})
	})
}
