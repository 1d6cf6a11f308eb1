package alertmanager

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/internal/peertest"
)

// pair is ours and a real Alertmanager with the same configuration, which are sent
// the same requests.
type pair struct {
	ours, theirs *server
	begin        time.Time
	differences  int
}

// server is one of the two.
type server struct {
	addr string
	ids  []string // of the silences it made, in order
}

// newPair starts both. The real one is built at version 0.34.2.
func newPair(t *testing.T, yaml string, o Options) *pair {
	t.Helper()
	o.Version = Version{Version: "0.34.2"} // amtool compares it with its own
	f := newFixtureWith(t, yaml, o)
	srv := httptest.NewServer(f.mux)
	t.Cleanup(srv.Close)
	var flags []string
	if o.CORSOrigin != nil {
		flags = append(flags, "--web.cors.origin="+strings.TrimSuffix(strings.TrimPrefix(o.CORSOrigin.String(), "^(?:"), ")$"))
	}
	p := &pair{
		ours:   &server{addr: srv.Listener.Addr().String()},
		theirs: &server{addr: startAlertmanager(t, peertest.Alertmanager(t), yaml, flags...)},
		begin:  time.Now(),
	}
	return p
}

// startAlertmanager runs a real Alertmanager until the test ends and returns its
// address.
func startAlertmanager(t *testing.T, binary, yaml string, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	var log bytes.Buffer
	cmd := exec.Command(binary, append([]string{"--config.file=" + file, "--storage.path=" + dir, "--web.listen-address=" + address, "--cluster.listen-address="}, flags...)...)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
		if t.Failed() && testing.Verbose() {
			t.Logf("alertmanager:\n%s", log.String())
		}
	})
	for deadline := time.Now().Add(30 * time.Second); ; {
		if answer := (&server{addr: address}).send(t, &request{method: "GET", path: "/api/v2/status"}); answer.status == http.StatusOK {
			return address
		}
		select {
		case <-exited:
			t.Fatalf("alertmanager ended:\n%s", log.String())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("alertmanager does not answer")
		}
	}
}

// request is what is sent, byte for byte. In path and body, {id:N} stands for the
// ID of the Nth silence that the server made.
type request struct {
	name         string
	method, path string
	header       []string // "Name: value"
	body         string
	chunked      bool // the body is sent without its length
}

func post(path, body string) *request {
	return &request{method: "POST", path: path, body: body, header: []string{"Content-Type: application/json"}}
}

func get(path string) *request { return &request{method: "GET", path: path} }

func (r *request) String() string {
	body := r.body
	if len(body) > 300 {
		body = body[:300] + "..."
	}
	return fmt.Sprintf("%s: %s %s %q %s", r.name, r.method, r.path, r.header, body)
}

// answer is what came back. Status 0 is a connection that was closed instead.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) String() string {
	var s strings.Builder
	fmt.Fprintln(&s, a.status)
	for _, name := range slices.Sorted(maps.Keys(a.header)) {
		fmt.Fprintf(&s, "%s: %q\n", name, a.header[name])
	}
	return s.String() + a.body
}

// reporter is a test, or one run of a property.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// send sends a request on a connection of its own.
func (s *server) send(t reporter, r *request) answer {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		return answer{}
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	path, body := s.fill(r.path), s.fill(r.body)
	var raw strings.Builder
	fmt.Fprintf(&raw, "%s %s HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n", r.method, path)
	for _, h := range r.header {
		fmt.Fprintf(&raw, "%s\r\n", h)
	}
	given := slices.ContainsFunc(r.header, func(h string) bool { return strings.HasPrefix(h, "Content-Length:") })
	switch {
	case r.chunked:
		fmt.Fprintf(&raw, "Transfer-Encoding: chunked\r\n\r\n")
		if body != "" {
			fmt.Fprintf(&raw, "%x\r\n%s\r\n", len(body), body)
		}
		fmt.Fprintf(&raw, "0\r\n\r\n")
	case body != "" && !given:
		fmt.Fprintf(&raw, "Content-Length: %d\r\n\r\n%s", len(body), body)
	default:
		fmt.Fprintf(&raw, "\r\n%s", body)
	}
	// A server may answer, and close, before it has read all.
	_, _ = io.WriteString(conn, raw.String())
	if given {
		_ = conn.(*net.TCPConn).CloseWrite() // no more will come
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: strings.ToUpper(r.method)})
	if err != nil {
		return answer{}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: body: %v", r, err)
	}
	return answer{resp.StatusCode, resp.Header, string(b)}
}

var placeholder = regexp.MustCompile(`\{id:(\d+)\}`)

func (s *server) fill(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		var n int
		fmt.Sscanf(p, "{id:%d}", &n)
		if n < len(s.ids) {
			return s.ids[n]
		}
		return "00000000-0000-0000-0000-000000000000"
	})
}

var (
	newID     = regexp.MustCompile(`^\{"silenceID":"([^"]+)"\}\n$`)
	timestamp = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)"`)
	inhibitor = regexp.MustCompile(`"inhibitedBy":\["[0-9a-f]+"\]`)
	silencers = regexp.MustCompile(`"silencedBy":\[[^\]]*\]`)
	allowed   = regexp.MustCompile(`\[([A-Z,]+)\] are`)
	program   = regexp.MustCompile(`"config":\{"original":"(\\.|[^"\\])*"\},"uptime":"[^"]*","versionInfo":\{.*\}\}`)
)

const silencersBegin = `"silencedBy":[`

// normal writes an answer without what must differ from one server to the other:
// the date; the IDs that a server gave to silences, and their order; which of several
// alerts that could is named as the one that inhibits; times that are those of the
// test itself, or a resolve timeout later; the order of the methods that are
// allowed, which is a random one there; and which program it is, since when, and how
// it writes its configuration (TestSameConfig).
func (p *pair) normal(s *server, a answer) string {
	a.header = a.header.Clone()
	if a.header != nil {
		a.header.Del("Date")
		a.header.Del("Content-Length") // of a body that is compared
	}
	for i := range a.header["Allow"] {
		methods := strings.Split(a.header["Allow"][i], ",")
		slices.Sort(methods)
		a.header["Allow"][i] = strings.Join(methods, ",")
	}
	a.body = allowed.ReplaceAllStringFunc(a.body, func(list string) string {
		methods := strings.Split(strings.Trim(strings.TrimSuffix(list, " are"), "[]"), ",")
		slices.Sort(methods)
		return fmt.Sprint(methods)
	})
	for n, id := range s.ids {
		a.body = strings.ReplaceAll(a.body, id, fmt.Sprintf("{id:%d}", n))
	}
	a.body = inhibitor.ReplaceAllString(a.body, `"inhibitedBy":["{fingerprint}"]`)
	a.body = silencers.ReplaceAllStringFunc(a.body, func(list string) string {
		ids := strings.Split(strings.TrimSuffix(strings.TrimPrefix(list, silencersBegin), "]"), ",")
		slices.Sort(ids)
		return silencersBegin + strings.Join(ids, ",") + "]"
	})
	a.body = timestamp.ReplaceAllStringFunc(a.body, func(quoted string) string {
		at, err := time.Parse(time.RFC3339Nano, strings.Trim(quoted, `"`))
		for name, shift := range map[string]time.Duration{"now": 0, "now and a resolve timeout": 5 * time.Minute} {
			// Servers write milliseconds, cut off.
			if shifted := at.Add(-shift); err == nil && !shifted.Before(p.begin.Add(-time.Second)) && !shifted.After(time.Now().Add(time.Second)) {
				return `"` + name + `"`
			}
		}
		return quoted
	})
	a.body = program.ReplaceAllString(a.body, "{program}}")
	return a.String()
}

// both sends a request to both and returns the normal form of their answers.
func (p *pair) both(t reporter, r *request) (ours, theirs string) {
	t.Helper()
	var normal [2]string
	for i, s := range []*server{p.ours, p.theirs} {
		a := s.send(t, r)
		if m := newID.FindStringSubmatch(a.body); m != nil && !slices.Contains(s.ids, m[1]) {
			s.ids = append(s.ids, m[1])
		}
		normal[i] = p.normal(s, a)
	}
	return normal[0], normal[1]
}

// settle is how long a difference may last: both take alerts into their groups,
// and among those that inhibit, a little after they have answered.
const settle = 10 * time.Second

// compare sends a request to both and reports a difference between their answers.
func (p *pair) compare(t reporter, r *request) {
	t.Helper()
	ours, theirs := p.both(t, r)
	if ours != theirs && r.method == "GET" && strings.HasPrefix(r.path, "/api/v2/alerts") && p.differences == 0 {
		again := time.NewTicker(20 * time.Millisecond)
		defer again.Stop()
		for deadline := time.Now().Add(settle); ours != theirs && time.Now().Before(deadline); {
			<-again.C
			ours, theirs = p.both(t, r)
		}
	}
	if ours != theirs {
		if p.differences++; p.differences > 20 {
			t.Fatal("too many differences")
		}
		same := 0
		for same < min(len(ours), len(theirs)) && ours[same] == theirs[same] {
			same++
		}
		window := func(s string) string { return s[max(0, same-300):min(len(s), same+300)] }
		t.Errorf("%s\n got ... %s\nwant ... %s", r, window(ours), window(theirs))
	}
}
