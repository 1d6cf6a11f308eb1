package prometheus

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/scrape"
)

type activeTarget struct {
	DiscoveredLabels   labelSet            `json:"discoveredLabels"` // before relabelling
	Labels             labelSet            `json:"labels"`
	ScrapePool         text                `json:"scrapePool"`
	ScrapeURL          text                `json:"scrapeUrl"`
	GlobalURL          text                `json:"globalUrl"`
	LastError          text                `json:"lastError"`
	LastScrape         time.Time           `json:"lastScrape"`
	LastScrapeDuration float64             `json:"lastScrapeDuration"` // seconds
	Health             scrape.TargetHealth `json:"health"`
	ScrapeInterval     text                `json:"scrapeInterval"`
	ScrapeTimeout      text                `json:"scrapeTimeout"`
}

type droppedTarget struct {
	DiscoveredLabels labelSet `json:"discoveredLabels"`
	ScrapePool       text     `json:"scrapePool"`
}

func (a *API) targets(r *http.Request) (*answer, error) {
	params := r.URL.Query()
	only := params.Get("scrapePool")
	state := strings.ToLower(params.Get("state"))
	both := state == "" || state == "any"

	res := struct {
		Active        []activeTarget  `json:"activeTargets"`
		Dropped       []droppedTarget `json:"droppedTargets"`
		DroppedCounts map[string]int  `json:"droppedTargetCounts"`
	}{Active: []activeTarget{}, Dropped: []droppedTarget{}}

	lb := labels.NewBuilder(labels.EmptyLabels())
	if both || state == "active" {
		for pool, t := range eachTarget(a.o.Targets.TargetsActive()) {
			if only == "" || only == pool {
				res.Active = append(res.Active, a.describe(pool, t, lb))
			}
		}
	}
	if both || state == "dropped" {
		res.DroppedCounts = a.o.Targets.TargetsDroppedCounts()
		for pool, t := range eachTarget(a.o.Targets.TargetsDropped()) {
			if only == "" || only == pool {
				res.Dropped = append(res.Dropped, droppedTarget{labelSet(t.DiscoveredLabels(lb)), text(pool)})
			}
		}
	}
	return &answer{data: withLabels{res}}, nil
}

// eachTarget goes through the targets by pool and URL.
func eachTarget(pools map[string][]*scrape.Target) func(yield func(string, *scrape.Target) bool) {
	return func(yield func(string, *scrape.Target) bool) {
		for _, pool := range slices.Sorted(maps.Keys(pools)) {
			ts := slices.Clone(pools[pool])
			slices.SortStableFunc(ts, func(x, y *scrape.Target) int { return cmp.Compare(x.URL().String(), y.URL().String()) })
			for _, t := range ts {
				if !yield(pool, t) {
					return
				}
			}
		}
	}
}

func (a *API) describe(pool string, t *scrape.Target, lb *labels.Builder) activeTarget {
	problem := ""
	if err := t.LastError(); err != nil {
		problem = err.Error()
	}
	global, err := a.globalURL(t.URL())
	if err != nil {
		problem = fmt.Sprintf("%s: %v", problem, err)
	}
	return activeTarget{
		DiscoveredLabels:   labelSet(t.DiscoveredLabels(lb)),
		Labels:             labelSet(t.Labels(lb)),
		ScrapePool:         text(pool),
		ScrapeURL:          text(t.URL().String()),
		GlobalURL:          text(global.String()),
		LastError:          text(problem),
		LastScrape:         t.LastScrape(),
		LastScrapeDuration: t.LastScrapeDuration().Seconds(),
		Health:             t.Health(),
		ScrapeInterval:     text(t.GetValue(model.ScrapeIntervalLabel)),
		ScrapeTimeout:      text(t.GetValue(model.ScrapeTimeoutLabel)),
	}
}

// globalURL makes u, where it names this machine by a loopback address, a URL
// that other machines can follow. It changes and returns u.
func (a *API) globalURL(u *url.URL) (*url.URL, error) {
	host, port := u.Hostname(), u.Port()
	if host != "127.0.0.1" && host != "localhost" && host != "::1" {
		return u, nil
	}
	_, ownPort, err := net.SplitHostPort(a.o.ListenAddress)
	if err != nil {
		return u, err
	}
	external := a.o.ExternalURL
	if port == ownPort { // this very process
		u.Scheme, u.Host = external.Scheme, external.Host
		return u, nil
	}
	// Something else on this machine: at best reached by the same name.
	u.Host = external.Hostname()
	if port != "" {
		u.Host = net.JoinHostPort(u.Host, port)
	}
	return u, nil
}

func (a *API) scrapePools(*http.Request) (*answer, error) {
	names := slices.Sorted(slices.Values(a.o.Targets.ScrapePools()))
	return &answer{data: map[string][]string{"scrapePools": append([]string{}, names...)}}, nil
}

type targetMetadata struct {
	Target labelSet         `json:"target"`
	Metric text             `json:"metric,omitempty"` // empty if the request names it
	Type   model.MetricType `json:"type"`
	Help   text             `json:"help"`
	Unit   text             `json:"unit"`
}

func (a *API) targetMetadata(r *http.Request) (*answer, error) {
	limit, err := optionalInt(r, "limit")
	if err != nil {
		return nil, err
	}
	var matchers []*labels.Matcher
	if s := r.FormValue("match_target"); s != "" {
		if matchers, err = a.o.Engine.Parser().ParseMetricSelector(s); err != nil {
			return nil, badParam("match_target", err)
		}
	}
	metric := r.FormValue("metric")
	lb := labels.NewBuilder(labels.EmptyLabels())
	res := []targetMetadata{}
	for _, t := range eachTarget(a.o.Targets.TargetsActive()) {
		// As in Prometheus the limit is looked at between targets only.
		if limit >= 0 && len(res) >= limit {
			break
		}
		ls := t.Labels(lb)
		if !matchesAll(ls, matchers) {
			continue
		}
		for _, md := range metadataOf(t, metric) {
			out := targetMetadata{Target: labelSet(ls), Type: md.Type, Help: text(md.Help), Unit: text(md.Unit)}
			if metric == "" {
				out.Metric = text(md.MetricFamily)
			}
			res = append(res, out)
		}
	}
	return &answer{data: withLabels{res}}, nil
}

// metadataOf is what a target says of one metric, or of all if none is named.
func metadataOf(t *scrape.Target, metric string) []scrape.MetricMetadata {
	if metric == "" {
		return t.ListMetadata()
	}
	if md, ok := t.GetMetadata(metric); ok {
		return []scrape.MetricMetadata{md}
	}
	return nil
}

func (a *API) metadata(r *http.Request) (*answer, error) {
	limit, err := optionalInt(r, "limit")
	if err != nil {
		return nil, err
	}
	perMetric, err := optionalInt(r, "limit_per_metric")
	if err != nil {
		return nil, err
	}
	found := map[string][]metadata.Metadata{}
	for _, t := range eachTarget(a.o.Targets.TargetsActive()) {
		for _, md := range metadataOf(t, r.FormValue("metric")) {
			m := metadata.Metadata{Type: md.Type, Help: md.Help, Unit: md.Unit}
			have := found[md.MetricFamily]
			if slices.Contains(have, m) || perMetric > 0 && len(have) >= perMetric {
				continue
			}
			found[md.MetricFamily] = append(have, m)
		}
	}
	if limit >= 0 && limit < len(found) {
		for _, name := range slices.Sorted(maps.Keys(found))[limit:] {
			delete(found, name)
		}
	}
	return &answer{data: found}, nil
}

type alertmanagerURL struct {
	URL string `json:"url"`
}

func (a *API) alertmanagers(*http.Request) (*answer, error) {
	list := func(urls []*url.URL) []alertmanagerURL {
		out := make([]alertmanagerURL, len(urls))
		for i, u := range urls {
			out[i].URL = u.String()
		}
		return out
	}
	return &answer{data: map[string][]alertmanagerURL{
		"activeAlertmanagers":  list(a.o.Alertmanagers()),
		"droppedAlertmanagers": list(a.o.DroppedAlertmanagers()),
	}}, nil
}
