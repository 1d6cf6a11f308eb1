package cressettest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/cresset-metrics/cresset"
	"github.com/cresset-metrics/cresset/cressettest"
)

// Of the test that would be a parameter of the examples.
var t *testing.T

type shelf struct {
	Author string `label:"author"`
}

func ExampleCompare() {
	reg := cresset.NewRegistry()
	books := cresset.NewGaugeVec[shelf](reg, "shelf_books", "Books on the shelf.")
	books.With(shelf{"Woolf"}).Set(3)

	cressettest.Compare(t, reg, `
		# HELP shelf_books Books on the shelf.
		# TYPE shelf_books gauge
		shelf_books{author="Woolf"} 3
	`)
}

func ExampleValue() {
	reg := cresset.NewRegistry()
	books := cresset.NewGaugeVec[shelf](reg, "shelf_books", "Books on the shelf.")
	books.With(shelf{"Woolf"}).Set(3)

	if got := cressettest.Value(t, reg, "shelf_books", "author", "Woolf"); got != 3 {
		t.Errorf("got %v books by Woolf, want 3", got)
	}
	cressettest.AtMost(t, reg, 100, "shelf_books")
}

// In a bubble, sleeping takes no time, and tells the registry how late it is.
func ExampleAbsent() {
	synctest.Test(t, func(t *testing.T) {
		reg := cresset.NewRegistry()
		books := cresset.NewGaugeVec[shelf](reg, "shelf_books", "Books on the shelf.", cresset.TTL(time.Hour))
		books.With(shelf{"Woolf"}).Set(3)
		time.Sleep(time.Hour)
		synctest.Wait()
		cressettest.Absent(t, reg, "shelf_books", "author", "Woolf")
	})
}
