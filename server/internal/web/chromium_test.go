package web

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// chromium is a page in a real browser, driven by its debugging protocol: a command
// is a JSON text that ends in a zero byte, and so is what comes back.
type chromium struct {
	t       *testing.T
	to      io.Writer
	session string

	mu      sync.Mutex // guards what follows
	sent    int
	answers map[int]chan answer // of commands that are under way
}

type answer struct {
	ID     int
	Result json.RawMessage
	Error  *struct{ Message string }
}

// startChromium starts a browser for which all hosts are this machine.
func startChromium(t *testing.T) *chromium {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("peer not installed: chromium")
	}
	profile, err := os.MkdirTemp("", "chromium")
	if err != nil {
		t.Fatal(err)
	}
	commands, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, answers, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, program,
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--user-data-dir="+profile,
		"--disable-features=HttpsUpgrades", "--host-resolver-rules=MAP * 127.0.0.1", "--no-proxy-server", "--remote-debugging-pipe")
	command.ExtraFiles = []*os.File{commands, answers}
	command.WaitDelay = 10 * time.Second
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	commands.Close()
	answers.Close()

	c := &chromium{t: t, to: to, answers: make(map[int]chan answer)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		c.read(from)
	}()
	t.Cleanup(func() {
		_, _ = c.send("Browser.close", nil) // if it does not, it is killed
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = command.Wait() // how it ends is its own affair
		}()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			cancel()
			<-ended
		}
		cancel()
		to.Close()
		from.Close()
		<-read
		_ = os.RemoveAll(profile) // its helpers may still write there
	})

	var target struct{ TargetID string }
	c.do("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	c.do("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	c.session = attached.SessionID
	return c
}

// read hands answers to those who wait for them, until the browser is gone.
func (c *chromium) read(from io.Reader) {
	r := bufio.NewReader(from)
	for {
		line, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var a answer
		if json.Unmarshal(line[:len(line)-1], &a) != nil || a.ID == 0 {
			continue // an event
		}
		c.mu.Lock()
		waiting := c.answers[a.ID]
		delete(c.answers, a.ID)
		c.mu.Unlock()
		if waiting != nil {
			waiting <- a
		}
	}
}

// send sends a command; its answer comes through the channel.
func (c *chromium) send(method string, params map[string]any) (<-chan answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent++
	command := map[string]any{"id": c.sent, "method": method}
	if params != nil {
		command["params"] = params
	}
	if c.session != "" && method != "Browser.close" {
		command["sessionId"] = c.session
	}
	b, err := json.Marshal(command)
	if err != nil {
		return nil, err
	}
	waiting := make(chan answer, 1)
	c.answers[c.sent] = waiting
	_, err = c.to.Write(append(b, 0))
	return waiting, err
}

// do sends a command and waits for its answer.
func (c *chromium) do(method string, params map[string]any, result any) {
	c.t.Helper()
	waiting, err := c.send(method, params)
	if err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
	select {
	case a := <-waiting:
		if a.Error != nil {
			c.t.Fatalf("%s: %s", method, a.Error.Message)
		}
		if err := json.Unmarshal(a.Result, result); err != nil {
			c.t.Fatalf("%s: %v in %s", method, err, a.Result)
		}
	case <-time.After(time.Minute):
		c.t.Fatalf("%s: no answer in a minute", method)
	}
}

// open goes to an address.
func (c *chromium) open(address string) {
	c.t.Helper()
	var result struct{ ErrorText string }
	c.do("Page.navigate", map[string]any{"url": address}, &result)
	if result.ErrorText != "" {
		c.t.Fatalf("open %s: %s", address, result.ErrorText)
	}
}

// run runs a script in the page and returns its value. Between two pages there may
// be none to run it in.
func (c *chromium) run(script string) (value any, err error) {
	c.t.Helper()
	waiting, err := c.send("Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true})
	if err != nil {
		c.t.Fatal(err)
	}
	select {
	case a := <-waiting:
		if a.Error != nil {
			return nil, fmt.Errorf("%s", a.Error.Message)
		}
		var result struct {
			Result           struct{ Value any }
			ExceptionDetails *struct {
				Exception struct{ Description string }
			}
		}
		if err := json.Unmarshal(a.Result, &result); err != nil {
			return nil, err
		}
		if result.ExceptionDetails != nil {
			return nil, fmt.Errorf("%s", result.ExceptionDetails.Exception.Description)
		}
		return result.Result.Value, nil
	case <-time.After(time.Minute):
		c.t.Fatalf("no answer in a minute to %s", script)
		return nil, nil
	}
}

// wait waits until a script has this value.
func (c *chromium) wait(script string, want any) {
	c.t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(time.Minute)
	for {
		got, err := c.run(script)
		if err == nil && got == want {
			return
		}
		select {
		case <-ticker.C:
		case <-deadline:
			place, _ := c.run(`location.href + "\n" + document.documentElement.outerHTML`)
			c.t.Fatalf("%s is %v (%v) after a minute, want %v, at %v", script, got, err, want, place)
		}
	}
}

// submit runs a script that leads to another page, and waits until a script there
// has a value.
func (c *chromium) submit(script, then string, want any) {
	c.t.Helper()
	if _, err := c.run(script); err != nil {
		c.t.Fatal(err)
	}
	c.wait(then, want)
}
