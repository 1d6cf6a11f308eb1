// Package peertest runs the real servers that tests compare with or speak to. Tests
// are all that uses it.
package peertest

import (
	"bytes"
	"net"
	"net/http"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// Start runs a server, which the Debian package of its name brings, until the test
// ends. It returns the server's URL once that answers the path with status 200.
// The arguments are made for the address to listen on. Without the server, the
// test is skipped.
func Start(t testing.TB, program string, args func(address string) []string, path string) string {
	t.Helper()
	executable, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("peer not installed: %s (Debian package %s)", program, program)
	}
	address := freeAddress(t)
	var log bytes.Buffer
	cmd := exec.Command(executable, args(address)...)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it is ended by a signal
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		http.DefaultClient.CloseIdleConnections()
		if t.Failed() {
			t.Logf("%s wrote:\n%s", program, log.String())
		}
	})

	url := "http://" + address
	Wait(t, func() bool {
		select {
		case <-ended:
			t.Fatalf("%s has ended", program)
		default:
		}
		resp, err := http.Get(url + path)
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, "%s is not ready", program)
	return url
}

// Wait waits until a condition holds. If it does not within a minute, the test
// fails with the message.
func Wait(t testing.TB, holds func() bool, message string, args ...any) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf(message, args...)
		case <-tick.C:
		}
	}
}

func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
