// Package cressettest helps to test what a program exposes by a cresset.Registry.
//
// Compare and Golden compare a page, or some families of it, with a text in the
// test or in a file. Value reads one number, Absent makes sure that there is none,
// and AtMost keeps labels from having more values than anybody can afford:
//
//	cressettest.Compare(t, reg, `
//		# HELP shelf_books Books on the shelf.
//		# TYPE shelf_books gauge
//		shelf_books{author="Woolf"} 3
//	`)
//	cressettest.Golden(t, reg, "testdata/metrics.prom")
//	failed := cressettest.Value(t, reg, "http_requests_total", "method", "GET", "code", "500")
//	cressettest.AtMost(t, reg, 200)
//
// Families can be chosen by their names; without names, all of them matter, except
// those whose names begin with "cresset_", by which a registry tells of itself.
// What is looked at is the text format: exemplars, native buckets and created
// timestamps are not seen.
//
// # Expiry
//
// A registry goes by the clock of package time, so that a test in a bubble of
// testing/synctest tells it the time. Sleeping there takes no time:
//
//	synctest.Test(t, func(t *testing.T) {
//		reg := cresset.NewRegistry()
//		steps := cresset.NewGaugeVec[step](reg, "pipeline_step_seconds", "...", cresset.TTL(10*time.Minute))
//		steps.With(step{"clone"}).Set(3)
//		time.Sleep(9 * time.Minute)
//		steps.With(step{"build"}).Set(40)
//		time.Sleep(time.Minute)
//		synctest.Wait()
//		cressettest.Absent(t, reg, "pipeline_step_seconds", "step", "clone")
//		cressettest.Value(t, reg, "pipeline_step_seconds", "step", "build")
//	})
//
// The registry and its metrics must be made inside the bubble, and not be used
// after it: synctest ends a program that touches a timer of a bubble from outside.
// Metrics of the whole package that a bubble uses go on counting, but do not expire
// by its time. The same goes for collectors that take too long, and for results that
// grow old.
//
// The metrics of package prometheus are tested likewise, by the Native method of
// its Registry.
package cressettest
