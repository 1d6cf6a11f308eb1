package prometheus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/stats"
)

// queryData is the data of an answer to a query. It is encoded here rather than
// through reflection, for results can have millions of samples.
type queryData struct {
	value parser.Value
	stats stats.QueryStats // nil unless asked for
}

// maxAnnotations is how many warnings, and how many infos, an answer carries;
// the rest is counted.
const maxAnnotations = 10

// encodeAnswer writes the envelope and releases the answer. The query is needed
// to tell where in it a warning points to; it may be empty.
func encodeAnswer(a *answer, query string) ([]byte, error) {
	if a.release != nil {
		defer a.release()
	}
	b := append([]byte(nil), `{"status":"success","data":`...)
	b, err := appendData(b, a.data)
	if err != nil {
		return nil, err
	}
	warnings, infos := a.warnings.AsStrings(query, maxAnnotations, maxAnnotations)
	if b, err = appendList(b, "warnings", warnings); err != nil {
		return nil, err
	}
	if b, err = appendList(b, "infos", infos); err != nil {
		return nil, err
	}
	return append(b, '}'), nil
}

func appendList(b []byte, name string, list []string) ([]byte, error) {
	if len(list) == 0 {
		return b, nil
	}
	b = append(b, `,"`...)
	b = append(b, name...)
	b = append(b, `":`...)
	return appendJSON(b, list)
}

func appendData(b []byte, data any) ([]byte, error) {
	q, ok := data.(queryData)
	if !ok {
		return appendJSON(b, data)
	}
	b = append(b, `{"resultType":"`...)
	b = append(b, q.value.Type()...)
	b = append(b, `","result":`...)
	b, err := appendValue(b, q.value)
	if err != nil {
		return nil, err
	}
	if q.stats != nil {
		b = append(b, `,"stats":`...)
		if b, err = appendJSON(b, q.stats); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// appendJSON writes v, whose strings are texts where it has labelSets too.
func appendJSON(b []byte, v any) ([]byte, error) {
	if l, ok := v.(withLabels); ok {
		out := bytes.NewBuffer(b)
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		err := e.Encode(l.data)
		return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
	}
	j, err := json.Marshal(v)
	return append(b, j...), err
}

func appendValue(b []byte, v parser.Value) ([]byte, error) {
	switch v := v.(type) {
	case promql.Vector:
		b = append(b, '[')
		for i := range v {
			b = appendComma(b, i)
			b = appendSample(b, &v[i])
		}
		return append(b, ']'), nil
	case promql.Matrix:
		b = append(b, '[')
		for i := range v {
			b = appendComma(b, i)
			b = appendSeries(b, &v[i])
		}
		return append(b, ']'), nil
	case promql.Scalar, promql.String:
		return appendJSON(b, v)
	default:
		return nil, fmt.Errorf("result has the unknown type %T", v)
	}
}

func appendComma(b []byte, i int) []byte {
	if i > 0 {
		return append(b, ',')
	}
	return b
}

func appendSample(b []byte, s *promql.Sample) []byte {
	b = append(b, `{"metric":`...)
	b = appendLabels(b, s.Metric)
	if s.H != nil {
		b = append(b, `,"histogram":`...)
		b = appendHistogramPoint(b, promql.HPoint{T: s.T, H: s.H})
	} else {
		b = append(b, `,"value":`...)
		b = appendPoint(b, promql.FPoint{T: s.T, F: s.F})
	}
	return append(b, '}')
}

func appendSeries(b []byte, s *promql.Series) []byte {
	b = append(b, `{"metric":`...)
	b = appendLabels(b, s.Metric)
	if len(s.Floats) > 0 {
		b = append(b, `,"values":[`...)
		for i, p := range s.Floats {
			b = appendComma(b, i)
			b = appendPoint(b, p)
		}
		b = append(b, ']')
	}
	if len(s.Histograms) > 0 {
		b = append(b, `,"histograms":[`...)
		for i, p := range s.Histograms {
			b = appendComma(b, i)
			b = appendHistogramPoint(b, p)
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

func appendPoint(b []byte, p promql.FPoint) []byte {
	b = append(b, '[')
	b = appendTimestamp(b, p.T)
	b = append(b, ',')
	b = appendFloat(b, p.F)
	return append(b, ']')
}

func appendHistogramPoint(b []byte, p promql.HPoint) []byte {
	b = append(b, '[')
	b = appendTimestamp(b, p.T)
	b = append(b, ',')
	b = appendHistogram(b, p.H)
	return append(b, ']')
}

// appendTimestamp writes milliseconds as a number of seconds, exactly and
// without trailing zeros.
func appendTimestamp(b []byte, t int64) []byte {
	if t < 0 {
		b = append(b, '-')
		t = -t
	}
	b = strconv.AppendInt(b, t/1000, 10)
	ms := t % 1000
	if ms == 0 {
		return b
	}
	b = append(b, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}

// appendFloat writes a value as a string, since JSON has no infinities and no
// NaN as numbers. Very large and very small values have an exponent.
func appendFloat(b []byte, f float64) []byte {
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	b = append(b, '"')
	b = strconv.AppendFloat(b, f, format, -1, 64)
	return append(b, '"')
}

// How the bounds of a bucket are told: which of them belong to it.
const (
	upperInclusive = 0
	lowerInclusive = 1
	noneInclusive  = 2
	bothInclusive  = 3
)

func boundaryRule(bucket histogram.Bucket[float64]) int64 {
	switch {
	case bucket.LowerInclusive && bucket.UpperInclusive:
		return bothInclusive
	case bucket.LowerInclusive:
		return lowerInclusive
	case bucket.UpperInclusive:
		return upperInclusive
	default:
		return noneInclusive
	}
}

// appendHistogram writes count, sum, and the buckets that are not empty.
func appendHistogram(b []byte, h *histogram.FloatHistogram) []byte {
	b = append(b, `{"count":`...)
	b = appendFloat(b, h.Count)
	b = append(b, `,"sum":`...)
	b = appendFloat(b, h.Sum)
	n := 0
	for it := h.AllBucketIterator(); it.Next(); {
		bucket := it.At()
		if bucket.Count == 0 {
			continue
		}
		if n == 0 {
			b = append(b, `,"buckets":[`...)
		}
		b = appendComma(b, n)
		n++
		b = append(b, '[')
		b = strconv.AppendInt(b, boundaryRule(bucket), 10)
		for _, f := range [...]float64{bucket.Lower, bucket.Upper, bucket.Count} {
			b = append(b, ',')
			b = appendFloat(b, f)
		}
		b = append(b, ']')
	}
	if n > 0 {
		b = append(b, ']')
	}
	return append(b, '}')
}
