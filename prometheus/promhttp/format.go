package promhttp

import (
	"fmt"
	"io"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/prometheus/internal/message"
)

// format is what a page is written in.
type format struct {
	expfmt.Format
	created bool // with the lines that OpenMetrics has for since when it counts
}

// writable is a page in its format. It returns the first error of the writer.
type writable func(io.Writer) error

// in returns what was gathered in a format, only the families of the given names
// if there are any, and an error for each family that the format cannot express
// and that is therefore left out.
//
// Most formats are written from a page, by encoders of ours. The forms of
// protobuf that people read, and what is still experimental, are left to expfmt,
// and with it messages of others that go out as what they are.
func (g gathered) in(f format, names []string) (writable, []error) {
	encoder := f.encoder()
	switch {
	case encoder != nil && g.page != nil:
		return encoded(g.page, encoder, names), nil
	case encoder != nil && f.FormatType() != expfmt.TypeProtoDelim:
		families, unfit := f.fitting(g.messages(names))
		return encoded(message.Page(families), encoder, nil), unfit
	default:
		families, unfit := f.fitting(g.messages(names))
		return func(w io.Writer) error { return f.writeMessages(w, families) }, unfit
	}
}

// encoder returns what makes encoders of the format, nil if we have none.
func (f format) encoder() func(io.Writer) exposition.Encoder {
	escaping, _ := exposition.ParseEscaping(f.ToEscapingScheme().String())
	switch f.FormatType() {
	case expfmt.TypeTextPlain:
		return func(w io.Writer) exposition.Encoder { return exposition.NewText(w, escaping) }
	case expfmt.TypeOpenMetrics:
		if f.Version() == expfmt.OpenMetricsVersion_2_0_0 {
			return nil
		}
		return func(w io.Writer) exposition.Encoder { return exposition.NewOpenMetrics(w, escaping, f.created) }
	case expfmt.TypeProtoDelim:
		return func(w io.Writer) exposition.Encoder { return exposition.NewProtobuf(w, escaping) }
	default:
		return nil
	}
}

// encoded returns a page as an encoder writes it.
func encoded(page *registry.Page, encoder func(io.Writer) exposition.Encoder, names []string) writable {
	return func(w io.Writer) error {
		e := encoder(w)
		page.Write(e, names...)
		return e.Close()
	}
}

// writeMessages writes families in a format that expfmt knows; it panics if that
// does not know it.
func (f format) writeMessages(w io.Writer, families []*dto.MetricFamily) error {
	encoder := expfmt.NewEncoder(w, f.Format)
	for _, mf := range families {
		if err := encoder.Encode(mf); err != nil {
			return err
		}
	}
	if closer, ok := encoder.(expfmt.Closer); ok {
		return closer.Close()
	}
	return nil
}

// messages returns what was gathered as messages, only the families of the given
// names if there are any.
func (g gathered) messages(names []string) []*dto.MetricFamily {
	if g.page != nil {
		var families message.Families
		g.page.Write(&families, names...)
		return families.All()
	}
	if len(names) == 0 {
		return g.families
	}
	wanted := make(map[string]bool, len(names)) // who asks may ask for thousands
	for _, name := range names {
		wanted[name] = true
	}
	var found []*dto.MetricFamily
	for _, mf := range g.families {
		if wanted[mf.GetName()] {
			found = append(found, mf)
		}
	}
	return found
}

// fitting returns the families that the format can express, and an error for
// each of the others.
func (f format) fitting(families []*dto.MetricFamily) (fit []*dto.MetricFamily, unfit []error) {
	check := f.check()
	for _, mf := range families {
		if err := check(mf); err != nil {
			unfit = append(unfit, err)
		} else {
			fit = append(fit, mf)
		}
	}
	return fit, unfit
}

// check returns what tells why the format cannot express a family, if it cannot.
func (f format) check() func(*dto.MetricFamily) error {
	switch typ := f.FormatType(); {
	case typ == expfmt.TypeTextPlain:
		return message.CheckText
	case typ == expfmt.TypeOpenMetrics && f.encoder() != nil:
		return message.Check
	case typ == expfmt.TypeOpenMetrics: // version 2, which has rules for everything
		trial := expfmt.NewEncoder(io.Discard, f.Format)
		return func(mf *dto.MetricFamily) error {
			if err := checkMetrics(mf); err != nil {
				return err
			}
			return trial.Encode(mf)
		}
	default:
		return checkMetrics
	}
}

// checkMetrics is for formats that can express everything that is there.
func checkMetrics(mf *dto.MetricFamily) error {
	if slices.Contains(mf.GetMetric(), nil) {
		return fmt.Errorf("MetricFamily has a metric that is nil: %s", mf)
	}
	return nil
}
