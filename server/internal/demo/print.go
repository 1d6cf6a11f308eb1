package demo

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Terminal sequences. They are used on a terminal only.
const (
	boldRed   = "\x1b[1;31m"
	boldGreen = "\x1b[1;32m"
	bold      = "\x1b[1m"
	faint     = "\x1b[2m"
	plain     = "\x1b[0m"
	clearLine = "\r\x1b[2K"
)

// Print writes a notification for a person: what, how bad, since when, where to
// look. Times are in the zone of now.
func Print(w io.Writer, n Notification, now time.Time, colour bool) {
	p := printer{w: w, now: now, colour: colour}
	for _, a := range n.Alerts {
		p.alert(a)
	}
	if n.TruncatedAlerts > 0 {
		p.line(fmt.Sprintf("and %d more, which the sender left out", n.TruncatedAlerts))
	}
}

type printer struct {
	w      io.Writer
	now    time.Time
	colour bool
}

const indent = "            "

func (p *printer) alert(a Alert) {
	name := p.in(bold, clean(cmp.Or(a.Labels["alertname"], "alert without a name")))
	if a.Status == resolved {
		fmt.Fprintf(p.w, "  %s  %s after %s\n", p.in(boldGreen, "RESOLVED"), name, span(a.StartsAt, a.EndsAt))
	} else {
		fmt.Fprintf(p.w, "  %s    %s", p.in(boldRed, "FIRING"), name)
		if severity := a.Labels["severity"]; severity != "" {
			fmt.Fprintf(p.w, "  %s", clean(severity))
		}
		fmt.Fprintln(p.w)
	}
	if a.Status == resolved {
		p.fact("was", a.Annotations["summary"])
		p.fact("from", p.clock(a.StartsAt)+" until "+p.clock(a.EndsAt))
		return
	}
	p.line(a.Annotations["summary"])
	p.line(a.Annotations["description"])
	p.fact("since", fmt.Sprintf("%s, %s ago", p.clock(a.StartsAt), span(a.StartsAt, p.now)))
	p.fact("labels", labelText(a.Labels))
	p.fact("look at", a.GeneratorURL)
}

// line writes text, which may have several lines.
func (p *printer) line(text string) {
	if text = strings.TrimSpace(text); text == "" {
		return
	}
	for l := range strings.Lines(text) {
		fmt.Fprintln(p.w, strings.TrimRight(indent+clean(strings.TrimSpace(l)), " "))
	}
}

func (p *printer) fact(name, value string) {
	if value != "" {
		fmt.Fprintf(p.w, "%s%s %s\n", indent, p.in(faint, fmt.Sprintf("%-8s", name)), clean(value))
	}
}

func (p *printer) in(colour, s string) string {
	if !p.colour {
		return s
	}
	return colour + s + plain
}

func (p *printer) clock(t time.Time) string { return t.In(p.now.Location()).Format(time.TimeOnly) }

// span is the time between two moments, to the second.
func span(from, to time.Time) string { return max(0, to.Sub(from)).Round(time.Second).String() }

// labelText are the labels but for those that are shown elsewhere.
func labelText(labels map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if name != "alertname" && name != "severity" {
			parts = append(parts, name+"="+labels[name])
		}
	}
	return strings.Join(parts, ", ")
}

// clean takes out what would move the cursor, change colours, or end the line:
// what a notification says must not be able to draw another one.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsPrint(r):
			return r
		case r == '\t':
			return ' '
		}
		return unicode.ReplacementChar
	}, s)
}
