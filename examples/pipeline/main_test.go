package main

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/examples/internal/scrape"
)

func TestStepsThatAreNoMoreLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		want := func(when string, want ...string) {
			t.Helper()
			if got := scrape.Lines(t, s.handler(), "pipeline_"); !slices.Equal(got, want) {
				t.Errorf("%s:\ngot  %q\nwant %q", when, got, want)
			}
		}
		s.finished(run{"shop", []step{{"clone", time.Second}, {"build", 2 * time.Second}}})
		want("after the first run",
			`pipeline_info{last_step="build",pipeline="shop"} 1`,
			`pipeline_last_run_duration_seconds{pipeline="shop"} 3`,
			`pipeline_last_run_step_duration_seconds{pipeline="shop",step="build"} 2`,
			`pipeline_last_run_step_duration_seconds{pipeline="shop",step="clone"} 1`,
			`pipeline_last_run_steps{pipeline="shop"} 2`,
			`pipeline_steps_total{pipeline="shop",step="build"} 1`,
			`pipeline_steps_total{pipeline="shop",step="clone"} 1`,
		)
		time.Sleep(59 * time.Second)
		s.finished(run{"shop", []step{{"build", time.Second}, {"push", time.Second}}})
		time.Sleep(time.Second)
		want("a minute after the first run",
			`pipeline_info{last_step="push",pipeline="shop"} 1`,
			`pipeline_last_run_duration_seconds{pipeline="shop"} 2`,
			`pipeline_last_run_step_duration_seconds{pipeline="shop",step="build"} 1`,
			`pipeline_last_run_step_duration_seconds{pipeline="shop",step="push"} 1`,
			`pipeline_last_run_steps{pipeline="shop"} 2`,
			`pipeline_steps_total{pipeline="shop",step="build"} 2`,
			`pipeline_steps_total{pipeline="shop",step="push"} 1`,
		)
		s.removed("shop")
		want("when the pipeline is deleted")
	})
}

func TestPipelinesRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Millisecond)
		defer cancel()
		go s.runEvery(ctx, time.Second)
		// At one moment, by chance, all of them may just have been deleted.
		shown := 0
		for range 10 {
			time.Sleep(6 * time.Second)
			synctest.Wait()
			shown += len(scrape.Lines(t, s.handler(), "pipeline_"))
		}
		if shown == 0 {
			t.Error("for a minute there was nothing on the page")
		}
		<-ctx.Done()
	})
}
