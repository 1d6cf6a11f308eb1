package testutil_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func wantError(t *testing.T, what string, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("%s: got error %q, want %q", what, got, want)
	}
}

// panicOf returns the text of what a function panics with, none if it does not.
func panicOf(f func()) (text string) {
	defer func() {
		if cause := recover(); cause != nil {
			text = cause.(error).Error()
		}
	}()
	f()
	return ""
}
