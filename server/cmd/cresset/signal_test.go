package main

import (
	"bytes"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// Whoever started a command that waits for its input can end it, by asking twice at
// most.
func TestSignalEndsWaitingForInput(t *testing.T) {
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"check", "rules"},
		{"check", "config", "/dev/stdin"},
		{"test", "rules", "/dev/stdin"},
	} {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			cmd := exec.Command(binary, args...)
			cmd.Args[0] = "cresset" // by which this binary knows that it is the command
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			// More than a pipe holds: when all is written, the command reads.
			if _, err := stdin.Write(bytes.Repeat([]byte("# more\n"), 40_000)); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_ = cmd.Wait() // it did not succeed
			}()
			if !repeat(cmd.Process, sig, ended) {
				_ = cmd.Process.Kill()
				<-ended
				t.Errorf("cresset %v went on after %v", args, sig)
			}
		}
	}
}

// repeat sends a signal until the process has ended. It reports false if that
// takes too long.
func repeat(p *os.Process, sig os.Signal, ended <-chan struct{}) bool {
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		_ = p.Signal(sig) // it may have ended
		select {
		case <-ended:
			return true
		case <-deadline:
			return false
		case <-tick.C:
		}
	}
}
