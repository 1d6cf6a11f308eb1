package exposition

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"
)

// One message, taken apart by hand.
func TestProtobufBytes(t *testing.T) {
	p := page{{Family{Name: "a_s", Help: "", HasHelp: true, Unit: "s", Type: Counter}, []Series{{
		Labels: labels("b", "c"), Value: 1, Timestamp: -1, HasTimestamp: true, Created: Time{Seconds: 0, Nanos: 300, Known: true},
		Exemplar: &Exemplar{Labels: []Label{{"d", ""}}, Value: -2, Time: UnixNano(0)},
	}}}}
	want := strings.Join([]string{
		"45",         // 69 bytes
		"0a03615f73", // name
		"1200",       // help
		"1800",       // type: COUNTER
		"2237",       // metric: 55 bytes
		"0a060a0162120163",
		"1a22",               //  counter: 34 bytes
		"09000000000000f03f", //   value
		"1212",               //   exemplar: 18 bytes
		"0a050a01641200",     //    label
		"1100000000000000c0", //    value
		"1a00",               //    timestamp
		"1a0310ac02",         //   created_timestamp
		"30ffffffffffffffffff01",
		"2a0173", // unit
	}, "")
	if got := hex.EncodeToString([]byte(p.in(t, asProtobuf, Underscores))); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

// foreign is a message of a foreign collector.
type foreign struct{ *dto.Metric }

func (f foreign) AppendFields(dst []byte) []byte {
	m := proto.Clone(f.Metric).(*dto.Metric)
	m.Label = nil
	dst, err := proto.MarshalOptions{}.MarshalAppend(dst, m)
	if err != nil {
		panic(err)
	}
	return dst
}

// A foreign series has its own fields, which a Series may have no place for, and
// labels that are escaped like all others.
func TestForeignSeriesLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPage(t, names)
		want := make(map[Escaping]string)
		for escaping := range schemes {
			want[escaping] = p.reference(t, asProtobuf, escaping)
		}
		for _, f := range p {
			for i := range f.series {
				if rapid.Bool().Draw(t, "foreign") {
					s := f.series[i]
					f.series[i] = Series{Labels: s.Labels, Origin: foreign{message(f.Type, &s)}}
				}
			}
		}
		for escaping := range schemes {
			if got := p.in(t, asProtobuf, escaping); got != want[escaping] {
				t.Fatalf("%s: got:\n%q\nwant:\n%q", escaping, got, want[escaping])
			}
		}
	})
}

func TestColonsOfLabelsInProtobuf(t *testing.T) {
	tests := map[Escaping][]string{
		Underscores: {"a_b", "__c"},
		AllowUTF8:   {"a:b", "é:c"},
		Dots:        {"a__b", "____c"},
		Values:      {"U__a_3a_b", "U___e9__3a_c"},
	}
	for escaping, want := range tests {
		var mf dto.MetricFamily
		if err := protodelim.UnmarshalFrom(bytes.NewBufferString(colonPage.in(t, asProtobuf, escaping)), &mf); err != nil {
			t.Fatal(err)
		}
		if mf.GetName() != "a:b" {
			t.Errorf("%s: got name %q, want a:b", escaping, mf.GetName())
		}
		for i, l := range mf.Metric[0].Label {
			if l.GetName() != want[i] {
				t.Errorf("%s: got label %q, want %q", escaping, l.GetName(), want[i])
			}
		}
	}
}
