// Package replace_test builds programs twice, with client_golang and with this
// module in its place, runs both and compares what they expose.
package replace_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// TestMiddleware compares the pages of a program with middleware for HTTP, gRPC,
// connections and OpenTelemetry down to their series. Only values differ.
func TestMiddleware(t *testing.T) {
	dir := filepath.Join("testdata", "middleware")
	plain := start(t, build(t, dir, "go.mod", "."), nil, regexp.MustCompile(`^(127\.0\.0\.1:\d+)$`))
	replaced := start(t, build(t, dir, "replaced.mod", "."), nil, regexp.MustCompile(`^(127\.0\.0\.1:\d+)$`))
	for _, path := range []string{"/metrics", "/openmetrics"} {
		want, got := page(t, plain, path), page(t, replaced, path)
		for _, name := range []string{
			"own", "wrapped_seconds", "summary", "handler_requests", "go_goroutines",
			"http_request_duration_seconds", "grpc_server_handled", "grpc_client_handling_seconds",
			"net_conntrack_dialer_conn_established", "otel_duration_seconds",
		} {
			if want.families[name] == "" && want.families[name+"_total"] == "" {
				t.Errorf("%s: the program does not expose %s with client_golang either", path, name)
			}
		}
		compare(t, path, got.families, want.families)
		compare(t, path, got.series, want.series)
		compare(t, path+", the other way round", want.series, got.series)
	}
	compare(t, "protobuf", messages(t, replaced), messages(t, plain))
}

// TestServer compares the families of the server, which embeds parts of Prometheus
// and of Alertmanager.
func TestServer(t *testing.T) {
	dir := filepath.Join("..", "..", "server")
	address := regexp.MustCompile(`Listening on.* address=(127\.0\.0\.1:\d+)`)
	serve := func() []string {
		return []string{"serve", "--web.listen-address=127.0.0.1:0", "--storage.path=" + t.TempDir()}
	}
	plain := start(t, build(t, dir, "go.mod", "./cmd/cresset"), serve(), address)
	want := page(t, plain, "/metrics")
	for _, family := range []string{"prometheus_tsdb_head_series", "prometheus_engine_query_duration_seconds", "alertmanager_notifications_total"} {
		if want.families[family] == "" {
			t.Errorf("the server does not expose %s with client_golang either", family)
		}
	}
	replaced := start(t, build(t, dir, serverMod(t, dir), "./cmd/cresset"), serve(), address)
	// A family of a vector is there from the first time that something happens.
	var got exposed
	await(t, func() error {
		got = page(t, replaced, "/metrics")
		if names := missing(got.families, want.families); len(names) > 0 {
			return fmt.Errorf("missing: %s", strings.Join(names, ", "))
		}
		return nil
	})
	compare(t, "server", got.families, want.families)
	t.Logf("%d families with client_golang, %d without", len(want.families), len(got.families))
}

// serverMod returns a go.mod for the server with one line more.
func serverMod(t *testing.T, dir string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "replaced.mod")
	for from, to := range map[string]string{"go.mod": copied, "go.sum": strings.TrimSuffix(copied, ".mod") + ".sum"} {
		content, err := os.ReadFile(filepath.Join(dir, from))
		if err == nil {
			err = os.WriteFile(to, content, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	goCommand(t, dir, "mod", "edit", "-replace=github.com/prometheus/client_golang="+here, copied)
	return copied
}

// build returns the program that a package makes with a go.mod that need not be
// the one of its module. Its name is always the same.
func build(t *testing.T, dir, modfile, pkg string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	goCommand(t, dir, "build", "-modfile="+modfile, "-o", program, pkg)
	return program
}

func goCommand(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("in %s, go %s: %v\n%s", dir, strings.Join(args, " "), err, out)
	}
}

// start runs a program until the test ends and returns the address that it
// prints when it is ready to answer.
func start(t *testing.T, program string, args []string, ready *regexp.Regexp) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = t.TempDir()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, write := io.Pipe()
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		_ = cmd.Wait()
		_ = write.Close()
	})
	found := make(chan string, 1)
	running.Go(func() {
		defer close(found)
		for lines := bufio.NewScanner(output); lines.Scan(); {
			if match := ready.FindStringSubmatch(lines.Text()); match != nil {
				found <- match[1]
				break
			}
			t.Log(lines.Text())
		}
		_, _ = io.Copy(io.Discard, output)
	})
	t.Cleanup(func() {
		_ = stdin.Close()
		cancel()
		running.Wait()
	})
	select {
	case address, ok := <-found:
		if !ok {
			t.Fatalf("%s %s ended before it was ready", program, strings.Join(args, " "))
		}
		return address
	case <-time.After(time.Minute):
		t.Fatalf("%s %s does not say where it listens", program, strings.Join(args, " "))
		return ""
	}
}

// exposed is what stands on a page, without the values: the metadata of each
// family and the families of the series, each by its name.
type exposed struct{ families, series map[string]string }

// page scrapes a program. What answers in OpenMetrics may do so.
func page(t *testing.T, address, path string) exposed {
	t.Helper()
	return parse(string(scrape(t, address+path, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")))
}

// messages scrapes a program in protobuf and tells of each metric what its
// message is made of.
func messages(t *testing.T, address string) map[string]string {
	t.Helper()
	format := expfmt.NewFormat(expfmt.TypeProtoDelim)
	all := make(map[string]string)
	for d := expfmt.NewDecoder(bytes.NewReader(scrape(t, address+"/metrics", string(format))), format); ; {
		var mf dto.MetricFamily
		if err := d.Decode(&mf); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if changing.MatchString(mf.GetName()) {
			continue
		}
		for _, m := range mf.GetMetric() {
			h := m.GetHistogram()
			all[fmt.Sprint(mf.GetName(), m.GetLabel())] = fmt.Sprintf("%s %q, unit %q: %d buckets, schema %d, spans %v, %d quantiles, created %t",
				mf.GetType(), mf.GetHelp(), mf.GetUnit(), len(h.GetBucket()), h.GetSchema(), h.GetPositiveSpan(), len(m.GetSummary().GetQuantile()),
				h.GetCreatedTimestamp() != nil || m.GetCounter().GetCreatedTimestamp() != nil || m.GetSummary().GetCreatedTimestamp() != nil)
		}
	}
}

// scrape returns what a program answers.
func scrape(t *testing.T, url, accept string) []byte {
	t.Helper()
	var body []byte
	await(t, func() error {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+url, nil)
		if err != nil {
			return err
		}
		r.Header.Set("Accept", accept)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }()
		if body, err = io.ReadAll(res.Body); res.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s: %s", res.Status, body)
		}
		return err
	})
	return body
}

// await waits until a condition holds, for a minute at most.
func await(t *testing.T, condition func() error) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); ; {
		err := condition()
		if err == nil {
			return
		}
		select {
		case <-deadline:
			t.Fatal(err)
		case <-tick.C:
		}
	}
}

// changing are families whose series depend on what the runtime and the machine
// do.
var changing = regexp.MustCompile(`^(go_|process_)`)

func parse(text string) exposed {
	e := exposed{families: make(map[string]string), series: make(map[string]string)}
	family := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		fields := strings.SplitN(line, " ", 4)
		switch {
		case fields[0] == "#" && len(fields) > 2:
			family = fields[2]
			e.families[family] += strings.Join(append(fields[1:2], fields[3:]...), " ") + "; "
		case fields[0] == "#" || changing.MatchString(family):
		default:
			line, _, _ = strings.Cut(line, " # ") // an exemplar
			e.series[line[:strings.LastIndexByte(line, ' ')]] = family
		}
	}
	return e
}

func missing(got, want map[string]string) []string {
	var all []string
	for name := range want {
		if _, ok := got[name]; !ok {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

func compare(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for _, name := range missing(got, want) {
		t.Errorf("%s: %s is missing", what, name)
	}
	for name, text := range want {
		if other, ok := got[name]; ok && other != text {
			t.Errorf("%s: %s is %s, want %s", what, name, other, text)
		}
	}
}
