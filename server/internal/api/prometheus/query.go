package prometheus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/httputil"
	"github.com/prometheus/prometheus/util/stats"
)

// maxPoints is how many points a range query may ask for of each series: enough
// for a week at one per minute.
const maxPoints = 11000

// queryParams are those that instant and range queries share.
type queryParams struct {
	expr  string
	limit int // of series in the result; 0 is none
	stats string
	opts  promql.QueryOpts
}

func readQueryParams(r *http.Request) (queryParams, error) {
	limit, err := limitParam(r)
	if err != nil {
		return queryParams{}, err
	}
	p := queryParams{expr: r.FormValue("query"), limit: limit, stats: r.FormValue("stats")}
	lookback := r.FormValue("lookback_delta")
	if lookback == "" {
		lookback = "0" // the engine's own
	}
	d, err := parseDuration(lookback)
	if err != nil {
		return p, badRequest(fmt.Errorf("error parsing lookback delta duration: %w", err))
	}
	p.opts = promql.NewPrometheusQueryOpts(p.stats == "all", d)
	return p, nil
}

// deadline is the context of a query, ended by the optional parameter timeout.
func deadline(r *http.Request) (context.Context, context.CancelFunc, error) {
	ctx := httputil.ContextFromRequest(r.Context(), r) // the query log tells who asked
	s := r.FormValue("timeout")
	if s == "" {
		return ctx, func() {}, nil
	}
	d, err := parseDuration(s)
	if err != nil {
		return nil, nil, badParam("timeout", err)
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	return ctx, cancel, nil
}

func (a *API) query(r *http.Request) (*answer, error) {
	p, err := readQueryParams(r)
	if err != nil {
		return nil, err
	}
	at, err := timeParam(r, "time", a.o.Now())
	if err != nil {
		return nil, err
	}
	ctx, cancel, err := deadline(r)
	if err != nil {
		return nil, err
	}
	defer cancel()

	q, err := a.o.Engine.Instant(ctx, p.expr, at, p.opts)
	if err != nil {
		return nil, notPrepared(ctx, err)
	}
	return run(ctx, q, p)
}

func (a *API) queryRange(r *http.Request) (*answer, error) {
	p, err := readQueryParams(r)
	if err != nil {
		return nil, err
	}
	start, err := parseTime(r.FormValue("start"))
	if err != nil {
		return nil, badParam("start", err)
	}
	end, err := parseTime(r.FormValue("end"))
	if err != nil {
		return nil, badParam("end", err)
	}
	if end.Before(start) {
		return nil, badParam("end", errors.New("end timestamp must not be before start time"))
	}
	step, err := parseDuration(r.FormValue("step"))
	if err != nil {
		return nil, badParam("step", err)
	}
	if step <= 0 {
		return nil, badParam("step", errors.New("zero or negative query resolution step widths are not accepted. Try a positive integer"))
	}
	if end.Sub(start)/step > maxPoints {
		return nil, badRequest(errors.New("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"))
	}
	ctx, cancel, err := deadline(r)
	if err != nil {
		return nil, err
	}
	defer cancel()

	q, err := a.o.Engine.Range(ctx, p.expr, start, end, step, p.opts)
	if err != nil {
		return nil, notPrepared(ctx, err)
	}
	return run(ctx, q, p)
}

// notPrepared tells a query that is bad from one that waited for its turn until
// its time was up or its client left.
func notPrepared(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return badParam("query", err)
}

// run executes q. The result points to memory of the query, which is closed
// after the answer was encoded.
func run(ctx context.Context, q promql.Query, p queryParams) (*answer, error) {
	res := q.Exec(ctx)
	if res.Err != nil {
		q.Close()
		return nil, res.Err
	}
	data := queryData{value: res.Value}
	warnings := res.Warnings
	if v, cut := truncate(res.Value, p.limit); cut {
		data.value = v
		warnings = warnings.Add(errTruncated)
	}
	if p.stats != "" {
		data.stats = stats.NewQueryStats(q.Stats())
		if p.stats != "true" && p.stats != "all" {
			warnings = warnings.Add(fmt.Errorf(`value %q for parameter "stats" is deprecated and will be rejected in the next major release, use "true" or "all"`, p.stats))
		}
	}
	return &answer{data: data, warnings: warnings, release: q.Close}, nil
}

func truncate(v parser.Value, limit int) (parser.Value, bool) {
	if limit == 0 {
		return v, false
	}
	switch v := v.(type) {
	case promql.Vector:
		if len(v) > limit {
			return v[:limit], true
		}
	case promql.Matrix:
		if len(v) > limit {
			return v[:limit], true
		}
	}
	return v, false
}

func (a *API) formatQuery(r *http.Request) (*answer, error) {
	expr, err := a.o.Engine.Parser().ParseExpr(r.FormValue("query"))
	if err != nil {
		return nil, badParam("query", err)
	}
	return &answer{data: expr.Pretty(0)}, nil
}

// exemplarSeries are the exemplars of one series.
type exemplarSeries struct {
	SeriesLabels labels.Labels  `json:"seriesLabels"`
	Exemplars    []jsonExemplar `json:"exemplars"`
}

type jsonExemplar exemplar.Exemplar

func (e jsonExemplar) MarshalJSON() ([]byte, error) {
	b := append([]byte(nil), `{"labels":`...)
	b = appendLabels(b, e.Labels)
	b = append(b, `,"value":`...)
	b = appendFloat(b, e.Value)
	b = append(b, `,"timestamp":`...)
	b = appendTimestamp(b, e.Ts)
	return append(b, '}'), nil
}

var _ json.Marshaler = jsonExemplar{}

func (a *API) queryExemplars(r *http.Request) (*answer, error) {
	start, end, err := rangeParams(r)
	if err != nil {
		return nil, err
	}
	if end.Before(start) {
		return nil, badRequest(errors.New("end timestamp must not be before start timestamp"))
	}
	expr, err := a.o.Engine.Parser().ParseExpr(r.FormValue("query"))
	if err != nil {
		return nil, badRequest(err)
	}
	selectors := parser.ExtractSelectors(expr)
	if len(selectors) == 0 {
		return nil, nil
	}
	q, err := a.o.Storage.ExemplarQuerier(r.Context())
	if err != nil {
		return nil, err
	}
	found, err := q.Select(timestamp.FromTime(start), timestamp.FromTime(end), selectors...)
	if err != nil {
		return nil, err
	}
	data := make([]exemplarSeries, len(found))
	for i, s := range found {
		data[i] = exemplarSeries{SeriesLabels: s.SeriesLabels, Exemplars: make([]jsonExemplar, len(s.Exemplars))}
		for j, e := range s.Exemplars {
			data[i].Exemplars[j] = jsonExemplar(e)
		}
	}
	return &answer{data: data}, nil
}
