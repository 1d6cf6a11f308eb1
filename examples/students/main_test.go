package main

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/examples/internal/scrape"
)

func TestStudentsAreCountedByClassAndAge(t *testing.T) {
	enrolled.Reset()
	enrol("1a", 6)
	enrol("2b", 7)
	enrol("1a", 6)
	got := scrape.Lines(t, handler(), "school_")
	want := []string{
		`school_students_enrolled_total{age="6",class="1a"} 2`,
		`school_students_enrolled_total{age="7",class="2b"} 1`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := scrape.Lines(t, handler(), "go_goroutines"); len(got) != 1 {
		t.Errorf("the default registry's own metrics: got %q", got)
	}
}

func TestStudentsCome(t *testing.T) {
	enrolled.Reset()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second+time.Millisecond)
		defer cancel()
		enrolEvery(ctx, time.Second)
	})
	if got := scrape.Lines(t, handler(), "school_"); len(got) == 0 || len(got) > 10 {
		t.Errorf("after ten students: got %q", got)
	}
}
