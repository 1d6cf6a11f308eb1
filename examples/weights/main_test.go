package main

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset/examples/internal/scrape"
)

func TestWeightsFallIntoBuckets(t *testing.T) {
	weights.Reset()
	weigh("female", 3, "poodle", 21)
	weigh("female", 3, "poodle", 21.5)
	weigh("female", 3, "poodle", 200)
	got := scrape.Lines(t, handler(), "dog_")
	labels := `age="3",race="poodle",sex="female"`
	for _, want := range []string{
		`dog_weight_kilograms_bucket{` + labels + `,le="1"} 0`,
		`dog_weight_kilograms_bucket{` + labels + `,le="11"} 0`,
		`dog_weight_kilograms_bucket{` + labels + `,le="21"} 1`,
		`dog_weight_kilograms_bucket{` + labels + `,le="31"} 2`,
		`dog_weight_kilograms_bucket{` + labels + `,le="141"} 2`,
		`dog_weight_kilograms_bucket{` + labels + `,le="+Inf"} 3`,
		`dog_weight_kilograms_sum{` + labels + `} 242.5`,
		`dog_weight_kilograms_count{` + labels + `} 3`,
	} {
		if !slices.Contains(got, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if len(got) != 18 { // 15 buckets, +Inf, sum, count
		t.Errorf("got %d lines, want 18: %q", len(got), got)
	}
}

func TestDogsCome(t *testing.T) {
	weights.Reset()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second+time.Millisecond)
		defer cancel()
		weighEvery(ctx, 100*time.Millisecond)
	})
	if got := scrape.Lines(t, handler(), "dog_weight_kilograms_count"); len(got) == 0 || len(got) > 10 {
		t.Errorf("after ten dogs: got %q", got)
	}
}
