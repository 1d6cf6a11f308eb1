package registry

import (
	"sync"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// batch is room for the series that are read at once, before they are written. The
// memory of one series is a handful of places far from each other, and reading
// them costs next to nothing while others are on their way anyway.
type batch struct {
	series [64]exposition.Series
	used   int // how many of them have been
}

// A distribution is large, and so is what reading it takes: a few at once do.
const fewDistributions = 8

// batchPool has those that no page is using.
var batchPool = sync.Pool{New: func() any { return new(batch) }}

// free gives the batch back, without what its series refer to.
func (b *batch) free() {
	for i := range b.series[:b.used] {
		b.series[i].Forget()
	}
	b.used = 0
	batchPool.Put(b)
}

// mayFail is an encoder that writes to somebody who may go away. There is no need for
// the rest of a page then.
type mayFail interface{ Err() error }

func failed(e exposition.Encoder) bool {
	f, ok := e.(mayFail)
	return ok && f.Err() != nil
}

// write writes all series of the family in its order, or, if the encoder fails, those
// up to there.
func (f *family) write(e exposition.Encoder, b *batch) {
	room := b.series[:]
	switch f.Type {
	case exposition.Summary, exposition.Histogram, exposition.GaugeHistogram:
		room = room[:fewDistributions]
	}
	n := f.len()
	for from := 0; from < n && !failed(e); from += len(room) {
		series := room[:min(len(room), n-from)]
		b.used = max(b.used, len(series))
		f.fill(from, series)
		exposition.Touch(series)
		for i := range series {
			e.Series(&series[i])
		}
	}
}

func (f *family) len() int {
	if f.rows == nil {
		return f.runs[0].Rows.Len()
	}
	return len(f.rows)
}

// fill stores series of the family, in its order and beginning with series from,
// into s.
func (f *family) fill(from int, s []exposition.Series) {
	if f.rows == nil {
		f.runs[0].Rows.Fill(from, s)
		return
	}
	for rows := f.rows[from : from+len(s)]; len(rows) > 0; {
		n := together(rows)
		f.runs[rows[0].run].Rows.Fill(rows[0].i, s[:n])
		rows, s = rows[n:], s[n:]
	}
}

// together returns how many of the rows, from the first one on, follow each other in
// the same run.
func together(rows []row) int {
	for i := 1; i < len(rows); i++ {
		if rows[i].run != rows[0].run || rows[i].i != rows[0].i+i {
			return i
		}
	}
	return len(rows)
}
