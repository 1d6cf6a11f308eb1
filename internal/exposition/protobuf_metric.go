package exposition

// Of the message Metric.
const (
	metricLabel     = 1
	metricGauge     = 2
	metricCounter   = 3
	metricSummary   = 4
	metricUntyped   = 5
	metricTimestamp = 6
	metricHistogram = 7
)

// Of the message LabelPair.
const (
	labelName  = 1
	labelValue = 2
)

// appendMetricLabels appends the labels of a Metric.
func appendMetricLabels(buf []byte, l *Labels, escaping Escaping) []byte {
	asIs := escaping == AllowUTF8 || l.legacy()
	var p pairs
	for p.begin(l); p.next(); {
		value := p.escaped()
		size := len(p.label.field) + 1 + len(value)
		if !asIs || !p.plain || size >= 0x80 {
			buf = appendMetricLabel(buf, &p, asIs, escaping)
			continue
		}
		buf = append(buf, metricLabel<<3|wireBytes, byte(size))
		buf = append(buf, p.label.field...)
		buf = append(buf, byte(len(value)))
		buf = append(buf, value...)
	}
	return buf
}

// appendMetricLabel appends a label of which something is long or has to be escaped.
func appendMetricLabel(buf []byte, p *pairs, asIs bool, escaping Escaping) []byte {
	buf, pair := openMessage(buf, metricLabel)
	if asIs || isLegacyLabel(p.name) || p.name == "" {
		buf = appendString(buf, labelName, p.name)
	} else {
		var name int
		buf, name = openMessage(buf, labelName)
		buf = closeMessage(appendEscapedName(buf, p.name, escaping, false), name)
	}
	buf, value := openMessage(buf, labelValue)
	buf = closeMessage(p.appendValue(buf), value)
	return closeMessage(buf, pair)
}

// appendMetricValue appends all other fields of a Metric.
func appendMetricValue(buf []byte, t Type, s *Series) []byte {
	var value int
	switch t {
	case Gauge:
		buf, value = openMessage(buf, metricGauge)
		buf = closeMessage(appendDouble(buf, 1, s.Value), value)
	case Counter:
		buf, value = openMessage(buf, metricCounter)
		buf = appendDouble(buf, 1, s.Value)
		buf = appendExemplar(buf, 2, s.Exemplar)
		buf = closeMessage(appendTime(buf, 3, s.Created), value)
	case Summary:
		buf, value = openMessage(buf, metricSummary)
		buf = closeMessage(appendSummary(buf, s), value)
	case Untyped:
		buf, value = openMessage(buf, metricUntyped)
		buf = closeMessage(appendDouble(buf, 1, s.Value), value)
	}
	if s.HasTimestamp {
		buf = appendInt(buf, metricTimestamp, s.Timestamp)
	}
	if t == Histogram || t == GaugeHistogram {
		buf, value = openMessage(buf, metricHistogram)
		buf = closeMessage(appendHistogram(buf, s), value)
	}
	return buf
}

func appendSummary(buf []byte, s *Series) []byte {
	buf = appendUint(buf, 1, s.Dist.Count.Whole)
	buf = appendDouble(buf, 2, s.Dist.Sum)
	for _, q := range s.Dist.Quantiles {
		var quantile int
		buf, quantile = openMessage(buf, 3)
		buf = appendDouble(buf, 1, q.Rank)
		buf = closeMessage(appendDouble(buf, 2, q.Value), quantile)
	}
	return appendTime(buf, 4, s.Created)
}

// Of the message Histogram.
const (
	histogramCount         = 1
	histogramSum           = 2
	histogramBucket        = 3
	histogramCountFloat    = 4
	histogramSchema        = 5
	histogramZeroThreshold = 6
	histogramZeroCount     = 7
	histogramNegativeSpan  = 9
	histogramNegativeDelta = 10
	histogramPositiveSpan  = 12
	histogramPositiveDelta = 13
	histogramCreated       = 15
	histogramExemplar      = 16
)

func appendHistogram(buf []byte, s *Series) []byte {
	d := &s.Dist
	if d.Count.Float == 0 {
		buf = appendUint(buf, histogramCount, d.Count.Whole)
	}
	buf = appendDouble(buf, histogramSum, d.Sum)
	for i := range d.Buckets {
		var bucket int
		buf, bucket = openMessage(buf, histogramBucket)
		buf = closeMessage(appendBucket(buf, &d.Buckets[i]), bucket)
	}
	if d.Count.Float != 0 {
		buf = appendDouble(buf, histogramCountFloat, d.Count.Float)
	}
	if d.Native == nil {
		return appendTime(buf, histogramCreated, s.Created)
	}
	buf = appendNative(buf, d.Native)
	buf = appendTime(buf, histogramCreated, s.Created)
	for _, e := range d.Native.Exemplars {
		buf = appendExemplar(buf, histogramExemplar, e)
	}
	return buf
}

func appendBucket(buf []byte, b *Bucket) []byte {
	if b.Count.Float == 0 {
		buf = appendUint(buf, 1, b.Count.Whole)
	}
	buf = appendDouble(buf, 2, b.UpperBound)
	buf = appendExemplar(buf, 3, b.Exemplar)
	if b.Count.Float != 0 {
		buf = appendDouble(buf, 4, b.Count.Float)
	}
	return buf
}

func appendNative(buf []byte, n *Native) []byte {
	buf = appendSint(buf, histogramSchema, int64(n.Schema))
	buf = appendDouble(buf, histogramZeroThreshold, n.ZeroThreshold)
	buf = appendUint(buf, histogramZeroCount, n.ZeroCount)
	buf = appendNativeBuckets(buf, histogramNegativeSpan, histogramNegativeDelta, &n.Negative)
	return appendNativeBuckets(buf, histogramPositiveSpan, histogramPositiveDelta, &n.Positive)
}

func appendNativeBuckets(buf []byte, spans, deltas uint64, b *NativeBuckets) []byte {
	for _, s := range b.Spans {
		buf = appendSpan(buf, spans, s)
	}
	for _, d := range b.Deltas {
		buf = appendSint(buf, deltas, d)
	}
	return buf
}

func appendSpan(buf []byte, field uint64, s Span) []byte {
	buf, span := openMessage(buf, field)
	buf = appendSint(buf, 1, int64(s.Offset))
	return closeMessage(appendUint(buf, 2, uint64(s.Length)), span)
}

func appendExemplar(buf []byte, field uint64, e *Exemplar) []byte {
	if e == nil {
		return buf
	}
	buf, exemplar := openMessage(buf, field)
	for _, l := range e.Labels {
		var pair int
		buf, pair = openMessage(buf, 1)
		buf = appendString(buf, 1, l.Name)
		buf = closeMessage(appendString(buf, 2, l.Value), pair)
	}
	buf = appendDouble(buf, 2, e.Value)
	return closeMessage(appendTime(buf, 3, e.Time), exemplar)
}

// appendTime appends a google.protobuf.Timestamp, which, unlike the others,
// leaves out what is zero.
func appendTime(buf []byte, field uint64, t Time) []byte {
	if !t.Known {
		return buf
	}
	buf, at := openMessage(buf, field)
	if t.Seconds != 0 {
		buf = appendInt(buf, 1, t.Seconds)
	}
	if t.Nanos != 0 {
		buf = appendInt(buf, 2, int64(t.Nanos))
	}
	return closeMessage(buf, at)
}
