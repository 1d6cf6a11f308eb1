package serve

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRequestInFlightIsAnsweredToTheEnd(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	begun, goOn := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-goOn
		io.WriteString(w, "whole")
	})
	served := make(chan error, 1)
	go func() { served <- on(ctx, listener, handler) }()

	body := make(chan string, 1)
	go func() {
		defer close(body)
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		response, err := client.Get("http://" + listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Error(err)
		}
		body <- string(text)
	}()
	<-begun
	cancel()
	close(goOn)
	if got := <-body; got != "whole" {
		t.Errorf("body: got %q, want %q", got, "whole")
	}
	if err := <-served; err != nil {
		t.Errorf("after the interrupt: got %v, want nil", err)
	}
}

func TestUntilTakenAddress(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := Until(t.Context(), listener.Addr().String(), http.NotFoundHandler()); err == nil {
		t.Error("an address that is taken: got nil, want an error")
	}
}

func TestUntilInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Until(ctx, "127.0.0.1:0", http.NotFoundHandler()); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}
