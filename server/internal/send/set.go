package send

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"reflect"

	"github.com/cresset-metrics/cresset/server/internal/rule"
	commonconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
	"github.com/prometheus/sigv4"
)

// pathLabel holds the path of a target, for relabelling to change.
const pathLabel = "__alerts_path__"

// set is an entry of alerting.alertmanagers and what came of it.
type set struct {
	name   string // what the discovery manager calls it
	cfg    *promconfig.AlertmanagerConfig
	client *http.Client
	logger *slog.Logger

	static  []*targetgroup.Group // known from the configuration alone
	dynamic discovery.Configs    // what has to be discovered

	// What follows the Sender's mu guards.
	discovered []*targetgroup.Group
	queues     []*queue   // one per Alertmanager
	dropped    []*url.URL // Alertmanagers that relabelling drops
}

func newSet(name string, cfg *promconfig.AlertmanagerConfig, logger *slog.Logger) (*set, error) {
	client, err := commonconfig.NewClientFromConfig(cfg.HTTPClientConfig, "alertmanager")
	if err != nil {
		return nil, err
	}
	if client.CheckRedirect == nil { // it is there if redirects are not to be followed
		client.CheckRedirect = checkRedirect
	}
	if cfg.SigV4Config != nil {
		if client.Transport, err = sigv4.NewSigV4RoundTripper(cfg.SigV4Config, client.Transport); err != nil {
			return nil, fmt.Errorf("sigv4: %w", err)
		}
	}
	s := &set{name: name, cfg: cfg, client: client, logger: logger}
	for _, c := range cfg.ServiceDiscoveryConfigs {
		if static, ok := c.(discovery.StaticConfig); ok {
			s.static = append(s.static, static...)
		} else {
			s.dynamic = append(s.dynamic, c)
		}
	}
	return s, nil
}

// inherit takes over what old has discovered, if both discover the same: after a
// reload, alerts need not wait for discovery to find everything again.
func (s *set) inherit(old *set) {
	if s.discovered == nil && len(s.dynamic) > 0 && reflect.DeepEqual(s.dynamic, old.dynamic) {
		s.discovered = old.discovered
	}
}

// urls returns where the alerts of the set go, each URL once, and where they
// would go if relabelling did not drop the target.
func (s *set) urls() (urls, dropped []*url.URL) {
	seen := make(map[string]bool)
	for _, groups := range [][]*targetgroup.Group{s.static, s.discovered} {
		for _, g := range groups {
			for _, target := range g.Targets {
				u, keep, err := s.url(g, target)
				switch {
				case err != nil:
					s.logger.Error("A target is no Alertmanager's address", "target", target, "source", g.Source, "err", err)
				case !keep:
					dropped = append(dropped, u)
				case !seen[u.String()]:
					seen[u.String()] = true
					urls = append(urls, u)
				}
			}
		}
	}
	return urls, dropped
}

// url returns the URL that alerts for a target are posted to. If relabelling
// drops the target, it is the URL of before, not to be kept.
func (s *set) url(g *targetgroup.Group, target model.LabelSet) (u *url.URL, keep bool, err error) {
	b := labels.NewBuilder(labels.EmptyLabels())
	for name, value := range target {
		b.Set(string(name), string(value))
	}
	b.Set(model.SchemeLabel, s.cfg.Scheme)
	b.Set(pathLabel, path.Join("/", s.cfg.PathPrefix, "/api", string(s.cfg.APIVersion), "alerts"))
	for name, value := range g.Labels { // these override the configuration, but not the target
		if _, ok := target[name]; !ok {
			b.Set(string(name), string(value))
		}
	}
	before := urlOf(b)
	if !relabel.ProcessBuilder(b, s.cfg.RelabelConfigs...) {
		return before, false, nil
	}
	u = urlOf(b)
	if u.Host == "" {
		return nil, false, fmt.Errorf("no %s", model.AddressLabel)
	}
	if err := promconfig.CheckTargetAddress(model.LabelValue(u.Host)); err != nil {
		return nil, false, err
	}
	return u, true, nil
}

func urlOf(b *labels.Builder) *url.URL {
	return &url.URL{Scheme: b.Get(model.SchemeLabel), Host: b.Get(model.AddressLabel), Path: b.Get(pathLabel)}
}

// relabelAlerts adds the external labels that an alert does not have itself, and
// applies relabelling, which may drop alerts. Labels without a value go.
func relabelAlerts(alerts []rule.Alert, external labels.Labels, configs []*relabel.Config) []rule.Alert {
	relabelled := make([]rule.Alert, 0, len(alerts))
	b := labels.NewBuilder(labels.EmptyLabels())
	for _, a := range alerts {
		b.Reset(a.Labels)
		external.Range(func(l labels.Label) {
			if a.Labels.Get(l.Name) == "" {
				b.Set(l.Name, l.Value)
			}
		})
		if relabel.ProcessBuilder(b, configs...) {
			a.Labels = b.Labels()
			relabelled = append(relabelled, a)
		}
	}
	return relabelled
}

// messages returns what the Alertmanagers of the set are told of alerts.
func (s *set) messages(alerts []rule.Alert) []message {
	if len(s.queues) == 0 {
		return nil
	}
	if len(s.cfg.AlertRelabelConfigs) > 0 {
		alerts = relabelAlerts(alerts, labels.EmptyLabels(), s.cfg.AlertRelabelConfigs)
	}
	messages := make([]message, len(alerts))
	var buf [1024]byte
	for i, a := range alerts {
		messages[i] = message{Alert: a, key: string(a.Labels.Bytes(buf[:]))}
	}
	return messages
}
