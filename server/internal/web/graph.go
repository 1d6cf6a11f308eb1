package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/httputil"
)

// maxNotes is how many warnings, and as many infos, of a query are shown.
const maxNotes = 10

// graphData is an expression with its result at one moment.
type graphData struct {
	Expr   string
	Time   string // as it was asked for; empty for the present
	Curve  bool   // a link asked for a curve, which is not drawn
	Error  string
	Result *result // nil if there is no expression, or an error
}

type result struct {
	At      moment
	Took    string
	Found   string // how much, all of it
	Range   bool   // the rows have times
	Rows    []row
	LeftOut int      // rows
	Notes   []string // warnings of the engine, and less
}

// row is one sample. The others of a range follow that of its first with an
// empty Series.
type row struct {
	Series string
	Value  string
	Time   string // of samples in a range
}

// graph evaluates what g0.expr asks for. The moment may be given as Prometheus'
// links do, for its table or its curve.
func (web *Web) graph(r *request) content {
	params := r.URL.Query()
	d := &graphData{
		Expr:  params.Get("g0.expr"),
		Time:  cmp.Or(params.Get("g0.moment_input"), params.Get("g0.end_input")),
		Curve: params.Get("g0.tab") == "0",
	}
	c := content{template: "graph", title: "Query", data: d}
	if strings.TrimSpace(d.Expr) == "" {
		return c
	}
	c.title = d.Expr
	when := r.now
	if d.Time != "" {
		var err error
		if when, err = parseMoment(d.Time); err != nil {
			c.status, d.Error = http.StatusBadRequest, err.Error()
			return c
		}
	}
	res, status, err := web.evaluate(r, d.Expr, when)
	if err != nil {
		c.status, d.Error = status, err.Error()
		return c
	}
	d.Result = res
	return c
}

// evaluate runs the query and takes of its result what is shown, before the
// query's memory is given back.
func (web *Web) evaluate(r *request, expr string, when time.Time) (*result, int, error) {
	ctx := httputil.ContextFromRequest(r.Context(), r.Request) // the query log tells who asked
	ctx, cancel := context.WithTimeout(ctx, web.o.QueryTimeout)
	defer cancel()

	began := time.Now()
	q, err := web.o.Engine.Instant(ctx, expr, when, nil)
	if err != nil {
		return nil, http.StatusBadRequest, err
	}
	defer q.Close()
	res := q.Exec(ctx)
	if res.Err != nil {
		return nil, statusOf(res.Err), res.Err
	}
	out := newResult(res.Value)
	out.At = at(when, r.now)
	out.Took = took(time.Since(began))
	warnings, infos := res.Warnings.AsStrings(expr, maxNotes, maxNotes)
	out.Notes = append(warnings, infos...)
	return out, http.StatusOK, nil
}

func statusOf(err error) int {
	var timeout promql.ErrQueryTimeout
	var canceled promql.ErrQueryCanceled
	switch {
	case errors.As(err, &timeout), errors.As(err, &canceled):
		return http.StatusServiceUnavailable
	default:
		return http.StatusUnprocessableEntity
	}
}

// parseMoment reads a time as our form, Prometheus' links and people write it.
// Without an offset it is UTC.
func parseMoment(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	// Until the year 9999, the last that can be written.
	if f, err := strconv.ParseFloat(s, 64); err == nil && f >= 0 && f < 253402300800 {
		return time.UnixMilli(int64(f * 1000)), nil
	}
	return time.Time{}, fmt.Errorf("%q is not a time. Write it as 2006-01-02 15:04:05, in UTC, or as seconds since 1970", s)
}

func newResult(v parser.Value) *result {
	r := &result{}
	show := rows{left: maxRows}
	add := func(series, value, time string) {
		if show.take() {
			r.Rows = append(r.Rows, row{Series: series, Value: value, Time: time})
		}
	}
	switch v := v.(type) {
	case promql.Scalar:
		r.Found = "a scalar"
		add("scalar", number(v.V), "")
	case promql.String:
		r.Found = "a string"
		add("string", v.V, "")
	case promql.Vector:
		r.Found = fmt.Sprintf("%d series", len(v))
		for i := range v {
			if show.left == 0 {
				show.LeftOut += len(v) - i // without making their text
				break
			}
			add(seriesName(v[i].Metric), sampleValue(v[i].F, v[i].H), "")
		}
	case promql.Matrix:
		r.Found, r.Range = fmt.Sprintf("%d series with their samples", len(v)), true
		for _, s := range v {
			if show.left == 0 {
				show.LeftOut += len(s.Floats) + len(s.Histograms)
				continue
			}
			name := seriesName(s.Metric)
			for _, p := range s.Floats {
				add(name, number(p.F), sampleTime(p.T))
				name = ""
			}
			for _, p := range s.Histograms {
				add(name, sampleValue(0, p.H), sampleTime(p.T))
				name = ""
			}
		}
	}
	r.LeftOut = show.LeftOut
	return r
}

// sampleValue is what a sample holds: a histogram if there is one.
func sampleValue(f float64, h *histogram.FloatHistogram) string {
	if h != nil {
		return h.String()
	}
	return number(f)
}

func sampleTime(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05.000Z")
}

// seriesName is a series as PromQL writes it.
func seriesName(ls labels.Labels) string {
	name := ls.Get(model.MetricNameLabel)
	if !model.LegacyValidation.IsValidMetricName(name) {
		return ls.String() // which has the name between the braces
	}
	rest := labels.NewBuilder(ls).Del(model.MetricNameLabel).Labels()
	if rest.IsEmpty() {
		return name
	}
	return name + rest.String()
}
