package web

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/util/strutil"
)

// moment is a time as people read it.
type moment struct {
	Never   bool
	Machine string // RFC 3339
	Text    string
	Ago     string
}

// at is t, seen from now.
func at(t, now time.Time) moment {
	if t.IsZero() {
		return moment{Never: true}
	}
	t = t.UTC()
	m := moment{Machine: t.Format(time.RFC3339Nano), Text: t.Format("2006-01-02 15:04:05Z")}
	switch d := now.Sub(t); {
	case d <= -time.Second:
		m.Ago = "in " + age(-d)
	case d < time.Second:
		m.Ago = "now"
	default:
		m.Ago = age(d) + " ago"
	}
	return m
}

// age is a duration to about two digits.
func age(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return unit(d, time.Second, "s")
	case d < 10*time.Minute && d%time.Minute >= time.Second:
		return unit(d, time.Minute, "m") + " " + unit(d%time.Minute, time.Second, "s")
	case d < time.Hour:
		return unit(d, time.Minute, "m")
	case d < day:
		return unit(d, time.Hour, "h") + " " + unit(d%time.Hour, time.Minute, "m")
	default:
		return unit(d, day, "d") + " " + unit(d%day, time.Hour, "h")
	}
}

func unit(d, size time.Duration, name string) string {
	return strconv.FormatInt(int64(d/size), 10) + name
}

// took is how long something took, to about three digits.
func took(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	default:
		return d.Round(time.Microsecond).String()
	}
}

// number is a sample's value, in full.
func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// pair is a label, or an annotation.
type pair struct {
	Name, Value string
	Link        bool // the value is an address that may be followed
}

// pairs are all of ls but those named.
func pairs(ls labels.Labels, without ...string) []pair {
	var out []pair
	ls.Range(func(l labels.Label) {
		if !slices.Contains(without, l.Name) {
			out = append(out, pair{Name: clip(l.Name), Value: clip(l.Value)})
		}
	})
	return out
}

// linked marks the values that are addresses, and whole.
func linked(ps []pair) []pair {
	for i := range ps {
		ps[i].Link = len(ps[i].Value) <= maxText && webAddress(ps[i].Value)
	}
	return ps
}

// webAddress reports whether s is as a whole an address that a browser may be
// sent to: http or https, and with a host.
func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// maxText is how many bytes of one text of others a page shows.
const maxText = 4096

// clip shortens a text that is too long for a page, and says so.
func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	end := maxText
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return fmt.Sprintf("%s… (%d bytes)", s[:end], len(s))
}

// labelsOf are the labels of the pipeline as those of the rules.
func labelsOf(ls model.LabelSet) labels.Labels {
	b := labels.NewScratchBuilder(len(ls))
	for _, name := range slices.Sorted(maps.Keys(ls)) {
		b.Add(string(name), string(ls[name]))
	}
	return b.Labels()
}

// graphLink leads to the present result of expr.
func (r *request) graphLink(expr string) string {
	return r.base + strings.TrimPrefix(strutil.TableLinkForExpression(expr), "/")
}

// tab is one choice of what a page shows.
type tab struct {
	Text    string
	Href    string
	Count   int
	Current bool
}

// rows bounds how many rows of one kind a page shows.
type rows struct {
	left    int
	LeftOut int
}

// take reports whether one more row may be shown, and counts it if not.
func (r *rows) take() bool {
	if r.left == 0 {
		r.LeftOut++
		return false
	}
	r.left--
	return true
}

// joinQuoted is how a sentence lists values.
func joinQuoted(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = strconv.Quote(v)
	}
	return strings.Join(quoted, ", ")
}
