package registry_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
)

// TestOrderedRunsAreMerged has runs of more series than are read at once, some of
// which are in several runs.
func TestOrderedRunsAreMerged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := describe("a", "l")
		r := new(registry.Registry)
		type series struct {
			label string
			value float64
		}
		var want []series // the first of each label
		left := 0
		for run := range rapid.IntRange(1, 4).Draw(t, "runs") {
			step := rapid.IntRange(1, 3).Draw(t, "step")
			var all rows
			for i := range rapid.IntRange(0, 300).Draw(t, "series") {
				label, value := fmt.Sprintf("%04d", i*step), float64(1000*run+i)
				all = append(all, values(d, value, label)...)
				if slices.ContainsFunc(want, func(s series) bool { return s.label == label }) {
					left++
				} else {
					want = append(want, series{label, value})
				}
			}
			if err := r.Register(all.ordered(d), nil); err != nil {
				t.Fatal(err)
			}
		}
		slices.SortFunc(want, func(a, b series) int { return strings.Compare(a.label, b.label) })
		var lines strings.Builder
		for i, s := range want {
			if i == 0 {
				lines.WriteString("# TYPE a gauge\n")
			}
			fmt.Fprintf(&lines, "a{l=%q} %g\n", s.label, s.value)
		}
		page, errs := r.Gather(explain)
		if got := text(t, page); got != lines.String() {
			t.Fatalf("got:\n%s\nwant:\n%s", got, lines.String())
		}
		if len(errs) != left {
			t.Fatalf("got %d errors, want %d: %v", len(errs), left, errs)
		}
	})
}

// counted are rows that count how many were read.
type counted struct {
	rows
	read *int
}

func (c counted) Fill(i int, s []exposition.Series) {
	*c.read += len(s)
	c.rows.Fill(i, s)
}

var errGone = errors.New("broken pipe")

// gone is a writer to somebody who has gone away.
type gone struct{}

func (gone) Write([]byte) (int, error) { return 0, errGone }

func TestPageOfAFailedWriterEnds(t *testing.T) {
	const series, families = 20_000, 5
	read := 0
	r := new(registry.Registry)
	for i := range families {
		d := describe(fmt.Sprintf("family_%d", i), "l")
		all := values(d, 1, strings.Split(strings.Repeat("x,", series-1)+"x", ",")...)
		run := registry.Run{Desc: d, Type: exposition.Gauge, Rows: counted{all, &read}, Ordered: true}
		mustRegister(t, r, &source{runs: []registry.Run{run}})
	}
	page, errs := r.Gather(explain)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	for name, encoder := range map[string]func(io.Writer) exposition.Encoder{
		"text":        func(w io.Writer) exposition.Encoder { return exposition.NewText(w, exposition.AllowUTF8) },
		"openmetrics": func(w io.Writer) exposition.Encoder { return exposition.NewOpenMetrics(w, exposition.AllowUTF8, true) },
		"protobuf":    func(w io.Writer) exposition.Encoder { return exposition.NewProtobuf(w, exposition.AllowUTF8) },
	} {
		for _, test := range []struct {
			client string
			w      io.Writer
			most   int
		}{
			{"stays", io.Discard, families * series},
			{"is gone", gone{}, 2 * series}, // a message of protobuf is a family
		} {
			read = 0
			e := encoder(test.w)
			page.Write(e)
			if err := e.Close(); (err != nil) != (test.w == gone{}) {
				t.Errorf("%s, the client %s: got error %v", name, test.client, err)
			}
			if read > test.most || read == 0 || test.w == io.Discard && read != test.most {
				t.Errorf("%s, the client %s: %d series were read, want no more than %d", name, test.client, read, test.most)
			}
		}
	}
}
