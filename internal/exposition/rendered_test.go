package exposition

import (
	"strings"
	"sync"
	"testing"
	"unsafe"
)

// rendered returns the page with all its series out of one block.
func (p page) rendered() page {
	var members []Member
	for _, f := range p {
		for _, s := range f.series {
			members = append(members, Member{Family: f.Name, Type: f.Type, Schema: s.Labels.schema, Series: s})
		}
	}
	block, at := NewBlock(nil, members), 0
	var out page
	for _, f := range p {
		series := make([]Series, len(f.series))
		for i := range series {
			block.At(at).Fill(&series[i])
			at++
		}
		f.series = series
		out = append(out, f)
	}
	return out
}

func TestRenderedSeriesHaveTheSameBytes(t *testing.T) {
	for i, p := range append(pages, colonPage, utf8ExemplarsPage, notUTF8Page, bigPage(3000)) {
		rendered := p.rendered()
		for _, enc := range encodings {
			for escaping := range schemes {
				want := p.in(t, enc, escaping)
				for range 2 { // made, then copied
					if got := rendered.in(t, enc, escaping); got != want {
						t.Errorf("page %d, %s, %s: got:\n%q\nwant:\n%q", i, enc.name, escaping, got, want)
					}
				}
			}
		}
	}
}

// Bytes are copied, so that what was changed by force after they were made is not
// seen.
func TestRenderedSeriesAreCopied(t *testing.T) {
	p := page{{Family{Name: "a_total", Type: Counter}, []Series{{Labels: labels("l", "v"), Value: 1}}}}
	rendered := p.rendered()
	for _, enc := range encodings {
		want := rendered.in(t, enc, Underscores)
		rendered[0].series[0].Value = 2
		if got := rendered.in(t, enc, Underscores); got != want {
			t.Errorf("%s: got %q, want the copy %q", enc.name, got, want)
		}
		rendered[0].series[0].Value = 1
	}
}

func TestRenderedBytesStayInTheirFamily(t *testing.T) {
	p := page{{Family{Name: "a", Type: Gauge}, []Series{{Labels: labels("l", "v"), Value: 1}}}}
	for name, change := range map[string]func(page){
		"another name":   func(p page) { p[0].Name = "b_a" },
		"another labels": func(p page) { p[0].series[0].Labels = labels("l", "v", "m", "w") },
	} {
		want := page{{p[0].Family, []Series{p[0].series[0]}}}
		change(want)
		got := page{{p[0].Family, p.rendered()[0].series}}
		change(got)
		for _, enc := range encodings {
			if got, want := got.in(t, enc, Underscores), want.in(t, enc, Underscores); got != want {
				t.Errorf("%s, %s: got %q, want %q", name, enc.name, got, want)
			}
		}
	}
}

// fields are all that a message has.
type fields string

func (f fields) AppendFields(dst []byte) []byte { return append(dst, f...) }

// A message may say more than the fields of a series.
func TestMessagesAreRenderedWhole(t *testing.T) {
	p := page{{Family{Name: "a", Type: Gauge}, []Series{{Labels: labels(), Value: 1, Origin: fields("more")}}}}
	for name, p := range map[string]page{"rendered": p.rendered(), "not rendered": p} {
		if got := p.in(t, asProtobuf, Underscores); !strings.HasSuffix(got, "more") {
			t.Errorf("%s: got %q, want the message in it", name, got)
		}
	}
}

func TestLabelsAreKeptInTheLines(t *testing.T) {
	l := labels("a", "plain", "b", "es\"caped", "größe", "")
	r := NewBlock(nil, []Member{{Family: "f", Type: Gauge, Schema: l.schema, Series: Series{Labels: l}}}).At(0)
	within := func(s string) bool {
		lines := r.text
		start := uintptr(unsafe.Pointer(unsafe.StringData(lines)))
		at := uintptr(unsafe.Pointer(unsafe.StringData(s)))
		return start <= at && at < start+uintptr(len(lines))
	}
	got := r.Labels()
	if got.Compare(l) != 0 || got.Text() != l.Text() {
		t.Errorf("got labels %q, want %q", got.Text(), l.Text())
	}
	if !within(got.Text()) || !within(got.Value(0)) {
		t.Error("the labels are somewhere else, want them to be in the lines")
	}
}

func TestPagesThatMakeTheSameFormAtOnce(t *testing.T) {
	p := bigPage(100)
	rendered := p.rendered()
	var wg sync.WaitGroup
	for _, enc := range encodings {
		want := p.in(t, enc, Underscores)
		for range 4 {
			wg.Go(func() {
				if got := rendered.in(t, enc, Underscores); got != want {
					t.Errorf("%s: got another page than without rendering", enc.name)
				}
			})
		}
	}
	wg.Wait()
}
