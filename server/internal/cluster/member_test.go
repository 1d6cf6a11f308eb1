package cluster_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/cresset-metrics/cresset/internal/peertest"
	"github.com/cresset-metrics/cresset/server/internal/cluster"
)

// What Alertmanager's package starts for a member goes on until the process ends:
// it has no way to stop it.
func TestMain(m *testing.M) {
	const memberlist, gossip = "github.com/hashicorp/memberlist.", "github.com/prometheus/alertmanager/cluster."
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction(memberlist+"(*Memberlist).streamListen"),
		goleak.IgnoreAnyFunction(memberlist+"(*Memberlist).packetListen"),
		goleak.IgnoreAnyFunction(memberlist+"(*Memberlist).packetHandler"),
		goleak.IgnoreAnyFunction(memberlist+"(*Memberlist).triggerFunc"),
		goleak.IgnoreAnyFunction(memberlist+"(*Memberlist).pushPullTrigger"),
		goleak.IgnoreAnyFunction(memberlist+"(*Memberlist).checkBroadcastQueueDepth"),
		goleak.IgnoreAnyFunction(memberlist+"(*NetTransport).tcpListen"),
		goleak.IgnoreAnyFunction(memberlist+"(*NetTransport).udpListen"),
		goleak.IgnoreAnyFunction(memberlist+"(*Memberlist).Leave"), // of one who found nobody to tell, for 10 s
		goleak.IgnoreAnyFunction(gossip+"(*TLSTransport).listen"),
		goleak.IgnoreAnyFunction(gossip+"(*TLSTransport).handle"),
	)
}

// words is a state: a set to which words are added.
type words struct {
	mu        sync.Mutex // guards what follows
	known     map[string]bool
	broadcast func([]byte)
	refuse    error // said of whatever is merged or asked for
}

func (w *words) MarshalBinary() ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse != nil {
		return nil, w.refuse
	}
	return json.Marshal(w.known)
}

func (w *words) Merge(now time.Time, b []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse != nil {
		return w.refuse
	}
	if off := time.Since(now); off < 0 || off > time.Minute {
		return fmt.Errorf("the time is %v off", off)
	}
	var others map[string]bool
	if err := json.Unmarshal(b, &others); err != nil {
		return err
	}
	for word := range others {
		if !w.known[word] {
			w.add(word)
		}
	}
	return nil
}

func (w *words) SetBroadcast(f func([]byte)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broadcast = f
}

func (w *words) Add(word string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.add(word)
}

// add is called with the lock held.
func (w *words) add(word string) {
	if w.known == nil {
		w.known = make(map[string]bool)
	}
	w.known[word] = true
	change, err := json.Marshal(map[string]bool{word: true})
	if err != nil {
		panic(err)
	}
	if w.broadcast != nil {
		w.broadcast(change)
	}
}

func (w *words) has(word string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.known[word]
}

// member is a copy that a test runs.
type member struct {
	*cluster.Cluster
	registry *prometheus.Registry
	log      *logBuffer
	words    words
	other    words

	cancel context.CancelFunc
	ended  chan error
}

// logBuffer is a log that can be read while it is written.
type logBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logBuffer) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.buf.String(), text)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// options are such that a cluster is quick, for a member of the name.
func options(name string, peers ...string) cluster.Options {
	o := cluster.DefaultOptions()
	o.ListenAddress = "127.0.0.1:0"
	o.PeerName = name
	o.Peers = peers
	o.GossipInterval = 20 * time.Millisecond
	o.ProbeInterval = 200 * time.Millisecond
	o.ReconnectInterval = 100 * time.Millisecond
	return o
}

// newMember makes a member that does not run yet.
func newMember(t testing.TB, o cluster.Options) *member {
	t.Helper()
	m := &member{registry: prometheus.NewRegistry(), log: &logBuffer{}, ended: make(chan error, 1)}
	o.Registerer = m.registry
	o.Logger = slog.New(slog.NewTextHandler(m.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	if m.Cluster, err = cluster.New(o); err != nil {
		t.Fatal(err)
	}
	m.Share("words", &m.words)
	m.Share("other", &m.other)
	return m
}

// run runs the member until the test ends, or leave is called.
func (m *member) run(t testing.TB) *member {
	t.Helper()
	var ctx context.Context
	ctx, m.cancel = context.WithCancel(context.Background()) // it is to leave after those that a test adds
	go func() { m.ended <- m.Run(ctx) }()
	t.Cleanup(func() {
		m.leave(t)
		if t.Failed() {
			t.Logf("%s logged:\n%s", m.Status().Name, m.log)
		}
	})
	return m
}

func (m *member) leave(t testing.TB) {
	t.Helper()
	m.cancel()
	if err := <-m.ended; err != nil {
		t.Errorf("Run: got %v, want nil", err)
	}
	m.ended <- nil // to be found by the next
}

// start runs a member that knows the peers.
func start(t testing.TB, name string, peers ...*member) *member {
	t.Helper()
	o := options(name)
	for _, p := range peers {
		o.Peers = append(o.Peers, p.Addr())
	}
	return newMember(t, o).run(t)
}

// names are those of the members that a member sees, by position.
func (m *member) names() string {
	s := ""
	for _, p := range m.Status().Peers {
		s += p.Name
	}
	return s
}

// meet waits until every member sees these members.
func meet(t testing.TB, names string, members ...*member) {
	t.Helper()
	peertest.Wait(t, func() bool {
		return !slices.ContainsFunc(members, func(m *member) bool { return m.names() != names })
	}, "the members never saw %s", names)
}

// counter returns the value of a counter or gauge, of all its series together.
func (m *member) counter(t testing.TB, name string) (sum float64) {
	t.Helper()
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, s := range f.Metric {
			sum += s.GetCounter().GetValue() + s.GetGauge().GetValue()
		}
		return sum
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

// freeAddress returns one that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
