package main

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cresset": main})
}

// Each script of testdata runs the real command. Beside testscript's own
// commands there are:
//
//	freeport NAME         stores an address of this machine that is free into $NAME
//	await URL [TEXT]      waits until the URL answers 200, with the text in it
//	await-not URL TEXT    waits until the URL answers 200 without the text
//	take ADDRESS          listens there until the script ends
//	post CODE URL TEXT    sends a POST request, to be answered with CODE and a body with the text
//	signal NAME FILE      sends HUP, INT or TERM to the process whose number the file holds
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"freeport":  freePort,
			"await":     await,
			"await-not": awaitNot,
			"take":      take,
			"post":      post,
			"signal":    sendSignal,
		},
	})
}

func freePort(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[0], l.Addr().String())
	ts.Check(l.Close())
}

func take(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", args[0])
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
}

func sendSignal(ts *testscript.TestScript, _ bool, args []string) {
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(args[1])))
	ts.Check(err)
	ts.Check(syscall.Kill(pid, map[string]syscall.Signal{"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "TERM": syscall.SIGTERM}[args[0]]))
}

func post(ts *testscript.TestScript, _ bool, args []string) {
	resp, err := http.Post(args[1], "", nil)
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if strconv.Itoa(resp.StatusCode) != args[0] || !strings.Contains(string(body), args[2]) {
		ts.Fatalf("got %s %q, want %s with %q", resp.Status, body, args[0], args[2])
	}
}

func await(ts *testscript.TestScript, _ bool, args []string) {
	waitFor(ts, args[0], func(body string) bool { return len(args) < 2 || strings.Contains(body, args[1]) })
}

func awaitNot(ts *testscript.TestScript, _ bool, args []string) {
	waitFor(ts, args[0], func(body string) bool { return !strings.Contains(body, args[1]) })
}

func waitFor(ts *testscript.TestScript, url string, good func(body string) bool) {
	deadline := time.After(60 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		last := get(url)
		if status, body, ok := strings.Cut(last, "\n"); ok && status == "200 OK" && good(body) {
			return
		}
		select {
		case <-deadline:
			ts.Fatalf("waited in vain for %s; the last answer: %s", url, last)
		case <-tick.C:
		}
	}
}

// get returns the status and the body, or the error.
func get(url string) string {
	resp, err := http.Get(url)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return resp.Status + "\n" + string(body)
}
