package exposition

import "testing"

// manyBounds is more buckets than there is room for the texts of bounds, and others
// for each series.
func manyBounds() page {
	p := page{
		{Family: Family{Name: "first_seconds", Type: Histogram}},
		{Family: Family{Name: "quantiles", Type: Summary}},
		{Family: Family{Name: "second_seconds", Type: Histogram}},
	}
	for series := range 3 {
		var buckets []Bucket
		var quantiles []Quantile
		for i := range 50 {
			buckets = append(buckets, bucket(float64(i)+float64(series%2)/3, uint64(i)*100_000))
			quantiles = append(quantiles, Quantile{float64(i) / 50, float64(i * series)})
		}
		for i := range p {
			d := Distribution{Count: whole(1 << 60), Sum: 1e15 + 1, Buckets: buckets[:10*series+30]}
			if p[i].Type == Summary {
				d.Buckets, d.Quantiles = nil, quantiles
			}
			p[i].series = append(p[i].series, Series{Labels: labels("series", string(rune('a'+series))), Dist: d})
		}
	}
	return p
}

func TestBoundsAreThoseOfTheirSeries(t *testing.T) {
	p := manyBounds()
	for _, enc := range []encoding{asText, asOpenMetrics} {
		if got, want := p.in(t, enc, Underscores), p.reference(t, enc, Underscores); got != want {
			t.Errorf("%s: got:\n%s\nwant:\n%s", enc.name, got, want)
		}
	}
}
