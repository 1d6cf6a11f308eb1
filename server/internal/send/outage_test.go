package send

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/rule"
	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/notifier"
	"pgregory.net/rapid"
)

// period is a time in the life of an Alertmanager, at the beginning of which its
// state changes, and in which alerts are sent.
type period struct {
	state string // up, or how it fails
	news  []sending
	rest  time.Duration // after the last of the news; long enough for another attempt
}

// sending is news of some alerts after a while.
type sending struct {
	after  time.Duration
	alerts []string
}

// knower is an Alertmanager that remembers the latest news of each alert.
type knower struct {
	mu    sync.Mutex // guards what follows
	state string
	knows map[string]int
	wrong string // what should never have happened
}

func (k *knower) become(state string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.state = state
}

func (k *knower) RoundTrip(r *http.Request) (*http.Response, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	status := http.StatusOK
	switch k.state {
	case "refusing":
		return nil, errors.New("connection refused")
	case "hanging":
		k.mu.Unlock()
		<-r.Context().Done()
		k.mu.Lock()
		return nil, r.Context().Err()
	case "overloaded":
		status = http.StatusServiceUnavailable
	case "picky":
		status = http.StatusBadRequest
	default:
		var alerts []struct{ Labels, Annotations map[string]string }
		if err := json.NewDecoder(r.Body).Decode(&alerts); err != nil {
			k.wrong = err.Error()
		}
		for _, a := range alerts {
			name := a.Labels["alertname"]
			number, err := strconv.Atoi(a.Annotations["number"])
			if err != nil || number <= k.knows[name] {
				k.wrong = fmt.Sprintf("%s: number %d after %d: %v", name, number, k.knows[name], err)
			}
			k.knows[name] = number
		}
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

func (k *knower) number(name string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.knows[name]
}

// Whatever becomes of an Alertmanager, and whatever alerts do meanwhile: by the
// end of each period it knows of every alert at least what Prometheus would have
// told it, and, where it is up, the latest.
func TestAnOutageCostsLessThanWithPrometheus(t *testing.T) {
	names := []string{"a", "b", "c", "d"}
	rapid.Check(t, func(rt *rapid.T) {
		life := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) period {
			return period{
				state: rapid.SampledFrom([]string{"up", "up", "refusing", "hanging", "overloaded", "picky"}).Draw(t, "state"),
				news: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) sending {
					return sending{
						after:  time.Duration(rapid.IntRange(0, 20_000).Draw(t, "after")) * time.Millisecond,
						alerts: rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, 4, rapid.ID).Draw(t, "alerts"),
					}
				}), 0, 4).Draw(t, "news"),
				rest: longPause + 2*requestTimeout + time.Duration(rapid.IntRange(0, 30).Draw(t, "rest"))*time.Second,
			}
		}), 1, 12).Draw(rt, "life")
		var complaint string
		synctest.Test(t, func(t *testing.T) { complaint = live(t, life, names) })
		if complaint != "" {
			rt.Fatal(complaint)
		}
	})
}

const requestTimeout = time.Second

// live plays the life of two Alertmanagers, to one of which Prometheus' notifier
// sends, and returns what is wrong with the other.
func live(t *testing.T, life []period, names []string) string {
	theirs, ours := &knower{knows: make(map[string]int)}, &knower{knows: make(map[string]int)}
	targets := make(chan map[string][]*targetgroup.Group)
	manager := notifier.NewManager(&notifier.Options{
		QueueCapacity: 100, MaxBatchSize: 2,
		Do: func(ctx context.Context, _ *http.Client, r *http.Request) (*http.Response, error) {
			return theirs.RoundTrip(r.WithContext(ctx))
		},
	}, model.UTF8Validation, nil)
	cfg := load(t, oneAlertmanager("am:9093", "timeout: "+requestTimeout.String()))
	if err := manager.ApplyConfig(cfg); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { manager.Run(targets) })
	for range 2 { // the second is taken when the first has been dealt with
		targets <- map[string][]*targetgroup.Group{"config-0": {{Targets: []model.LabelSet{{model.AddressLabel: "am:9093"}}}}}
	}
	s := New(Options{BatchSize: 2, QueueCapacity: 100})
	q := newQueue(&url.URL{Scheme: "http", Host: "am:9093"}, s.opts, s.metrics)
	q.use(transport{client: &http.Client{Transport: ours}, timeout: requestTimeout})
	end := runQueue(q)
	defer func() {
		end()
		manager.Stop()
		running.Wait()
	}()

	number := 0
	latest := make(map[string]int)
	for i, p := range life {
		theirs.become(p.state)
		ours.become(p.state)
		for _, n := range p.news {
			time.Sleep(n.after)
			var alerts []rule.Alert
			for _, name := range n.alerts {
				number++
				latest[name] = number
				alerts = append(alerts, rule.Alert{
					Labels: labels.FromStrings("alertname", name), Annotations: labels.FromStrings("number", strconv.Itoa(number)),
					EndsAt: time.Now().Add(24 * time.Hour),
				})
			}
			for _, a := range alerts {
				manager.Send(&notifier.Alert{Labels: a.Labels, Annotations: a.Annotations, EndsAt: a.EndsAt})
			}
			q.add((&set{queues: []*queue{q}, cfg: &promconfig.AlertmanagerConfig{}}).messages(alerts))
		}
		time.Sleep(p.rest)
		synctest.Wait()
		for _, name := range names {
			got, want := ours.number(name), theirs.number(name)
			if got < want {
				return fmt.Sprintf("after period %d of %v: %s is known at %d, with Prometheus at %d", i, life, name, got, want)
			}
			if p.state == "up" && got != latest[name] && !refusedOnce(life[:i]) {
				return fmt.Sprintf("after period %d of %v: %s is known at %d, but is at %d", i, life, name, got, latest[name])
			}
		}
	}
	ours.mu.Lock()
	defer ours.mu.Unlock()
	return ours.wrong
}

// refusedOnce reports whether alerts may have been refused as wrong, which neither
// sends again.
func refusedOnce(life []period) bool {
	for _, p := range life {
		if p.state == "picky" {
			return true
		}
	}
	return false
}
