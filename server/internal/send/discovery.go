package send

import (
	"context"
	"errors"

	clientprometheus "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/targetgroup"
)

// newDiscovery returns what finds Alertmanagers until ctx ends.
func (s *Sender) newDiscovery(ctx context.Context) (*discovery.Manager, error) {
	registerer, sdMetrics := s.opts.DiscoveryRegisterer, s.opts.DiscoveryMetrics
	if registerer == nil {
		registerer = clientprometheus.NewRegistry()
	}
	if sdMetrics == nil {
		var err error
		if sdMetrics, err = discovery.CreateAndRegisterSDMetrics(clientprometheus.NewRegistry()); err != nil {
			return nil, err
		}
	}
	manager := discovery.NewManager(ctx, s.opts.Logger, registerer, sdMetrics,
		discovery.Name("notify"), discovery.Updatert(s.opts.discoveryInterval))
	if manager == nil {
		return nil, errors.New("discovery of Alertmanagers could not be started; the log says why")
	}
	return manager, nil
}

// discoveryConfigs returns what the discovery manager has to find, by set. The
// caller holds mu.
func (s *Sender) discoveryConfigs() map[string]discovery.Configs {
	configs := make(map[string]discovery.Configs, len(s.sets))
	for _, set := range s.sets {
		configs[set.name] = set.dynamic
	}
	return configs
}

// discovered takes note of what discovery has found.
func (s *Sender) discovered(groups map[string][]*targetgroup.Group) {
	s.change.Lock()
	defer s.change.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, set := range s.sets {
		found, ok := groups[set.name]
		if !ok {
			continue
		}
		set.discovered = found
		spare := make(queues)
		for _, q := range set.queues {
			spare.put(q)
		}
		s.fill(set, spare)
		s.retire(spare)
	}
}
