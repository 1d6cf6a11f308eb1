package web

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/regexpbudget"
)

// maxLink bounds the links that carry matchers: proxies and servers refuse lines
// that are much longer.
const maxLink = 8000

// parseMatchers reads matchers as people write them: on each line one or more, with
// or without braces, as the API's filters have them. All of them are meant together.
// Lines are read one by one, because the classic syntax would take a line break for
// a part of the value before it.
func parseMatchers(text string) (labels.Matchers, error) {
	var all labels.Matchers
	var budget regexpbudget.Budget
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		ms, err := compat.Matchers(line, "web")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", clip(line), err)
		}
		for _, m := range ms {
			if m.Type != labels.MatchRegexp && m.Type != labels.MatchNotRegexp {
				continue
			}
			if err := budget.Spend(m.Value); err != nil {
				return nil, fmt.Errorf("%s: %w", clip(line), err)
			}
		}
		all = append(all, ms...)
	}
	return all, nil
}

// matcherLines is how a form shows matchers: one a line.
func matcherLines(ms labels.Matchers) string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = m.String()
	}
	return strings.Join(lines, "\n")
}

// equalTo are the matchers of what has these labels, in the order of their names.
func equalTo(ls model.LabelSet) labels.Matchers {
	ms := make(labels.Matchers, 0, len(ls))
	for _, name := range slices.Sorted(maps.Keys(ls)) {
		ms = append(ms, &labels.Matcher{Type: labels.MatchEqual, Name: string(name), Value: string(ls[name])})
	}
	return ms
}

// matchesAny reports whether all matchers of at least one set match.
func matchesAny(sets []labels.Matchers, ls model.LabelSet) bool {
	return slices.ContainsFunc(sets, func(ms labels.Matchers) bool { return ms.Matches(ls) })
}

// silenceLink leads to the form of a new silence for all that has these labels. It is
// empty if there can be none: without labels, or with such as no link can carry.
func (web *Web) silenceLink(r *request, ls model.LabelSet) string {
	if web.o.Silences == nil || len(ls) == 0 {
		return ""
	}
	link := r.base + "silences/new?" + url.Values{"filter": {equalTo(ls).String()}}.Encode()
	if len(link) > maxLink {
		return ""
	}
	return link
}

// matcherView is a matcher as pages show it.
type matcherView struct {
	Name, Type, Value string
}

// matcherViews shows each set of matchers.
func matcherViews(sets []labels.Matchers) [][]matcherView {
	out := make([][]matcherView, len(sets))
	for i, ms := range sets {
		for _, m := range ms {
			out[i] = append(out[i], matcherView{Name: clip(m.Name), Type: m.Type.String(), Value: clip(m.Value)})
		}
	}
	return out
}
